package scaffold_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

// loggedOut is on the log-in page alone.
const loggedOut = `//main[h1="Log in"]`

const email = chromedp.CSS("input[name=email]")

// logsIn: a stranger sees nothing but the log-in page. A wrong password is refused; one of the seeded people is chosen, and a reload keeps
// the session.
func (f *frontEnd) logsIn() {
	f.t.Helper()
	f.act("open", chromedp.Navigate(f.page), chromedp.WaitVisible(loggedOut), chromedp.WaitNotPresent(chromedp.CSS("li")))
	f.act("a wrong password", chromedp.Focus(email), chromedp.KeyEvent("ada@example.com\twrong\r"), chromedp.WaitVisible(`//p[@role="alert"][.="Invalid login credentials"]`))
	f.act("choose a person", chromedp.Click(`//a[.="Continue with krowoc"]`), chromedp.WaitVisible(`//button[contains(., "Bruno")]`), chromedp.Click(`//button[contains(., "Ada")]`))
	f.act("is logged in", chromedp.WaitVisible(`//header[span="ada@example.com"]`), chromedp.WaitVisible(chromedp.CSS("li")))
	f.act("reload", chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("li")), chromedp.WaitNotPresent(loggedOut))
}

// hasNoToken: no script can read the ticket of the session or a token.
func (f *frontEnd) hasNoToken() {
	f.t.Helper()
	seen, err := chromedp.Run(f.browser, chromedp.Evaluate[string](`document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`))
	if err != nil || !regexp.MustCompile(`^krowoc_csrf=[\w-]+\.[\w-]+\{\}\{\}$`).MatchString(seen) {
		f.t.Errorf("scripts can read %s (%v)", seen, err)
	}
}

// endsElsewhere: another browser ends the session, and the next request leads to the log-in page.
func (f *frontEnd) endsElsewhere() {
	f.t.Helper()
	endOthers(f.t, f.page)
	f.act("an ended session", chromedp.Focus(chromedp.CSS("input[type=search]")), chromedp.KeyEvent("x"), chromedp.WaitVisible(loggedOut))
	f.act("log in again", chromedp.Focus(email), chromedp.KeyEvent("bruno@example.com\tpassword\r"), chromedp.WaitVisible(`//header[span="bruno@example.com"]`))
}

// endOthers ends the sessions of Ada from a browser of her own.
func endOthers(t *testing.T, page string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	other := &http.Client{Jar: jar}
	send := func(method, route, body string, into any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, page+"auth/"+route, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		response, err := other.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s %s: %s", method, route, response.Status)
		}
		if into != nil {
			if err := json.NewDecoder(response.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
		}
	}
	var list struct {
		Sessions []struct {
			ID      string
			Current bool
		}
	}
	send(http.MethodPost, "login", `{"email": "ada@example.com", "password": "password"}`, nil)
	send(http.MethodGet, "sessions", "", &list)
	if len(list.Sessions) != 2 {
		t.Fatalf("Ada has the sessions %v, want two", list.Sessions)
	}
	for _, s := range list.Sessions {
		if !s.Current {
			send(http.MethodDelete, "sessions/"+s.ID, "", nil)
		}
	}
}

// logsOut: the log-out ends the session in every tab.
func (f *frontEnd) logsOut() {
	f.t.Helper()
	f.act("log out", chromedp.Click(`//button[.="Log out"]`), chromedp.WaitVisible(loggedOut))
	f.act("stays out", chromedp.Reload(), chromedp.WaitVisible(loggedOut), chromedp.WaitNotPresent(chromedp.CSS("li")))
}
