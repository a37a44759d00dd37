package app

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/changes"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/server/cors"
)

// live follows the changes of the database for the subscriptions of a server. It is idle while nobody subscribes.
type live struct {
	follower *changes.Follower
	pool     *pgxpool.Pool
	logger   *slog.Logger
	noted    atomic.Pointer[map[string]bool] // tables whose changes triggers note; nil for unknown
}

func newLive(pool *pgxpool.Pool, logger *slog.Logger) (*live, error) {
	own, err := probePool(pool)
	if err != nil {
		return nil, err
	}
	return &live{follower: changes.NewFollower(changes.Options{Pool: own, Logger: logger}), pool: own, logger: logger}, nil
}

// options returns what the API needs for subscriptions.
func (l *live) options(a *App, o ServerOptions) *exec.Live {
	authenticators := o.Authenticators
	if o.Sessions != nil {
		authenticators = withSessions(o).Authenticators
	}
	c := a.Config.Server.CORS
	allowed := cors.Allowed(c.Origins)
	return &exec.Live{
		Changes: l.follower, Blind: l.blind, MaxMessage: int64(a.Config.Server.MaxBodyBytes),
		Authenticate: func(r *http.Request) (caller.Caller, error) { return server.CallerOf(r, authenticators) },
		Origin:       func(origin string) (bool, bool) { return allowed(origin), c.Credentials },
	}
}

// blind reports that no trigger notes the changes of a table, as far as known.
func (l *live) blind(table string) bool {
	noted := l.noted.Load()
	return noted == nil || !(*noted)[table]
}

// lookTimeout limits the look at the triggers of a database that may be down.
const lookTimeout = 2 * time.Second

// look finds out which writers are seen, and logs the tables where only the writes of this process are.
func (l *live) look(ctx context.Context, s *schema.Schema) {
	want := changes.Tables(s)
	if len(want) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	has, err := changes.Read(ctx, l.pool)
	if err != nil {
		return // the database is down, which others report
	}
	noted := map[string]bool{}
	for _, t := range has {
		noted[t.Name] = true
	}
	l.noted.Store(&noted)
	var unseen []string
	for _, t := range want {
		if !noted[t.Name] {
			unseen = append(unseen, t.Name)
		}
	}
	if len(unseen) > 0 {
		slices.Sort(unseen)
		l.logger.Warn("these tables have no change triggers, so subscriptions only notice the writes of this process", "tables", strings.Join(unseen, ", "),
			"fix", "run `krowoc migrate diff NAME`, then `krowoc migrate up`")
	}
}

// close ends following.
func (l *live) close() {
	l.follower.Close()
	l.pool.Close()
}

// callerChecks begins a check of the callers of open streams when something has been revoked.
type callerChecks struct {
	mu    sync.Mutex
	check func() // nil while there is no server
	due   atomic.Bool
}

// onRevoked says what to call.
func (c *callerChecks) onRevoked(check func()) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.check = check
}

// start begins a check, unless one is about to begin.
func (c *callerChecks) start() {
	c.mu.Lock()
	check := c.check
	c.mu.Unlock()
	if check == nil || !c.due.CompareAndSwap(false, true) {
		return
	}
	go func() {
		c.due.Store(false)
		check()
	}()
}
