package scaffold_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/krowoc/krowoc/internal/cli"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/testkit"
)

// frontEnd is the front end of a new project in a browser.
type frontEnd struct {
	t       *testing.T
	browser context.Context //nolint:containedctx // chromedp has the browser in its context
	api     *held
	events  *events
	page    string // where it is
}

// openFrontEnd creates a project, runs `krowoc dev` and Vite in it, and opens a browser.
func openFrontEnd(t *testing.T) *frontEnd {
	t.Helper()
	f := &frontEnd{t: t, browser: testkit.Browser(t, asPerson...), api: &held{}}
	dir := newFrontEnd(t)
	gate := httptest.NewServer(f.api)
	t.Cleanup(gate.Close)
	f.events = watchEvents(f.api)
	proxy := httputil.NewSingleHostReverseProxy(devSession(t, dir))
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { // React's development mode gives up its first request
		w.WriteHeader(http.StatusBadGateway)
	}
	f.api.proxy = proxy
	f.page = vite(t, filepath.Join(dir, "web"), free(t), "KROWOC_URL="+gate.URL)
	f.start()
	return f
}

// start starts the browser.
func (f *frontEnd) start() {
	f.t.Helper()
	if err := chromedp.Do(f.browser); err != nil {
		f.t.Fatal(err)
	}
}

// newFrontEnd creates a project with a front end and returns its folder.
func newFrontEnd(t *testing.T) (dir string) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		testkit.Skip(t, "npm is not installed: the front end is not opened")
	}
	dir = testkit.Folder(t)
	inFolder(t, dir, "new", "made", "--yes", "--frontend", "react", "--ci", "none")
	dir = filepath.Join(dir, "made")
	run(t, filepath.Join(dir, "web"), "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline")
	return dir
}

// act does something on the page, and waits for what it demands.
func (f *frontEnd) act(what string, actions ...chromedp.Action[chromedp.Void]) {
	f.t.Helper()
	step, cancel := context.WithTimeout(f.browser, time.Minute)
	defer cancel()
	if err := chromedp.Do(step, actions...); err != nil {
		shown, _ := chromedp.Run(f.browser, chromedp.OuterHTML(chromedp.CSS("main")))
		f.t.Fatalf("%s: %v\n%s", what, err, shown)
	}
}

// row is the row with a title.
func row(title string) string { return `//li[input[@value="` + title + `"]]` }

// The front end of a new project, in a browser.
func TestFrontEnd(t *testing.T) {
	t.Parallel()
	f := openFrontEnd(t)
	f.logsIn()
	f.writes()
	f.hasNoToken()
	f.agrees()
	f.endsElsewhere()
	f.asksEach()
	f.logsOut()
}

// The pages are on an origin beside that of the API, without a proxy between them.
func TestSiblingOrigin(t *testing.T) {
	t.Parallel()
	f := &frontEnd{t: t, browser: testkit.Browser(t)}
	dir, address := newFrontEnd(t), free(t)
	f.page = "http://" + address + "/"
	api := devSession(t, dir, "KROWOC_SERVER_CORS_ORIGINS=http://"+address, "KROWOC_SERVER_CORS_CREDENTIALS=true", "KROWOC_AUTH_SESSION_PAGE="+f.page+"login")
	vite(t, filepath.Join(dir, "web"), address, "VITE_API_URL="+api.String())
	f.start()
	f.act("open", chromedp.Navigate(f.page), chromedp.WaitVisible(loggedOut))
	f.act("choose a person", chromedp.Click(`//a[.="Continue with krowoc"]`), chromedp.WaitVisible(`//button[contains(., "Bruno")]`), chromedp.Click(`//button[contains(., "Ada")]`))
	f.act("is logged in", chromedp.WaitVisible(`//header[span="ada@example.com"]`), chromedp.WaitVisible(chromedp.CSS("li")))
	f.act("write", chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Milk\r"), chromedp.WaitVisible(row("Milk")+`[@aria-busy="false"]`))
	f.act("log out", chromedp.Click(`//button[.="Log out"]`), chromedp.WaitVisible(loggedOut))
	f.act("a failed log-in leads here", chromedp.Navigate(api.String()+"/auth/callback?state=x"), chromedp.WaitVisible(`//p[@role="alert"][contains(., "not begun in this browser")]`))
	f.act("choose a person there", chromedp.Click(`//a[.="Continue with krowoc"]`), chromedp.WaitVisible(`//button[contains(., "Bruno")]`), chromedp.Click(`//button[contains(., "Bruno")]`))
	f.act("returns to the pages", chromedp.WaitVisible(`//header[span="bruno@example.com"]`), chromedp.Click(`//button[.="Log out"]`), chromedp.WaitVisible(loggedOut))
	f.act("the API asks for a log-in", chromedp.Navigate(api.String()+"/auth/login?next="+url.QueryEscape(f.page+"?page=2")), chromedp.WaitVisible(loggedOut),
		chromedp.Focus(email), chromedp.KeyEvent("bruno@example.com\tpassword\r"), chromedp.WaitVisible(`//header[span="bruno@example.com"]`))
	if at, err := chromedp.Run(f.browser, chromedp.Evaluate[string]("location.href")); err != nil || at != f.page+"?page=2" {
		t.Errorf("the log-in ends at %s (%v)", at, err)
	}
}

// writes: what is written shows at once, stays when the API has it, and goes when the API refuses it.
func (f *frontEnd) writes() {
	f.t.Helper()
	release := f.api.hold()
	f.act("add", chromedp.Focus(chromedp.CSS("input[name=title]")), chromedp.KeyEvent("Milk\r"), chromedp.WaitVisible(row("Milk")+`[@aria-busy="true"]`))
	release(http.StatusOK)
	f.act("is added", chromedp.WaitVisible(row("Milk")+`[@aria-busy="false"]`), chromedp.Reload(), chromedp.WaitVisible(row("Milk")))

	release = f.api.hold()
	f.act("change", chromedp.Click(row("Milk")+`/button[text()="OPEN"]`), chromedp.WaitVisible(row("Milk")+`/button[text()="DONE"]`))
	release(http.StatusOK)
	f.act("edit", chromedp.Focus(row("Milk")+`/input`), chromedp.KeyEvent(kb.End+" and honey\t"), chromedp.WaitVisible(row("Milk and honey")))
	f.act("is edited", chromedp.Reload(), chromedp.WaitVisible(row("Milk and honey")+`/button[text()="DONE"]`))

	release = f.api.hold()
	f.act("delete", chromedp.Click(row("Milk and honey")+`/button[last()]`), chromedp.WaitNotPresent(row("Milk and honey")))
	release(http.StatusInternalServerError)
	f.act("comes back", chromedp.WaitVisible(row("Milk and honey")), chromedp.WaitVisible(chromedp.CSS("[role=alert]")))
	f.act("is deleted", chromedp.Click(row("Milk and honey")+`/button[last()]`), chromedp.WaitNotPresent(row("Milk and honey")), chromedp.WaitNotPresent(chromedp.CSS("[role=alert]")),
		chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("li")), chromedp.WaitNotPresent(row("Milk and honey")))
}

// held passes requests on, and keeps the next write waiting when it is told to.
type held struct {
	proxy http.Handler
	next  atomic.Pointer[chan int]
	seen  func(r *http.Request, body []byte) // may be nil
}

// hold keeps the next mutation until the function that it returns is called with the status of the answer: 200 passes it on.
func (h *held) hold() func(status int) {
	c := make(chan int, 1)
	h.next.Store(&c)
	return func(status int) { c <- status }
}

func (h *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if h.seen != nil {
		h.seen(r, body)
	}
	if bytes.Contains(body, []byte("mutation")) {
		if c := h.next.Swap(nil); c != nil {
			if status := <-*c; status != http.StatusOK {
				http.Error(w, "held", status)
				return
			}
		}
	}
	h.proxy.ServeHTTP(w, r)
}

// devSession runs `krowoc dev` until the test ends, and returns where its API is.
func devSession(t *testing.T, dir string, environ ...string) *url.URL {
	t.Helper()
	address := free(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	var out bytes.Buffer
	go func() {
		defer close(done)
		cli.Main(ctx, cli.Process{
			Args: []string{"dev"}, Streams: term.Streams{Out: &out, Err: &out}, Dir: dir,
			Environ: factory.Environ(append(append(os.Environ(), environ...), "KROWOC_SERVER_ADDRESS="+address, "KROWOC_DEV_WEB=false", "KROWOC_DEV_ADDRESS=127.0.0.1:0", "KROWOC_DEV_MAIL_ADDRESS=127.0.0.1:0")),
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	answers(t, "http://"+address+"/readyz")
	return &url.URL{Scheme: "http", Host: address}
}

// vite serves a front end until the test ends, and returns its address.
func vite(t *testing.T, dir, address string, environ ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "node_modules/vite/bin/vite.js", "--host", host, "--port", port, "--strictPort")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environ...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	at := "http://" + net.JoinHostPort(host, port) + "/"
	answers(t, at)
	return at
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answers waits until something answers with success; the test's deadline bounds it.
func answers(t *testing.T, at string) {
	t.Helper()
	for t.Context().Err() == nil {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("%s does not answer", at)
}
