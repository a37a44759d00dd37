package app

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"

	"github.com/jackc/pgx/v5/pgxpool"
)

// RowLevelSecurity returns the options of the policies of the project.
func (a *App) RowLevelSecurity() rls.Options {
	c := a.Config.Database.RLS
	roles, tiers := a.claims()
	return rls.Options{Anonymous: c.Anonymous, Authenticated: c.Authenticated, Enforce: c.Enforce, Roles: roles, Tiers: tiers, Subjects: a.subjects()}
}

// subjects returns the issuers whose users have a UUID for an ID. GitHub signs no claims.
func (a *App) subjects() (list []rls.Subject) {
	for _, i := range a.issuersOfTokens() {
		if i.Subject != token.SubjectUUID {
			continue
		}
		url := i.URL
		if i.Kind == token.Supabase {
			url = token.SupabaseURL(url)
		}
		for _, n := range token.Names(url) {
			list = append(list, rls.Subject{Issuer: n.ISS, Namespace: n.Namespace, Pattern: n.Pattern})
		}
	}
	return list
}

// claims returns the claims in which the issuers of the project have the roles and the tier of their callers. GitHub signs no claims.
func (a *App) claims() (roles, tiers []string) {
	for _, i := range a.issuersOfTokens() {
		role, tier := token.DefaultClaims(i.Kind, i.URL)
		roles, tiers = appendNew(roles, cmp.Or(i.Roles, role)), appendNew(tiers, cmp.Or(i.Tier, tier))
	}
	return roles, tiers
}

func appendNew(paths []string, path string) []string {
	if path == "" || slices.Contains(paths, path) {
		return paths
	}
	return append(paths, path)
}

// enforcement tells whether a database enforces the rules of a schema.
type enforcement struct {
	options rls.Options
	tables  []rls.Table
	pool    *pgxpool.Pool

	mu       sync.Mutex
	passed   bool
	at       time.Time // of the last check
	checking bool      // again, while operations go on
	err      error
}

// newEnforcement returns nil if the configuration does not ask for it.
func (a *App) newEnforcement(pool *pgxpool.Pool, s *schema.Schema) (*enforcement, error) {
	if !a.Config.Database.RLS.Enforce {
		return nil, nil //nolint:nilnil // the server runs without
	}
	api, err := graph.New(s, graph.Options{})
	if err != nil {
		return nil, err
	}
	tables, err := api.Policies()
	return &enforcement{options: a.RowLevelSecurity(), tables: tables, pool: pool}, err
}

// The limits of a check: how long it may take, and how long its failure is remembered.
const (
	enforcementTimeout = 5 * time.Second
	enforcementRetry   = time.Second
	enforcementAge     = time.Minute // until a server that runs looks again
)

// Check returns why the database does not enforce the rules. Once it does, it is asked again every minute, while operations go on.
func (e *enforcement) Check(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.passed {
		if !e.checking && time.Since(e.at) > enforcementAge {
			e.checking = true
			go e.again(context.WithoutCancel(ctx))
		}
		return nil
	}
	if e.err != nil && time.Since(e.at) < enforcementRetry {
		return e.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enforcementTimeout) // others wait for the result
	defer cancel()
	e.err = rls.Check(ctx, e.pool, e.tables, e.options)
	e.passed, e.at = e.err == nil, time.Now()
	return e.err
}

// again repeats what somebody can undo while the server runs. A database that does not answer has undone nothing.
func (e *enforcement) again(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, enforcementTimeout)
	defer cancel()
	err := rls.CheckAgain(ctx, e.pool, e.tables, e.options)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.checking, e.at = false, time.Now()
	if fault.CodeOf(err) == fault.CheckFailed {
		e.passed, e.err = false, err
	}
}

// exec returns the option of the API.
func (e *enforcement) exec() *exec.Enforcement {
	if e == nil {
		return nil
	}
	return &exec.Enforcement{Security: e.options, Check: e.Check}
}

// part refuses to start a server on a database that does not enforce the rules. While Postgres does not answer, the server starts and refuses
// operations.
func (e *enforcement) part() lifecycle.Part {
	return lifecycle.Part{Name: "row-level security", Start: func(ctx context.Context) error {
		if e == nil {
			return nil
		}
		err := e.Check(ctx)
		if code := fault.CodeOf(err); code == fault.Unavailable || code == fault.Timeout {
			return nil
		}
		return err
	}}
}
