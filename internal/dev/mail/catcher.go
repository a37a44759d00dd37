// Package mail catches the mail of a development session: an SMTP server that delivers nothing, and an inbox.
package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
)

// Limits: the number of messages kept, and the size in bytes of one and of all.
const (
	keep       = 500
	maxMessage = 25 << 20
	maxAll     = 256 << 20
	maxTo      = 1000 // recipients
)

// Options configure the mail catcher.
type Options struct {
	Address string // host:port of SMTP; a free port if that one is taken
	Logger  *slog.Logger
	Now     func() time.Time
}

// Catcher keeps mail in memory.
type Catcher struct {
	options  Options
	listener net.Listener
	smtp     *smtp.Server
	changed  console.Broadcast

	mu       sync.Mutex
	messages []*Message // oldest first
	size     int
}

// New listens, but does not accept mail yet.
func New(ctx context.Context, o Options) (*Catcher, error) {
	l, taken, err := listen.Near(ctx, o.Address)
	if err != nil {
		return nil, err
	}
	if taken != nil {
		o.Logger.Warn(taken.Error() + ": using another port")
	}
	c := &Catcher{options: o, listener: l}
	c.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{catcher: c}, nil }))
	c.smtp.Domain, c.smtp.AllowInsecureAuth = "localhost", true
	c.smtp.MaxMessageBytes, c.smtp.MaxRecipients = maxMessage, maxTo
	c.smtp.ReadTimeout, c.smtp.WriteTimeout = time.Minute, time.Minute
	c.smtp.EnableSMTPUTF8 = true
	c.smtp.ErrorLog = slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)
	return c, nil
}

// Start accepts mail in the background.
func (c *Catcher) Start() {
	go func() {
		if err := c.smtp.Serve(c.listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			c.options.Logger.Error(fault.Wrap("accept mail", err).Error())
		}
	}()
}

// Address returns the address of the SMTP server.
func (c *Catcher) Address() string { return c.listener.Addr().String() }

// Stop stops the server.
func (c *Catcher) Stop(context.Context) error {
	err := c.smtp.Close()
	c.listener.Close() // if it never served
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fault.Wrap("stop the mail catcher", err)
}

// Send adds a message to the inbox without SMTP.
func (c *Catcher) Send(to, subject, text, html string) {
	boundary := rand.Text()
	raw := fmt.Sprintf("From: Krowoc <no-reply@localhost>\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/alternative; boundary=%s\r\n\r\n--%[4]s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"+
		"--%[4]s\r\nContent-Type: text/html; charset=utf-8\r\n\r\n%[6]s\r\n--%[4]s--\r\n",
		header(to), header(subject), c.options.Now().Format(time.RFC1123Z), boundary, text, html)
	c.keep("no-reply@localhost", []string{to}, []byte(raw))
}

// header encodes a text for a single header line.
func header(text string) string { return strings.Map(dropLineEnds, text) }

func dropLineEnds(r rune) rune {
	if r == '\r' || r == '\n' {
		return -1
	}
	return r
}

// keep adds a message and drops the oldest ones beyond the limits.
func (c *Catcher) keep(from string, to []string, raw []byte) {
	m := read(raw)
	m.ID, m.At, m.Sender, m.Recipients = strings.ToLower(rand.Text()), c.options.Now(), from, to
	c.mu.Lock()
	c.messages = append(c.messages, m)
	c.size += len(raw)
	for len(c.messages) > 1 && (len(c.messages) > keep || c.size > maxAll) {
		c.size -= len(c.messages[0].raw)
		c.messages = slices.Delete(c.messages, 0, 1)
	}
	c.mu.Unlock()
	c.options.Logger.Info("to " + strings.Join(to, ", ") + ": " + m.Subject)
	c.changed.Send("change", "")
}

// find returns the messages that match, newest first.
func (c *Catcher) find(matches func(*Message) bool, limit int) []*Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := []*Message{}
	for _, m := range slices.Backward(c.messages) {
		if len(found) < limit && matches(m) {
			found = append(found, m)
		}
	}
	return found
}

// remove deletes the messages that match.
func (c *Catcher) remove(matches func(*Message) bool) {
	c.mu.Lock()
	c.messages = slices.DeleteFunc(c.messages, func(m *Message) bool {
		if matches(m) {
			c.size -= len(m.raw)
			return true
		}
		return false
	})
	c.mu.Unlock()
	c.changed.Send("change", "")
}

// session is one SMTP connection.
type session struct {
	catcher *Catcher
	from    string
	to      []string
}

// AuthMechanisms offers authentication, which accepts everyone.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth accepts any name and password.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == sasl.Login {
		return &anyLogin{}, nil
	}
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}

// anyLogin is the mechanism LOGIN, which asks for a name and then for a password.
type anyLogin struct{ step int }

// Next implements sasl.Server.
func (a *anyLogin) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil || (a.step == 0 && len(response) == 0) {
		return []byte("Username:"), false, nil
	}
	a.step++
	if a.step == 1 {
		return []byte("Password:"), false, nil
	}
	return nil, true, nil
}

// Mail records the sender.
func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

// Rcpt records a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = append(s.to, to); return nil }

// Data receives a message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.catcher.keep(s.from, s.to, raw)
	return nil
}

// Reset discards the current message.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }
