package console_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/testkit"
)

func start(t *testing.T) *console.Console {
	t.Helper()
	c, err := console.New(t.Context(), console.Options{
		Address: "127.0.0.1:0", Project: "shop", Logger: slog.New(slog.DiscardHandler),
		Links: func() []console.Link { return []console.Link{{Name: "<b>", URL: "javascript:alert(1)"}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestPageFollowsTheSession has a page of another origin, as that of a front end is.
func TestPageFollowsTheSession(t *testing.T) {
	ctx, cancel := context.WithTimeout(testkit.Browser(t), 60*time.Second)
	defer cancel()
	c := start(t)
	var loads atomic.Int64
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><script src="%s/client.js"></script><p id="n%d">loaded</p>`, c.URL(), loads.Add(1))
	}))
	defer page.Close()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	do() // starts it
	do(chromedp.Navigate(page.URL), chromedp.WaitVisible(chromedp.CSS("p")))
	before := loads.Load()
	c.Mistake("schema.graphql:5:11: unknown type <i>Sting</i>")
	do(chromedp.WaitReady(chromedp.CSS("#krowoc-mistake")))
	do(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("#krowoc-mistake"))) // who comes later is told as well
	c.Mistake("")
	do(chromedp.WaitNotPresent(chromedp.CSS("#krowoc-mistake")))
	c.Reload()
	for deadline := time.Now().Add(20 * time.Second); loads.Load() < before+2; <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the page was not loaded again")
		}
	}
}

func TestIndexAndEvents(t *testing.T) {
	c := start(t)
	c.Mistake("a <script> is wrong")
	res, err := http.Get(c.URL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var page strings.Builder
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		page.WriteString(s.Text())
	}
	for _, bad := range []string{"<b>", "<script> is", `href="javascript:`} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("%s is not escaped", bad)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL()+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	events, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	if events.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("a page of another origin cannot follow")
	}
	lines := bufio.NewScanner(events.Body)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("no %q: %v", want, lines.Err())
	}
	next(`data: "a \u003cscript\u003e is wrong"`)
	c.Reload()
	next("event: reload")
}

func TestThisMachineAlone(t *testing.T) {
	c := start(t)
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1:1": 200, "[::1]:80": 200, "shop.localhost": 200, "evil.example": 403, "127.0.0.1.evil.example": 403, "192.168.0.1": 403} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, res.StatusCode, want)
		}
	}
}
