package scaffold_test

import (
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/krowoc/krowoc/internal/testkit"
)

// What asks for a recent log-in leads to the log-in page of the front end and back, and nobody has to type again what was refused.
func TestLogInAgain(t *testing.T) {
	t.Parallel()
	f := &frontEnd{t: t, browser: testkit.Browser(t), api: &held{}}
	dir := newFrontEnd(t)
	asksForLogIn(t, filepath.Join(dir, "schema.graphql"))
	api := devSession(t, dir, "KROWOC_AUTH_SESSION_PAGE=/login")
	f.api.proxy = httputil.NewSingleHostReverseProxy(api)
	f.page = vite(t, filepath.Join(dir, "web"), free(t), "KROWOC_URL="+api.String())
	f.start()
	f.act("open", chromedp.Navigate(f.page+"?tab=2"), chromedp.WaitVisible(loggedOut), chromedp.Focus(email), chromedp.KeyEvent("ada@example.com\tpassword\r"))
	f.act("is logged in", chromedp.WaitVisible(`//header[span="ada@example.com"]`), chromedp.WaitVisible(chromedp.CSS("li")))
	const title, again = "input[name=title]", `//p[@role="alert"]/a[.="Log in again"]`
	refused := func() bool { // whether the log-in is too old by now
		f.act("answer", chromedp.WaitVisible(`//*[(self::p and @role="alert") or (self::li and @aria-busy="false" and input[@value="Milk"])]`))
		return f.value(`String(document.querySelector("[role=alert] a") !== null)`) == "true"
	}
	typed := func() string { return f.value(`document.querySelector("input[name=title]").value`) }
	f.act("search", chromedp.Focus(chromedp.CSS("input[type=search]")), chromedp.KeyEvent("Milk"), chromedp.WaitNotPresent(chromedp.CSS("li")))
	was := false
	for end := time.Now().Add(time.Minute); time.Now().Before(end); { // the log-in is recent at first, and on a slow machine too old again afterwards
		if typed() == "" {
			f.act("type", chromedp.Focus(chromedp.CSS(title)), chromedp.KeyEvent("Milk"))
		}
		f.act("add", chromedp.Focus(chromedp.CSS(title)), chromedp.KeyEvent("\r"))
		isRefused := refused()
		if !isRefused && was {
			return
		}
		if !isRefused {
			f.act("wait", chromedp.Click(row("Milk")+`/button[last()]`), chromedp.WaitNotPresent(row("Milk")))
			continue
		}
		was = true
		if got := typed(); got != "Milk" {
			t.Fatalf("the field has %q after the refusal", got)
		}
		f.act("log in again", chromedp.Click(again), chromedp.WaitVisible(loggedOut), chromedp.Focus(email),
			chromedp.KeyEvent("ada@example.com\tpassword\r"), chromedp.WaitVisible(`//header[span="ada@example.com"]`))
		if at := f.value("location.href"); at != f.page+"?tab=2" {
			t.Errorf("the log-in ends at %s", at)
		}
		if got := typed() + "," + f.value(`document.querySelector("input[type=search]").value`); got != "Milk,Milk" {
			t.Errorf("after the log-in the fields have %s", got)
		}
	}
	t.Errorf("in a minute, no write was refused and then accepted (refused: %t)", was)
}

// asksForLogIn has a schema ask for a recent log-in before notes are created.
func asksForLogIn(t *testing.T, schema string) {
	t.Helper()
	text, err := os.ReadFile(schema)
	if err != nil {
		t.Fatal(err)
	}
	const rule = "{ allow: AUTHENTICATED }])"
	if !strings.Contains(string(text), rule) {
		t.Fatal("the template has other rules")
	}
	changed := strings.Replace(string(text), rule, `{ allow: AUTHENTICATED }], fresh: "5s", freshFor: [CREATE])`, 1)
	if err := os.WriteFile(schema, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

// value returns what an expression is on the page.
func (f *frontEnd) value(expression string) string {
	f.t.Helper()
	got, err := chromedp.Run(f.browser, chromedp.Evaluate[string](expression))
	if err != nil {
		f.t.Fatalf("%s: %v", expression, err)
	}
	return got
}
