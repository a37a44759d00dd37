package session_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/auth/session"
)

// TestForgedRequests: a page of another site changes nothing, with whichever browser.
func TestForgedRequests(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(o *session.Options) {
		o.Origins, o.PublicURL = []string{"https://app.example.com"}, "http://api.example.com"
	})
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"own page":                     {[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		"typed":                        {[]string{"Sec-Fetch-Site", "none"}, 200},
		"another site":                 {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		"a sub-domain":                 {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.com"}, 403},
		"a listed sub-domain":          {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://app.example.com"}, 200},
		"Origin alone, own":            {[]string{"Sec-Fetch-Site", "", "Origin", p.URL}, 200},
		"Origin alone, another":        {[]string{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, 403},
		"Origin alone, behind a proxy": {[]string{"Sec-Fetch-Site", "", "Origin", "http://api.example.com"}, 200},
		"Origin null":                  {[]string{"Sec-Fetch-Site", "", "Origin", "null"}, 403},
		"nothing":                      {[]string{"Sec-Fetch-Site", ""}, 403},
		"nothing, false token":         {[]string{"Sec-Fetch-Site", "", "X-CSRF-Token", strings.Repeat("A", 43) + "." + strings.Repeat("A", 43)}, 403},
		"nothing, foreign token":       {[]string{"Sec-Fetch-Site", "", "X-CSRF-Token", "{foreign}"}, 403},
		"nothing, own token":           {[]string{"Sec-Fetch-Site", "", "X-CSRF-Token", "{own}"}, 200},
		"a bearer token besides":       {[]string{"Sec-Fetch-Site", "cross-site", "Authorization", "Basic YTpi"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			b, other := newBrowser(t), newBrowser(t)
			b.logIn(p, "ann@example.com")
			other.logIn(p, "bob@example.com")
			for i, value := range c.header {
				c.header[i] = strings.NewReplacer("{own}", b.session(p).CSRFToken, "{foreign}", other.session(p).CSRFToken).Replace(value)
			}
			a := b.do(http.MethodPost, p.URL+"/api", `{}`, c.header...)
			if a.status != c.status {
				t.Errorf("%d %s, want %d", a.status, a.text, c.status)
			}
			out := b.do(http.MethodPost, p.URL+"/auth/logout?scope=global", ``, c.header...)
			if refused := out.status == http.StatusForbidden; refused != (c.status == 403) {
				t.Errorf("log out: %d %s", out.status, out.text)
			}
		})
	}
	// Log-in CSRF: nobody is logged in as somebody else by another page.
	b := newBrowser(t)
	form := url.Values{"email": {"bob@example.com"}, "password": {"password"}}
	for name, header := range map[string][]string{"another site": {"Sec-Fetch-Site", "cross-site"}, "an old browser": {"Sec-Fetch-Site", ""}} {
		if a := b.do(http.MethodPost, p.URL+"/auth/login", form.Encode(), header...); a.status != http.StatusForbidden || b.uid(p) != "" {
			t.Errorf("log-in CSRF from %s: %d", name, a.status)
		}
	}
	page := b.get(p.URL + "/auth/login?email=bob@example.com")
	_, rest, _ := strings.Cut(page.text, `name="csrf" value="`)
	csrf, _, _ := strings.Cut(rest, `"`)
	form.Set("csrf", csrf)
	if a := b.do(http.MethodPost, p.URL+"/auth/login", form.Encode(), "Sec-Fetch-Site", ""); a.status != http.StatusSeeOther || b.uid(p) != "bob" {
		t.Errorf("the form of the page in an old browser: %d %s", a.status, a.text)
	}
	// No GET changes anything.
	for _, path := range []string{"/auth/logout", "/auth/logout?scope=global", "/auth/refresh", "/auth/login?email=ann@example.com", "/auth/password"} {
		if b.get(p.URL + path); b.uid(p) != "bob" || w.mail != "" {
			t.Errorf("GET %s changed something", path)
		}
	}
}

// TestOpenRedirects: a log-in ends on this server or on a listed page.
func TestOpenRedirects(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(o *session.Options) { o.Origins = []string{"https://app.example.com"} })
	for next, want := range map[string]string{
		"": "/", "/": "/", "/a/b?c=d#e": "/a/b?c=d#e", "https://app.example.com/x": "https://app.example.com/x",
		"//evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "https://evil.example": "/", "http://app.example.com/": "/",
		"https:evil.example": "/", "https:/evil.example": "/", "javascript:alert(1)": "/", "data:text/html,x": "/", "evil": "/", "/\t/evil.example": "/",
		"/\n/evil.example": "/", " //evil.example": "/", "https://app.example.com@evil.example/": "/", "https://app.example.com.evil.example/": "/",
		"https://evil.example\\@app.example.com/": "/", "///evil.example": "/", "/%2f%2fevil.example": "/%2f%2fevil.example", "/" + strings.Repeat("a", 3000): "/",
	} {
		a := newBrowser(t).do(http.MethodPost, p.URL+"/auth/login", url.Values{"email": {"ann@example.com"}, "password": {"password"}, "next": {next}}.Encode())
		if got := a.header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
		b := newBrowser(t)
		if got := b.get(b.provider(p, "ann", next).text).header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q after a provider, want %q", next, got, want)
		}
	}
}
