// Package session keeps the log-ins of browsers. A session is a row in Postgres with the tokens of the issuer, encrypted; the browser has
// only a random ticket in a cookie that no script can read. Whichever process serves a request refreshes the tokens ahead of their end,
// once for all processes and tabs, under the lock of the row.
package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

const (
	// readEvery is how long a session is used before its row is read again.
	readEvery = 5 * time.Second

	// refreshAhead is how long before its end an access token is replaced.
	refreshAhead = time.Minute

	// replaceEvery is the shortest time between two attempts to replace a token that is refused before its end, because the issuer has
	// replaced its key or somebody has revoked it.
	replaceEvery = time.Minute

	// maxSessions is how many sessions a process remembers.
	maxSessions = 10_000
)

// Options configure a Manager.
type Options struct {
	Pool      *pgxpool.Pool
	Keys      *Keyring
	Issuer    func() gotrue.Client
	Tokens    Verifier                                                            // of access tokens
	Providers map[string]Provider                                                 // beside Supabase Auth, by name; may be nil
	People    People                                                              // keeps the rows of people in step
	Fill      func(ctx context.Context, who caller.Caller) (caller.Caller, error) // adds what the project's tables say; may be nil
	LogIns    LogIns                                                              // may be nil
	Logger    *slog.Logger
	Now       func() time.Time

	PublicURL string        // of the server as browsers see it; empty takes it from each request, in development
	Origins   []string      // other origins whose pages may use sessions
	Page      string        // path of the application's own log-in page, or its URL on one of Origins; empty is the built-in one
	Lifetime  time.Duration // of a session that is not used

	// LoggedIn is told of each log-in of a user, and of each that failed, without the user. It may be nil.
	LoggedIn func(ctx context.Context, uid, method string, failure error)

	// Revoke ends a session everywhere, and Revoked reports whether one has ended. Both may be nil.
	Revoke  Revoke
	Revoked func(id string) bool
}

// Verifier verifies access tokens.
type Verifier interface {
	Verify(ctx context.Context, token string) (token.Claims, error)
}

// LogIns tells how the holder of tokens has logged in. liveness.Issuers is one.
type LogIns interface {
	LogIn(claims token.Claims, t liveness.Tokens) caller.LogIn
}

// People keeps the row of a person in step with what the issuer says when they log in.
type People interface {
	Keep(ctx context.Context, claims token.Claims) error
}

// Manager manages the sessions of a process.
type Manager struct {
	o       Options
	store   store
	names   []string // of providers, sorted
	entries *lru.Cache[[sha256.Size]byte, *entry]
	ended   *lru.Cache[string, struct{}] // IDs of sessions that this process has ended
	adding  sync.Mutex
	csrf    *http.CrossOriginProtection
	slots   chan struct{} // of refreshes, each of which holds a connection while the issuer answers

	background sync.WaitGroup
	context    context.Context //nolint:containedctx // ends refreshes in the background, which outlive the requests that start them
	stop       context.CancelFunc
}

// entry is a session that the process remembers.
type entry struct {
	mu         sync.Mutex
	row        row
	err        error // errNone: there is none
	readAt     time.Time
	refreshing bool
	replacedAt time.Time // when a token that was refused was replaced
}

// New returns a manager.
func New(o Options) (*Manager, error) {
	m := &Manager{o: o, store: store{o.Pool, o.Keys, o.Logger}, csrf: http.NewCrossOriginProtection(), slots: make(chan struct{}, max(1, o.Pool.Config().MaxConns/4))}
	m.names = slices.Sorted(maps.Keys(o.Providers))
	trusted := slices.Clone(o.Origins)
	if o.PublicURL != "" { // a proxy in front may change the Host header
		trusted = append(trusted, strings.TrimSuffix(o.PublicURL, "/"))
	}
	for _, origin := range trusted {
		if err := m.csrf.AddTrustedOrigin(origin); err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Op: "configure sessions", Message: origin + " is not an origin", Err: err, Hint: "write scheme and host: https://app.example.com"}
		}
	}
	if err := checkPage(o.Page, trusted); err != nil {
		return nil, err
	}
	m.entries, _ = lru.New[[sha256.Size]byte, *entry](maxSessions) // fails only for a size below 1
	m.ended, _ = lru.New[string, struct{}](maxSessions)            // likewise
	m.context, m.stop = context.WithCancel(context.Background())
	return m, nil
}

// Close ends refreshes in the background. A nil manager has none.
func (m *Manager) Close() {
	if m == nil {
		return
	}
	m.stop()
	m.settle()
	m.background.Wait()
}

// settle returns once no refresh can begin any more. The context has ended.
func (m *Manager) settle() {
	m.adding.Lock()
	defer m.adding.Unlock()
}

// Name says what it reads.
func (*Manager) Name() string { return "session cookie" }

// Authenticate returns the caller of a request with the cookie of a session. A token in the Authorization header comes first. A session that
// has ended is an error, so that nobody becomes anonymous without noticing; the routes of log-in itself take it for none.
func (m *Manager) Authenticate(r *http.Request, bearer string) (who caller.Caller, known bool, err error) {
	ticket := m.ticketOf(r)
	if bearer != "" || ticket == nil {
		return caller.Caller{}, false, nil
	}
	hashed := digest(ticket)
	current, claims, err := m.current(r.Context(), hashed)
	switch {
	case err == nil:
		who = caller.Caller{UID: claims.Subject, Roles: claims.Roles, Tier: claims.Tier, LogIn: m.logIn(hashed, current, claims)}
		if m.o.Fill != nil {
			who, err = m.o.Fill(r.Context(), who)
		}
		return who, err == nil, err
	case strings.HasPrefix(r.URL.Path, pathPrefix):
		return caller.Caller{}, false, nil
	case errors.Is(err, errNone):
		return caller.Caller{}, false, &ended{
			fault.New(fault.Unauthenticated, "read the session", "the session has ended", "log in again"), m.cookie(r, sessionCookie, "", -1),
		}
	}
	return caller.Caller{}, false, err
}

// ended is the refusal of a session that has ended. It removes the cookie.
type ended struct {
	error
	cookie *http.Cookie
}

// SetHeader sets the headers of the response.
func (e *ended) SetHeader(h http.Header) {
	h.Add("Set-Cookie", e.cookie.String())
	h.Set("Cache-Control", "no-store")
}

// Unwrap returns the fault.
func (e *ended) Unwrap() error { return e.error }

// current returns a session and the claims of its access token. The token is refreshed if it is about to expire.
func (m *Manager) current(ctx context.Context, ticket [sha256.Size]byte) (row, token.Claims, error) {
	e := m.entry(ticket)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := m.read(ctx, e, ticket); err != nil {
		return row{}, token.Claims{}, err
	}
	now := m.o.Now()
	if !now.Before(e.row.accessUntil) {
		if err := m.renew(e, ""); err != nil {
			return row{}, token.Claims{}, err
		}
	} else if !now.Before(e.row.accessUntil.Add(-refreshAhead)) {
		m.renewInBackground(e)
	}
	claims, err := m.verify(ctx, m.providerOf(e.row), e.row.access)
	if fault.CodeOf(err) == fault.Unauthenticated && now.Sub(e.replacedAt) >= replaceEvery {
		e.replacedAt = now
		if err := m.renew(e, e.row.access); err != nil {
			return row{}, token.Claims{}, err
		}
		claims, err = m.verify(ctx, m.providerOf(e.row), e.row.access)
	}
	return e.row, claims, err
}

// entry returns what is remembered of a ticket.
func (m *Manager) entry(ticket [sha256.Size]byte) *entry {
	if e, found := m.entries.Get(ticket); found {
		return e
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	if e, found := m.entries.Get(ticket); found {
		return e
	}
	e := &entry{}
	m.entries.Add(ticket, e)
	return e
}

// read reads a session unless it was read a short while ago. The caller holds the lock of the entry.
func (m *Manager) read(ctx context.Context, e *entry, ticket [sha256.Size]byte) error {
	now := m.o.Now()
	isFresh := !e.readAt.IsZero() && now.Sub(e.readAt) < readEvery
	if !isFresh {
		r, err := m.store.byTicket(ctx, ticket, now)
		if err != nil && !errors.Is(err, errNone) {
			return err
		}
		e.row, e.err, e.readAt = r, err, now
	}
	endedElsewhere := m.o.Revoked != nil && m.o.Revoked(e.row.id)
	if e.err == nil && (endedElsewhere || m.ended.Contains(e.row.id)) {
		e.err = errNone
	}
	return e.err
}
