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
	text    string   // everything that was sent
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
			body = inflated(body)
			e.sent, e.text = append(e.sent, readEvents(body)...), e.text+string(body)
		case bytes.Contains(body, []byte("mutation")):
			e.headers = append(e.headers, r.Header.Clone())
		}
	}
	return e
}

func inflated(body []byte) []byte {
	if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		body, _ = io.ReadAll(z)
	}
	return body
}

func readEvents(body []byte) (list []string) {
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

const agree, ends = `//aside/button[.="Yes"]`, `//aside/button[.="Stop"]`

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

	before := f.events.lastHeaders().Get("X-Correlation-ID")
	f.act("agree", chromedp.Click(agree), chromedp.WaitVisible(ends))
	user, err := chromedp.Run(f.browser, chromedp.Evaluate[string](`fetch("/auth/session").then(r => r.json()).then(s => s.user.id)`, chromedp.EvalAwaitPromise))
	if err != nil {
		f.t.Fatal(err)
	}
	f.act("write after consent", chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Tea\r"), chromedp.WaitVisible(row("Tea")+`[@aria-busy="false"]`))
	if got := f.events.lastHeaders(); got.Get("X-PostHog-Distinct-Id") != user || got.Get("X-PostHog-Session-Id") == "" {
		f.t.Errorf("after consent, a write of %s has the headers %v", user, got)
	}
	if after := f.events.lastHeaders().Get("X-Correlation-ID"); after == before {
		f.t.Errorf("after consent, the correlation ID is %s as before it", after)
	}
	f.fails()
	f.act("reload", chromedp.Reload(), chromedp.WaitVisible(ends)) // which sends what waits
	for _, want := range []string{"$pageview " + user, "$identify " + user, "$exception " + user} {
		if !f.events.await(f.t.Context(), want) {
			f.t.Errorf("the page does not send %s: %v", want, f.events.sent)
		}
	}
	f.events.mu.Lock()
	if strings.Contains(f.events.text, "secret-") || strings.Contains(f.events.text, before) || !strings.Contains(f.events.text, "broken.js") {
		f.t.Errorf("events have messages of errors, queries of URLs, or the correlation ID from before consent %s: %s", before, f.events.text)
	}
	f.events.mu.Unlock()
	f.stopsElsewhere()
	f.act("write after the end", chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Rice\r"), chromedp.WaitVisible(row("Rice")+`[@aria-busy="false"]`))
	if got := f.events.lastHeaders(); got.Get("X-PostHog-Distinct-Id") != "" {
		f.t.Errorf("after the end of consent, a write has the headers %v", got)
	}
}

// fails throws an error that nobody catches. Its message has a value, and the URL of its script a query.
func (f *frontEnd) fails() {
	f.t.Helper()
	f.value(`(() => {
		const script = document.createElement("script");
		script.text = 'setTimeout(() => { throw new Error("secret-value") })\n//# sourceURL=' + location.origin + '/broken.js?code=secret-code';
		document.body.append(script);
		return "";
	})()`)
}

// stopsElsewhere: whoever stops it in one tab stops it in all.
func (f *frontEnd) stopsElsewhere() {
	f.t.Helper()
	first := f.browser
	tab, leave := chromedp.NewContext(first)
	defer leave()
	f.browser = tab
	f.start()
	f.act("stop in another tab", chromedp.Navigate(f.page), chromedp.Click(ends), chromedp.WaitNotPresent(chromedp.CSS("aside")))
	f.browser = first
	f.act("is stopped here, too", chromedp.WaitNotPresent(chromedp.CSS("aside")))
}

// asksEach: the answer of one person is not that of the next one who logs in.
func (f *frontEnd) asksEach() {
	f.t.Helper()
	f.act("Bruno agrees", chromedp.Click(agree), chromedp.WaitVisible(ends), chromedp.Click(`//button[.="Log out"]`), chromedp.WaitVisible(loggedOut))
	f.act("Ada logs in", chromedp.Focus(email), chromedp.KeyEvent("ada@example.com\tpassword\r"), chromedp.WaitVisible(`//header[span="ada@example.com"]`))
	f.act("is asked", chromedp.WaitVisible(agree), chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Oats\r"), chromedp.WaitVisible(row("Oats")+`[@aria-busy="false"]`))
	if got := f.events.lastHeaders(); got.Get("X-PostHog-Distinct-Id") != "" {
		f.t.Errorf("a person who has not agreed is recorded: %v", got)
	}
}
