package session_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/testkit"
)

func asError(err error, into **gotrue.Error) bool { return errors.As(err, into) }

const password, otherPassword = "first password 1", "second password 2"

func issuerSuite(t *testing.T, newSite func(*testing.T) *site) {
	for name, check := range map[string]func(*testing.T, *site){
		"password": passwordSuite, "refresh": refreshSuite, "mail": mailSuite, "recover": recoverSuite, "email change": emailSuite, "email change by code": emailCodeSuite,
		"another browser": otherBrowserSuite, "mistakes": mistakeSuite, "log out": logOutSuite,
	} {
		t.Run(name, func(t *testing.T) { check(t, newSite(t)) })
	}
}

func passwordSuite(t *testing.T, s *site) {
	p, b, email := s.process(), newBrowser(t), newAddress("ann")
	s.signUp(b, p, email, password)
	who := b.session(p)
	if who.User.Email != email || b.uid(p) != who.User.ID {
		t.Fatalf("the session is %+v", who.User)
	}
	with := func(password string) int {
		return newBrowser(t).do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+strings.ToUpper(email)+`", "password": "`+password+`"}`).status
	}
	if got := with(otherPassword); got != http.StatusBadRequest {
		t.Errorf("a wrong password: %d", got)
	}
	if a := b.do(http.MethodPost, p.URL+"/auth/password", `{"password": "`+otherPassword+`"}`); a.status != http.StatusNoContent {
		t.Errorf("change the password: %d %s", a.status, a.text)
	}
	if old, now := with(password), with(otherPassword); old != http.StatusBadRequest || now != http.StatusOK {
		t.Errorf("after the change, the old password is answered with %d, the new one with %d", old, now)
	}
	if b.uid(p) != who.User.ID {
		t.Error("the change of the password ended the session")
	}
}

func refreshSuite(t *testing.T, s *site) {
	p, b, email := s.process(), newBrowser(t), newAddress("ann")
	s.signUp(b, p, email, password)
	who := b.uid(p)
	sealed := func() string { return testkit.Value(t, s.pool, "SELECT encode(refresh, 'hex') FROM krowoc.sessions") }
	before := sealed()
	testkit.Exec(t, s.pool, "UPDATE krowoc.sessions SET access_until = now() - interval '1 minute'")
	next := s.process() // remembers nothing
	b.share(p, next)
	if got := b.uid(next); got != who || sealed() == before {
		t.Errorf("after a refresh: %q, want %q", got, who)
	}
	first, err := s.client.Password(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.client.Refresh(t.Context(), first.RefreshToken)
	if err != nil || second.RefreshToken == first.RefreshToken {
		t.Fatalf("refresh: %v", err)
	}
	if third, err := s.client.Refresh(t.Context(), first.RefreshToken); err != nil || third.RefreshToken != second.RefreshToken {
		t.Errorf("a second tab: %v", err)
	}
	_, err = s.client.Refresh(t.Context(), "nonsense1234")
	refused(t, "an unknown refresh token", err, http.StatusBadRequest, "refresh_token_not_found")
}

func mailSuite(t *testing.T, s *site) {
	p, email := s.process(), newAddress("ann")
	first := newBrowser(t)
	send := func(b *browser) {
		t.Helper()
		if a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "next": "/mail"}`); a.status != http.StatusAccepted {
			t.Fatalf("send mail: %d %s", a.status, a.text)
		}
	}
	s.signUp(first, p, email, password)
	b := newBrowser(t)
	send(b)
	link, _ := s.mailTo(email)
	back := b.get(link).header.Get("Location")
	if a := newBrowser(t).get(back); a.status != http.StatusBadRequest {
		t.Errorf("the link in another browser: %d", a.status)
	}
	if a := b.get(back); a.header.Get("Location") != "/mail" || b.uid(p) != first.uid(p) {
		t.Errorf("the link of a mail: %d %s, %q", a.status, a.text, b.uid(p))
	}
	if a := b.get(b.get(link).header.Get("Location")); a.status < http.StatusBadRequest {
		t.Errorf("a link that was used: %d %s", a.status, a.text)
	}
	other := newBrowser(t)
	send(other)
	_, code := s.mailTo(email)
	if code == "" {
		t.Skip("the mail of this issuer has no code: log-in by code is not tested")
	}
	if a := other.do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "code": "`+code+`"}`); a.status != http.StatusOK || other.uid(p) != first.uid(p) {
		t.Errorf("the code of a mail: %d %s", a.status, a.text)
	}
}

func recoverSuite(t *testing.T, s *site) {
	p, first, email := s.process(), newBrowser(t), newAddress("ann")
	s.signUp(first, p, email, password)
	b := newBrowser(t)
	if a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "mode": "recover", "next": "/new"}`); a.status != http.StatusAccepted {
		t.Fatalf("recover: %d %s", a.status, a.text)
	}
	link, _ := s.mailTo(email)
	if a := b.get(b.get(link).header.Get("Location")); a.header.Get("Location") != "/new" || b.uid(p) != first.uid(p) {
		t.Fatalf("the link: %d %s", a.status, a.text)
	}
	if a := b.do(http.MethodPost, p.URL+"/auth/password", `{"password": "`+otherPassword+`"}`); a.status != http.StatusNoContent {
		t.Errorf("a new password: %d %s", a.status, a.text)
	}
	if a := newBrowser(t).do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+newAddress("nobody")+`", "mode": "recover"}`); a.status != http.StatusAccepted {
		t.Errorf("recover an unknown address: %d %s", a.status, a.text)
	}
}

// change asks for another address and returns it.
func (s *site) change(b *browser, p *process) (to string) {
	s.t.Helper()
	to = newAddress("lee")
	if a := b.do(http.MethodPost, p.URL+"/auth/email", `{"email": "`+to+`", "next": "/account"}`); a.status != http.StatusAccepted {
		s.t.Fatalf("change the address: %d %s", a.status, a.text)
	}
	return to
}

func emailSuite(t *testing.T, s *site) {
	p, b, from := s.process(), newBrowser(t), newAddress("ann")
	s.signUp(b, p, from, password)
	who := b.uid(p)
	to := s.change(b, p)
	ofOld, _ := s.mailTo(from)
	ofNew, _ := s.mailTo(to)
	if a := b.get(b.get(ofNew).header.Get("Location")); a.header.Get("Location") != "/account" || b.session(p).User.Email != from {
		t.Errorf("the first link: %d %s %v", a.status, a.text, a.header)
	}
	if a := b.get(b.get(ofOld).header.Get("Location")); a.header.Get("Location") != "/account" || b.uid(p) != who {
		t.Errorf("the second link: %d %s, %q", a.status, a.text, b.uid(p))
	}
	if user := b.session(p).User; user == nil || user.Email != to {
		t.Errorf("the session goes on as %+v", user)
	}
	if got := s.people.email(who); got != to {
		t.Errorf("the row of the person has %s", got)
	}
	if n := testkit.Value(t, s.pool, "SELECT count(*) FROM krowoc.sessions"); n != "1" {
		t.Errorf("the browser has %s sessions", n)
	}
	for email, want := range map[string]int{from: http.StatusBadRequest, to: http.StatusOK} {
		if a := newBrowser(t).do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "password": "`+password+`"}`); a.status != want {
			t.Errorf("log in as %s: %d %s", email, a.status, a.text)
		}
	}
}

func emailCodeSuite(t *testing.T, s *site) {
	p, b, from := s.process(), newBrowser(t), newAddress("ann")
	s.signUp(b, p, from, password)
	to := s.change(b, p)
	_, ofOld := s.mailTo(from)
	_, ofNew := s.mailTo(to)
	if ofOld == "" || ofNew == "" {
		t.Skip("the mail of this issuer has no code: a change by code is not tested")
	}
	confirm := func(email, code string) answer {
		return b.do(http.MethodPost, p.URL+"/auth/email", `{"email": "`+email+`", "code": "`+code+`"}`)
	}
	if a := confirm(to, "000000"); a.status != http.StatusUnauthorized {
		t.Errorf("a wrong code: %d %s", a.status, a.text)
	}
	if a := confirm(from, ofOld); a.status != http.StatusAccepted {
		t.Errorf("the first code: %d %s", a.status, a.text)
	}
	if a := confirm(to, ofNew); a.status != http.StatusOK || b.session(p).User.Email != to {
		t.Errorf("the second code: %d %s", a.status, a.text)
	}
}

// The links may be followed elsewhere, such as on a phone. The session follows with its next refresh.
func otherBrowserSuite(t *testing.T, s *site) {
	p, b, from := s.process(), newBrowser(t), newAddress("ann")
	s.signUp(b, p, from, password)
	to := s.change(b, p)
	phone := newBrowser(t)
	for _, address := range []string{from, to} {
		link, _ := s.mailTo(address)
		if a := phone.get(phone.get(link).header.Get("Location")); a.status != http.StatusOK || !strings.Contains(a.text, "Confirmed") || phone.uid(p) != "" {
			t.Errorf("the link to %s: %d %s", address, a.status, a.text)
		}
	}
	testkit.Exec(t, s.pool, "UPDATE krowoc.sessions SET access_until = now() - interval '1 minute'")
	next := s.process()
	b.share(p, next)
	if user := b.session(next).User; user == nil || user.Email != to || s.people.email(user.ID) != to {
		t.Errorf("after a refresh: %+v", user)
	}
}

func mistakeSuite(t *testing.T, s *site) {
	ctx, email := t.Context(), newAddress("ann")
	s.signUp(newBrowser(t), s.process(), email, password)
	sum := sha256.Sum256([]byte(strings.Repeat("v", 43)))
	challenge := gotrue.Challenge{Value: base64.RawURLEncoding.EncodeToString(sum[:]), Method: "s256"}
	_, err := s.client.Password(ctx, email, "wrong")
	refused(t, "a wrong password", err, http.StatusBadRequest, "invalid_credentials")
	_, err = s.client.Exchange(ctx, "00000000-0000-4000-8000-000000000000", strings.Repeat("v", 43))
	refused(t, "an unknown code of a log-in", err, http.StatusNotFound, "flow_state_not_found")
	_, err = s.client.VerifyCode(ctx, email, "000000", "email")
	refused(t, "a wrong code of a mail", err, http.StatusForbidden, "otp_expired")
	_, err = s.client.SignUp(ctx, newAddress("eve"), "short", "http://127.0.0.1:1/", challenge)
	refused(t, "a short password", err, http.StatusUnprocessableEntity, "weak_password")
	_, err = s.client.SignUp(ctx, "no address", password, "http://127.0.0.1:1/", challenge)
	refused(t, "no address", err, http.StatusBadRequest, "validation_failed")
	other := newAddress("bob")
	s.signUp(newBrowser(t), s.process(), other, password)
	logIn, err := s.client.Password(ctx, email, password)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "the address of somebody else", s.client.ChangeEmail(ctx, logIn.AccessToken, other, "http://127.0.0.1:1/", challenge), http.StatusUnprocessableEntity, "email_exists")
	refused(t, "the same password", s.client.SetPassword(ctx, logIn.AccessToken, password), http.StatusUnprocessableEntity, "same_password")
	refused(t, "a text that is not a token", s.client.SetPassword(ctx, "nonsense", password), http.StatusForbidden, "bad_jwt")
	refused(t, "no scope", s.client.Logout(ctx, logIn.AccessToken, "nobody"), http.StatusBadRequest, "validation_failed")
	if err := s.client.Logout(ctx, logIn.AccessToken, "local"); err != nil {
		t.Error(err)
	}
	refused(t, "after the log-out", s.client.SetPassword(ctx, logIn.AccessToken, otherPassword), http.StatusForbidden, "session_not_found")
	settings, err := s.client.Settings(ctx)
	if err != nil || !settings.External["email"] || settings.DisableSignup {
		t.Errorf("the settings are %+v: %v", settings, err)
	}
}

func logOutSuite(t *testing.T, s *site) {
	p, email := s.process(), newAddress("ann")
	laptop, phone := newBrowser(t), newBrowser(t)
	s.signUp(laptop, p, email, password)
	if a := phone.do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "password": "`+password+`"}`); a.status != http.StatusOK {
		t.Fatalf("log in: %d %s", a.status, a.text)
	}
	own, err := s.client.Password(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	if a := laptop.do(http.MethodPost, p.URL+"/auth/logout", "{}"); a.status != http.StatusNoContent || laptop.uid(p) != "" || phone.uid(p) == "" {
		t.Errorf("log out: %d %s", a.status, a.text)
	}
	if _, err := s.client.Refresh(t.Context(), own.RefreshToken); err != nil {
		t.Errorf("a log-out here ends other sessions at the issuer: %v", err)
	}
	if a := phone.do(http.MethodPost, p.URL+"/auth/logout?scope=global", "{}"); a.status != http.StatusNoContent || phone.uid(p) != "" {
		t.Errorf("log out everywhere: %d %s", a.status, a.text)
	}
	_, err = s.client.Refresh(t.Context(), own.RefreshToken)
	refused(t, "after a log-out everywhere", err, http.StatusBadRequest, "refresh_token_not_found")
}
