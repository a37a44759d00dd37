package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// The cookies. Over HTTPS their names begin with __Host-, so that no other host, not even a sub-domain, can set them (RFC 6265bis).
const (
	sessionCookie = "krowoc_session"
	csrfCookie    = "krowoc_csrf"  // readable by scripts: its value goes into csrfHeader
	loginCookie   = "krowoc_login" // a log-in that has begun in this browser; its state follows
	csrfHeader    = "X-CSRF-Token"
	hostPrefix    = "__Host-"
)

const ticketSize = 32

var encoding = base64.RawURLEncoding

// origin returns the origin of the server as the browser of a request sees it.
func (m *Manager) origin(r *http.Request) string {
	if m.o.PublicURL != "" {
		return strings.TrimSuffix(m.o.PublicURL, "/")
	}
	return "http://" + r.Host // in development, which serves this machine alone
}

// isSecure reports whether the browser speaks HTTPS.
func (m *Manager) isSecure(r *http.Request) bool { return strings.HasPrefix(m.origin(r), "https://") }

func (m *Manager) cookieName(r *http.Request, name string) string {
	if m.isSecure(r) {
		return hostPrefix + name
	}
	return name
}

// cookie returns a cookie. A negative age, in seconds, deletes it.
func (m *Manager) cookie(r *http.Request, name, value string, age int) *http.Cookie {
	return &http.Cookie{Name: m.cookieName(r, name), Value: value, Path: "/", MaxAge: age, HttpOnly: name != csrfCookie, Secure: m.isSecure(r), SameSite: http.SameSiteLaxMode}
}

// cookieOf returns the value of a cookie. With two of a name, none counts: one of them is not ours.
func (m *Manager) cookieOf(r *http.Request, name string) string {
	list := r.CookiesNamed(m.cookieName(r, name))
	if len(list) != 1 {
		return ""
	}
	return list[0].Value
}

// ticketOf returns the ticket of a request, or nil.
func (m *Manager) ticketOf(r *http.Request) []byte {
	ticket, err := encoding.DecodeString(m.cookieOf(r, sessionCookie))
	if err != nil || len(ticket) != ticketSize {
		return nil
	}
	return ticket
}

// random returns n random bytes as text.
func random(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // it never fails
	return encoding.EncodeToString(raw)
}

// sign signs a text for a purpose, with a key that only the servers have.
func (r *Keyring) sign(text, purpose string) string { return r.keys[0].sign(text, purpose) }

func (k key) sign(text, purpose string) string {
	mac := hmac.New(sha256.New, k.mac)
	mac.Write([]byte(purpose + "\x00" + text))
	return encoding.EncodeToString(mac.Sum(nil))
}

// signed reports whether one of the keys has signed a text for a purpose.
func (r *Keyring) signed(text, purpose, signature string) bool {
	for _, k := range r.keys {
		if hmac.Equal([]byte(k.sign(text, purpose)), []byte(signature)) {
			return true
		}
	}
	return false
}
