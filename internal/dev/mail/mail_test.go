package mail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/dev/mail"
	"github.com/krowoc/krowoc/internal/testkit"
)

// start returns a catcher and where its inbox is.
func start(t *testing.T) (*mail.Catcher, string) {
	t.Helper()
	c, err := mail.New(t.Context(), mail.Options{Address: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	mux := http.NewServeMux()
	c.Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c, server.URL
}

func send(t *testing.T, c *mail.Catcher, to, raw string) {
	t.Helper()
	auth := smtp.PlainAuth("", "anybody", "anything", "127.0.0.1")
	if err := smtp.SendMail(c.Address(), auth, "shop@example.com", []string{to}, []byte(strings.ReplaceAll(raw, "\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

// list asks the API.
func list(t *testing.T, url string) []mail.Message {
	t.Helper()
	_, text, _ := get(t, url)
	var answer struct{ Messages []mail.Message }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err, text)
	}
	return answer.Messages
}

const multipart = `From: Shop <shop@example.com>
To: Zoe <zoe@example.com>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <script>alert(1)</script>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe, see https://example.com/text.
--inner
Content-Type: text/html; charset=utf-8

<p>Hello</p><script>document.title = "stolen"</script><a id="link" href="https://example.com/html?a=1&amp;b=2">go</a><img src="cid:logo@shop">
--inner--
--outer
Content-Type: image/png
Content-Disposition: inline; filename=logo.png
Content-ID: <logo@shop>
Content-Transfer-Encoding: base64

aGk=
--outer
Content-Type: text/html
Content-Disposition: attachment; filename="page.html"

<script>alert(2)</script>
--outer--
`

func TestMessage(t *testing.T) {
	c, url := start(t)
	send(t, c, "zoe@example.com", multipart)
	send(t, c, "bcc@example.com", "Subject: other\n\nplain\n")
	if all := list(t, url+"/mail/api/messages"); len(all) != 2 || all[0].Subject != "other" || all[0].Recipients[0] != "bcc@example.com" {
		t.Fatalf("%+v", all)
	}
	found := list(t, url+"/mail/api/messages?to=ZOE@example.com&q=gr%C3%BC%C3%9Fe")
	if len(found) != 1 {
		t.Fatalf("%+v", found)
	}
	m := found[0]
	if m.Subject != "Grüße <script>alert(1)</script>" || !strings.Contains(m.Text, "Grüße") || fmt.Sprint(m.Links) != "[https://example.com/html?a=1&b=2 https://example.com/text]" || len(m.Attachments) != 2 {
		t.Errorf("%+v", m)
	}
	_, page, header := get(t, url+"/mail/"+m.ID)
	if strings.Contains(page, "<script>alert") || !strings.Contains(header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Error("the subject is not escaped")
	}
	_, html, header := get(t, url+"/mail/"+m.ID+"/html")
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script") || !strings.Contains(html, "/attachments/") {
		t.Error(policy, html)
	}
	for n, want := range []string{"attachment", "inline"} {
		_, _, header := get(t, fmt.Sprintf("%s/mail/%s/attachments/%d", url, m.ID, n))
		if !strings.HasPrefix(header.Get("Content-Disposition"), want) || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Error(n, header)
		}
	}
	if _, source, _ := get(t, url+"/mail/"+m.ID+"/source"); !strings.Contains(source, "boundary=outer") {
		t.Error(source)
	}
	for _, path := range []string{"/mail/nobody", "/mail/" + m.ID + "/attachments/9", "/mail/" + m.ID + "/attachments/-1"} {
		if status, _, _ := get(t, url+path); status != http.StatusNotFound {
			t.Error(path, status)
		}
	}
}

func TestWaitAndDelete(t *testing.T) {
	c, url := start(t)
	if status, _, _ := get(t, url+"/mail/api/messages/wait?timeout=10ms"); status != http.StatusGatewayTimeout && status != http.StatusRequestTimeout {
		t.Error(status)
	}
	go c.Send("zoe@example.com", "Log in", "text", "<b>html</b>")
	_, text, _ := get(t, url+"/mail/api/messages/wait?to=zoe@example.com&subject=log")
	var m mail.Message
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.HTML != "<b>html</b>" || m.Text != "text" {
		t.Fatal(err, text)
	}
	if status, _, _ := get(t, url+"/mail/api/messages/wait?timeout=10ms&after="+m.ID); status < 400 {
		t.Error("an old message is a new one")
	}
	for _, origin := range []string{"http://evil.example", ""} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, url+"/mail/api/messages", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if left := len(list(t, url+"/mail/api/messages")); left != len(origin)/len("http://evil.example") {
			t.Errorf("from %q: %d, %d left", origin, res.StatusCode, left)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	c, url := start(t)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 80 {
				send(t, c, "zoe@example.com", fmt.Sprintf("Subject: %d.%d\n\nx\n", n, i))
			}
		})
	}
	wg.Wait()
	if got := len(list(t, url+"/mail/api/messages")); got != 500 {
		t.Errorf("%d are kept", got)
	}
}

func TestTooLarge(t *testing.T) {
	c, url := start(t)
	err := smtp.SendMail(c.Address(), nil, "a@b.c", []string{"d@e.f"}, []byte("Subject: x\r\n\r\n"+strings.Repeat(strings.Repeat("x", 70)+"\r\n", 400_000)))
	if err == nil || !strings.Contains(err.Error(), "552") {
		t.Error(err)
	}
	if len(list(t, url+"/mail/api/messages")) != 0 {
		t.Error("it is kept")
	}
}

// TestInbox has the inbox open when a message comes.
func TestInbox(t *testing.T) {
	ctx, cancel := context.WithTimeout(testkit.Browser(t), 60*time.Second)
	defer cancel()
	c, _ := start(t)
	page, err := console.New(t.Context(), console.Options{Address: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.Register(page.Mux)
	page.Start(t.Context())
	defer func() {
		if err := page.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(page.URL()+"/mail/"), chromedp.WaitVisible(chromedp.CSS("p.dim"))); err != nil {
		t.Fatal(err)
	}
	send(t, c, "zoe@example.com", multipart)
	subject := `//a[contains(., "Grüße")]`
	err = chromedp.Do(ctx, chromedp.WaitVisible(subject), chromedp.Click(subject), chromedp.WaitVisible(chromedp.CSS("iframe")))
	if err != nil {
		t.Fatal(err)
	}
	link, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("a.link")))
	if err != nil || link != "https://example.com/html?a=1&b=2" {
		t.Error(link, err)
	}
	if title, err := chromedp.Run(ctx, chromedp.Title()); err != nil || strings.Contains(title, "stolen") {
		t.Error(title, err)
	}
}

func FuzzMessage(f *testing.F) {
	c, err := mail.New(context.Background(), mail.Options{Address: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Stop(context.Background()) })
	f.Add(multipart)
	f.Add("Content-Type: multipart/mixed; boundary=a\n\n--a\n--a")
	f.Fuzz(func(_ *testing.T, raw string) { mail.Read(raw) })
}
