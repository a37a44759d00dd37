package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/krowoc/krowoc/internal/testkit"
)

// deployed is `krowoc serve` behind TLS, with pages on hosts beside it, in a browser.
type deployed struct {
	t       *testing.T
	browser context.Context //nolint:containedctx // chromedp has the browser in its context
	mux     *http.ServeMux
	port    string

	mu      sync.Mutex
	answers []string // of the API: origin of the page, method, path and status
}

func newDeployed(t *testing.T) *deployed {
	t.Helper()
	d := &deployed{t: t, browser: testkit.Browser(t, chromedp.IgnoreCertErrors), mux: http.NewServeMux()}
	server := httptest.NewUnstartedServer(d.mux)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the certificate is not for these hosts
	server.StartTLS()
	t.Cleanup(server.Close)
	d.port = server.Listener.Addr().String()[len("127.0.0.1"):]
	if err := chromedp.Do(d.browser); err != nil { // starts it
		t.Fatal(err)
	}
	return d
}

// origin returns the origin of a host below shop.localhost, which is one site.
func (d *deployed) origin(host string) string { return "https://" + host + d.port }

// page serves a page at /page of a host.
func (d *deployed) page(host string) {
	d.mux.HandleFunc(host+"/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>page</title><h1>"+host+"</h1>")
	})
}

// proxy serves paths of a host by an API.
func (d *deployed) proxy(api string, patterns ...string) {
	d.t.Helper()
	to, err := url.Parse(api)
	if err != nil {
		d.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(r *http.Response) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.answers = append(d.answers, fmt.Sprintf("%s %s %s %d", r.Request.Header.Get("Origin"), r.Request.Method, r.Request.URL.Path, r.StatusCode))
		return nil
	}
	for _, p := range patterns {
		d.mux.Handle(p, proxy)
	}
}

// answered is what the API has answered, line by line.
func (d *deployed) answered() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.answers, "\n")
}

// do does something in the browser.
func (d *deployed) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.browser, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		shown, _ := chromedp.Run(d.browser, chromedp.OuterHTML(chromedp.CSS("html")))
		d.t.Fatalf("%s: %v\n%s", what, err, shown)
	}
}

// open opens the page of a host.
func (d *deployed) open(host string) {
	d.t.Helper()
	d.do("open "+host, chromedp.Navigate(d.origin(host)+"/page"), chromedp.WaitVisible(`//h1[.="`+host+`"]`))
}

// script returns what an expression, or its promise, becomes on the page.
func (d *deployed) script(expression string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.browser, time.Minute)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		d.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// send sends a request from the page, with the cookies of the browser. It returns status and text, or "refused" if the page may not read it.
func (d *deployed) send(to, options string) string {
	d.t.Helper()
	return d.script(fmt.Sprintf(`fetch(%q, {credentials: "include", %s}).then(async (r) => r.status + " " + await r.text()).catch(() => "refused")`, to, options))
}

// logIn logs in on the page of the server, which has to lead to the page of a host.
func (d *deployed) logIn(server, next, host string) {
	d.t.Helper()
	d.do("log in", chromedp.Navigate(d.origin(server)+"/auth/login?next="+url.QueryEscape(next)), chromedp.WaitVisible(chromedp.CSS("input[name=email]")),
		chromedp.Focus(chromedp.CSS("input[name=email]")), chromedp.KeyEvent("farid@example.com\tpassword\r"), chromedp.WaitVisible(`//h1[.="`+host+`"]`))
}

// write is a request that adds a prompt; of the type text/plain, browsers send it without asking the server first.
func write(title, contentType string) string {
	query := `mutation { createPrompt(data: {title: \"` + title + `\", body: \"b\", category: WRITING}) { owner { email } } }`
	return `method: "POST", headers: {"Content-Type": "` + contentType + `"}, body: '{"query": "` + strings.ReplaceAll(query, `\`, `\\`) + `"}'`
}

// TestOneOrigin: pages and API share an origin behind a proxy with TLS, as with Vite's proxy or an ingress.
func TestOneOrigin(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	dir, a, _ := withIssuer(t)
	const host = "shop.localhost"
	d.page(host)
	d.proxy(serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, "KROWOC_AUTH_SESSION_KEYS="+strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL="+d.origin(host)),
		host+"/auth/", host+"/graphql")
	d.logIn(host, "/page", host)
	if want := d.origin(host) + " POST /auth/login 303"; !strings.Contains(d.answered(), want) { // older browsers are known by their Origin alone
		t.Errorf("the API has not answered %q:\n%s", want, d.answered())
	}
	if got := d.send("/graphql", write("by password", "application/json")); !strings.Contains(got, "farid@example.com") {
		t.Errorf("a write after the log-in: %s", got)
	}
	if cookies := d.script("document.cookie"); !strings.HasPrefix(cookies, "__Host-krowoc_csrf=") || strings.Contains(cookies, ";") {
		t.Errorf("scripts see the cookies %s", cookies)
	}
	if got := d.send("/auth/logout", `method: "POST"`); got != "204 " {
		t.Errorf("log out: %s", got)
	}
	if got := d.send("/auth/session", ""); !strings.Contains(got, `"user":null`) {
		t.Errorf("after the log-out: %s", got)
	}
	d.do("log in with a provider", chromedp.Navigate(d.origin(host)+"/auth/login?next=/page"), chromedp.Click(`//a[.="Continue with krowoc"]`),
		chromedp.WaitVisible(`//button[contains(., "Farid")]`), chromedp.Click(`//button[contains(., "Farid")]`), chromedp.WaitVisible(`//h1[.="`+host+`"]`))
	if got := d.send("/auth/session", ""); !strings.Contains(got, "farid@example.com") {
		t.Errorf("after the log-in with a provider: %s", got)
	}
}

// TestSiblingOrigins: an app on a sub-domain that server.cors.origins lists uses the session; another sub-domain of the same site can neither
// read nor write with it, although the browser sends the cookie.
func TestSiblingOrigins(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	dir, a, _ := withIssuer(t)
	const api, app, evil = "api.shop.localhost", "app.shop.localhost", "evil.shop.localhost"
	d.page(app)
	d.page(evil)
	d.proxy(serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, "KROWOC_AUTH_SESSION_KEYS="+strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL="+d.origin(api),
		"KROWOC_SERVER_CORS_ORIGINS="+d.origin(app), "KROWOC_SERVER_CORS_CREDENTIALS=true"), api+"/")
	d.logIn(api, d.origin(app)+"/page", app)
	if got := d.send(d.origin(api)+"/graphql", write("by the app", "application/json")); !strings.Contains(got, "farid@example.com") {
		t.Errorf("a write of the app: %s", got)
	}
	if got := d.send(d.origin(api)+"/auth/session", ""); !strings.Contains(got, "farid@example.com") || d.script("document.cookie") != "" {
		t.Errorf("the session as the app sees it: %s", got)
	}
	d.attack(api, evil)
	d.open(app)
	if got := d.send(d.origin(api)+"/auth/session", ""); !strings.Contains(got, "farid@example.com") {
		t.Errorf("the session after the attack: %s", got)
	}
	pool, err := a.Connect(t.Context(), a.Config.Database.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if n := testkit.Value(t, pool, "SELECT string_agg(title, ',') FROM prompts WHERE title LIKE 'by %'"); n != "by the app" {
		t.Errorf("the prompts written are %s", n)
	}
	if got := d.send(d.origin(api)+"/auth/logout", `method: "POST"`); got != "204 " {
		t.Errorf("the app logs out: %s", got)
	}
}

// attack lets a page of another host try to read and to write.
func (d *deployed) attack(api, evil string) {
	d.t.Helper()
	d.open(evil)
	toss := func(name string) string { // a cookie for the whole site, which the API would get as well
		return d.script(fmt.Sprintf(`document.cookie = "%s=" + "A".repeat(43) + "; Domain=shop.localhost; Path=/; Secure"; document.cookie`, name))
	}
	if got := toss("__Host-krowoc_session"); strings.Contains(got, "__Host-") {
		d.t.Errorf("the browser takes %s", got)
	}
	if got := toss("krowoc_session"); !strings.Contains(got, "krowoc_session=A") {
		d.t.Errorf("the browser does not take the cookie with which to try: %s", got)
	}
	for to, options := range map[string]string{
		"/auth/session": "", "/graphql": write("by json", "application/json"), "/auth/sessions": "", "/auth/logout": `method: "POST"`,
	} {
		if got := d.send(d.origin(api)+to, options); got != "refused" {
			d.t.Errorf("%s from %s: %s", to, evil, got)
		}
	}
	d.send(d.origin(api)+"/graphql", `mode: "no-cors", `+write("by text", "text/plain"))
	for _, form := range []struct{ path, fields string }{
		{"/auth/logout", ""}, {"/auth/login", `<input name="email" value="ada@example.com"><input name="password" value="password">`},
	} {
		d.open(evil)
		d.script(fmt.Sprintf("document.body.innerHTML = `<form method=post action=%q>%s</form>`; document.forms[0].submit(); ''", d.origin(api)+form.path, form.fields))
		d.do("the answer to a form", chromedp.WaitNotPresent(chromedp.CSS("form")))
	}
	all := d.answered()
	for want, times := range map[string]int{"POST /graphql 403": 1, "POST /auth/logout 403": 2, "POST /auth/login 403": 1} {
		if strings.Count(all, d.origin(evil)+" "+want) != times {
			d.t.Errorf("the API has not answered %q %d times:\n%s", want, times, all)
		}
	}
}
