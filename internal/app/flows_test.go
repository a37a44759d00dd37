package app_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/testkit"
)

// mailbox keeps what is sent, by address: the last link and code.
type mailbox struct {
	mu    sync.Mutex
	links map[string]string
	codes map[string]string
}

func (m *mailbox) receive(to, _, text, _ string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "http") {
			m.links[to] = line
		}
		if _, digits, found := strings.Cut(line, "the code "); found {
			m.codes[to] = digits
		}
	}
}

func (m *mailbox) linkTo(address string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.links[address]
}

func (m *mailbox) codeTo(address string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.codes[address]
}

// TestFlowsInABrowser: each flow of a log-in that begins or ends with mail, on one origin.
func TestFlowsInABrowser(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	dir := apptest.Copy(t)
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	apptest.MigrateAndSeed(t, a)
	mail := &mailbox{links: map[string]string{}, codes: map[string]string{}}
	trust(t, dir, issuerWithMail(t, a, mail.receive))
	const host, farid, eve, eva = "shop.localhost", "farid@example.com", "eve@example.com", "eva@example.com"
	d.page(host)
	d.proxy(serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, "KROWOC_AUTH_SESSION_KEYS="+strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL="+d.origin(host)), host+"/auth/")

	arrived := chromedp.WaitVisible(`//h1[.="` + host + `"]`)
	ask := func() {
		d.do("ask for mail", chromedp.Navigate(d.origin(host)+"/auth/login?next=/page"), chromedp.WaitVisible(chromedp.CSS("input[name=email]")),
			chromedp.Focus(chromedp.CSS("input[name=email]")), chromedp.KeyEvent(farid+"\r"), chromedp.WaitVisible(chromedp.CSS("input[name=code]")))
	}
	isLoggedIn := func(what, email string) {
		t.Helper()
		if got := d.send("/auth/session", ""); !strings.Contains(got, `"`+email+`"`) {
			t.Errorf("%s: %s", what, got)
		}
	}
	post := func(path, body, want string) {
		t.Helper()
		if got := d.send(path, fmt.Sprintf("method: 'POST', headers: {'Content-Type': 'application/json'}, body: %q", body)); !strings.HasPrefix(got, want) {
			t.Errorf("%s %s: %s", path, body, got)
		}
	}

	ask()
	d.do("follow the link", chromedp.Navigate(mail.linkTo(farid)), arrived)
	isLoggedIn("by a link", farid)
	post("/auth/logout", "{}", "204")

	ask()
	d.do("enter the code", chromedp.Focus(chromedp.CSS("input[name=code]")), chromedp.KeyEvent(mail.codeTo(farid)+"\r"), arrived)
	isLoggedIn("by a code", farid)
	post("/auth/logout", "{}", "204")

	post("/auth/login", `{"email": "`+eve+`", "password": "first password", "mode": "signup"}`, "200")
	isLoggedIn("by a sign-up", eve)
	post("/auth/logout", "{}", "204")

	post("/auth/login", `{"email": "`+eve+`", "mode": "recover", "next": "/page"}`, "202")
	d.do("recover", chromedp.Navigate(mail.linkTo(eve)), arrived)
	isLoggedIn("by a recovery", eve)
	post("/auth/password", `{"password": "second password"}`, "204")

	post("/auth/email", `{"email": "`+eva+`", "next": "/page"}`, "202")
	for _, address := range []string{eve, eva} {
		d.do("confirm "+address, chromedp.Navigate(mail.linkTo(address)), arrived)
	}
	isLoggedIn("after a change of the address", eva)
	post("/auth/logout", "{}", "204")
	post("/auth/login", `{"email": "`+eva+`", "password": "second password"}`, "200")
}
