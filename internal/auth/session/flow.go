package session

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/fault"
)

// flowLifetime is how long a log-in may take that has begun in a browser.
const flowLifetime = 15 * time.Minute

// stateSize is the length of a state as text.
const stateSize = 22

// flow is a log-in that ends in the browser that has begun it. It is in a sealed cookie, so that a link which somebody else has begun does
// not log this browser in (RFC 9700, section 2.1).
type flow struct {
	State    string    `json:"s"`
	Verifier string    `json:"v"`
	Method   string    `json:"m"` // name of a provider, otp, recovery, signup or email_change
	Next     string    `json:"n"`
	Until    time.Time `json:"u"`
}

// begin begins a log-in and puts it into a cookie.
func (m *Manager) begin(w http.ResponseWriter, r *http.Request, method, next string) (flow, error) {
	f := flow{State: random(16), Verifier: random(48), Method: method, Next: m.next(next), Until: m.o.Now().Add(flowLifetime)}
	text, err := json.Marshal(f)
	if err != nil {
		return f, err
	}
	sealed := encoding.EncodeToString(m.o.Keys.seal(text, "login"))
	setCookie(w, m.cookie(r, flowCookie(f.State), sealed, int(flowLifetime.Seconds())))
	return f, nil
}

// challenge is the proof key of a log-in.
func (f flow) challenge() gotrue.Challenge {
	sum := sha256.Sum256([]byte(f.Verifier))
	return gotrue.Challenge{Value: encoding.EncodeToString(sum[:]), Method: "s256"}
}

// callbackURL is where a provider leads the browser. A provider beside Supabase Auth adds the state itself, and wants the URL as it is registered.
func (m *Manager) callbackURL(r *http.Request) string { return m.origin(r) + pathPrefix + "callback" }

func (m *Manager) callbackOf(r *http.Request, f flow) string {
	return m.callbackURL(r) + "?state=" + f.State
}

// finish returns the log-in that a request ends, and deletes its cookie.
func (m *Manager) finish(w http.ResponseWriter, r *http.Request) (flow, error) {
	if state := r.URL.Query().Get("state"); len(state) == stateSize && m.cookieOf(r, flowCookie(state)) != "" {
		setCookie(w, m.cookie(r, flowCookie(state), "", -1))
	}
	return m.flowOf(r)
}

// flowCookie is the name of the cookie with a flow.
func flowCookie(state string) string { return loginCookie + "_" + state[:8] }

// flowOf returns the log-in to which a request belongs.
func (m *Manager) flowOf(r *http.Request) (f flow, err error) {
	state := r.URL.Query().Get("state")
	unknown := fault.New(fault.Invalid, "log in", "this log-in was not begun in this browser, or too long ago",
		"begin again, and open the link of the mail in the same browser; or enter the code of the mail")
	if len(state) != stateSize {
		return f, unknown
	}
	sealed, err := encoding.DecodeString(m.cookieOf(r, flowCookie(state)))
	if err != nil || len(sealed) == 0 {
		return f, unknown
	}
	text, err := m.o.Keys.open(sealed, "login")
	if err != nil || json.Unmarshal(text, &f) != nil {
		return flow{}, unknown
	}
	if isOver := m.o.Now().After(f.Until); isOver || f.State != state {
		return flow{}, unknown
	}
	return f, nil
}

// setCookie sets a cookie, in an answer that no cache may keep.
func setCookie(w http.ResponseWriter, c *http.Cookie) {
	http.SetCookie(w, c)
	w.Header().Set("Cache-Control", "no-store")
}

// withQuery adds a parameter to a URL.
func withQuery(to, name, value string) string {
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}
