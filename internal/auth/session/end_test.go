package session_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestRevokedAtTheIssuer: a session whose session at the issuer was revoked ends, so that it does not count again once the revocation is forgotten.
func TestRevokedAtTheIssuer(t *testing.T) {
	w := newWorld(t)
	revoked := ""
	isRevoked := func(id string) bool { return revoked != "" && id == revoked }
	theirs := ""
	p := w.process(func(o *session.Options) {
		tokens, err := token.New(token.Options{Issuers: []token.Issuer{{Kind: token.Supabase, URL: w.issuer.URL}}, Now: w.now,
			Revoked: func(c token.Claims) bool { theirs = c.Session; return isRevoked(c.Session) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tokens.Close)
		o.Tokens, o.Revoked = tokens, isRevoked
	})
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	b.uid(p)
	revoked = theirs
	if who := b.uid(p); who != "Unauthorized" || !strings.Contains(w.logged(), "its session at the issuer was revoked") {
		t.Errorf("after the session of the issuer was revoked: %q", who)
	}
	if n := testkit.Value(t, w.pool, "SELECT count(*) FROM krowoc.sessions"); n != "0" {
		t.Error("the row is there still")
	}
}

// held is a client of an issuer that does not answer refreshes until it is told to.
type held struct {
	asked  chan struct{} // gets a value when a refresh waits
	answer chan struct{} // closed
}

func (h held) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Get("grant_type") == "refresh_token" {
		h.asked <- struct{}{}
		select {
		case <-h.answer:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestEndWhileAnotherWaits: whoever ends a session does not wait for the refresh of another one.
func TestEndWhileAnotherWaits(t *testing.T) {
	w := newWorld(t)
	h := held{make(chan struct{}, 1), make(chan struct{})}
	p := w.process(func(o *session.Options) {
		o.Issuer = func() gotrue.Client {
			return gotrue.Client{URL: w.issuer.URL + "/auth/v1", HTTP: &http.Client{Transport: h}}
		}
	})
	ann, bob := newBrowser(t), newBrowser(t)
	ann.logIn(p, "ann@example.com")
	w.pass(2 * time.Hour)
	bob.logIn(p, "bob@example.com")
	var waits sync.WaitGroup
	var who atomic.Value
	waits.Go(func() { who.Store(ann.uid(p)) })
	<-h.asked
	if a := bob.do(http.MethodPost, p.URL+"/auth/logout", "{}"); a.status != http.StatusNoContent {
		t.Errorf("log out: %d %s", a.status, a.text)
	}
	if got := who.Load(); got != nil {
		t.Errorf("the log-out has waited until the other browser was answered as %v", got)
	}
	close(h.answer)
	waits.Wait()
	if got := who.Load(); got != "ann" {
		t.Errorf("the other browser is %v", got)
	}
}
