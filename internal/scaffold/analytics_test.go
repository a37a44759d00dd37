package scaffold_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// events are what pages send to the API: events, and the headers of writes.
type events struct {
	mu      sync.Mutex
	sent    []string // event and distinct ID
	headers []http.Header
}

// asPerson are options of a browser that does not look like a program, from which posthog-js sends nothing.
var asPerson = []chromedp.ExecAllocatorOption{
	chromedp.Flag("enable-automation", false), chromedp.Flag("disable-blink-features", "AutomationControlled"),
	chromedp.UserAgent("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"),
}

// watchEvents keeps what passes on its way to the API.
func watchEvents(api *held) *events {
	e := &events{}
	api.seen = func(r *http.Request, body []byte) {
		e.mu.Lock()
		defer e.mu.Unlock()
		switch {
		case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/relay/"):
			e.sent = append(e.sent, readEvents(body)...)
		case bytes.Contains(body, []byte("mutation")):
			e.headers = append(e.headers, r.Header.Clone())
		}
	}
	return e
}

func readEvents(body []byte) (list []string) {
	if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		body, _ = io.ReadAll(z)
	}
	var sent struct {
		Batch []struct {
			Event      string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil || len(sent.Batch) == 0 {
		return []string{"unknown: " + string(body)}
	}
	for _, e := range sent.Batch {
		id, _ := e.Properties["distinct_id"].(string)
		list = append(list, e.Event+" "+id)
	}
	return list
}

// has reports whether something was sent that begins with a text.
func (e *events) has(start string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.sent, func(sent string) bool { return strings.HasPrefix(sent, start) })
}

// await waits until something was sent that begins with a text.
func (e *events) await(ctx context.Context, start string) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !e.has(start) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

func (e *events) lastHeaders() http.Header {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.headers[len(e.headers)-1]
}

const ends = `//aside/button[.="Stop"]`

// agrees: before somebody agrees, nothing tells who they are. Then the page and its requests are about the same person, until they stop it.
func (f *frontEnd) agrees() {
	f.t.Helper()
	f.events.mu.Lock()
	for _, h := range f.events.headers {
		if h.Get("X-PostHog-Distinct-Id") != "" || h.Get("X-Correlation-ID") == "" || len(h.Get("Traceparent")) != 55 {
			f.t.Errorf("before consent, a write has the headers %v", h)
		}
	}
	if len(f.events.sent) > 0 {
		f.t.Errorf("before consent, the page sends %v", f.events.sent)
	}
	f.events.mu.Unlock()

	f.act("agree", chromedp.Click(`//aside/button[.="Yes"]`), chromedp.WaitVisible(ends))
	user, err := chromedp.Run(f.browser, chromedp.Evaluate[string](`fetch("/auth/session").then(r => r.json()).then(s => s.user.id)`, chromedp.EvalAwaitPromise))
	if err != nil {
		f.t.Fatal(err)
	}
	f.act("write after consent", chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Tea\r"), chromedp.WaitVisible(row("Tea")+`[@aria-busy="false"]`))
	if got := f.events.lastHeaders(); got.Get("X-PostHog-Distinct-Id") != user || got.Get("X-PostHog-Session-Id") == "" {
		f.t.Errorf("after consent, a write of %s has the headers %v", user, got)
	}
	f.act("reload", chromedp.Reload(), chromedp.WaitVisible(ends)) // which sends what waits
	for _, want := range []string{"$pageview " + user, "$identify " + user} {
		if !f.events.await(f.t.Context(), want) {
			f.t.Errorf("the page does not send %s: %v", want, f.events.sent)
		}
	}
	f.act("stop", chromedp.Click(ends), chromedp.WaitNotPresent(chromedp.CSS("aside")))
	f.act("write after the end", chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Rice\r"), chromedp.WaitVisible(row("Rice")+`[@aria-busy="false"]`))
	if got := f.events.lastHeaders(); got.Get("X-PostHog-Distinct-Id") != "" {
		f.t.Errorf("after the end of consent, a write has the headers %v", got)
	}
}
