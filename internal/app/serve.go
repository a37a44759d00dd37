package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/auth/people"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Serve runs the production server until ctx ends, then drains it. The server also starts while Postgres is down. It is then not ready,
// and becomes ready as soon as Postgres responds.
func (a *App) Serve(ctx context.Context) error {
	a.Logger.Info("starting", "environment", a.Config.Environment, "version", a.Version)
	s, err := a.Schema()
	if err != nil {
		return err
	}
	pool, closePool, err := a.Pool(ctx)
	if err != nil {
		return err
	}
	parts, err := a.parts(pool, s)
	if err != nil {
		return errors.Join(err, closePool())
	}
	database := lifecycle.Part{Name: "database", Stop: func(context.Context) error { return closePool() }}
	return lifecycle.New(a.Logger, append([]lifecycle.Part{database}, parts...)...).Run(ctx)
}

// parts returns the parts of a production server in start order. The HTTP server is the last one, so that background work is ready before
// the first request and ends after the last one.
func (a *App) parts(pool *pgxpool.Pool, s *schema.Schema) ([]lifecycle.Part, error) {
	known := a.newCredentials(pool, a.Logger)
	tokens, err := a.newTokens(known.revoked)
	if err != nil {
		return nil, err
	}
	persons, err := a.newPeople(pool, s)
	if err != nil {
		return nil, err
	}
	sessions, err := a.newSessions(pool, tokens, persons, known.revoked)
	if err != nil {
		return nil, err
	}
	enforced, err := a.newEnforcement(pool, s)
	if err != nil {
		return nil, err
	}
	options := a.serveOptions(callers{known.keys, tokens, sessions, persons})
	options.Enforce = enforced.exec()
	srv, err := a.NewServer(pool, s, a.Logger, options)
	if err != nil {
		return nil, err
	}
	t := a.Config.Server.Timeouts
	return []lifecycle.Part{
		{Name: "schema " + own.Schema, Start: func(ctx context.Context) error { a.reportOwnSchema(ctx, pool); return nil }},
		enforced.part(),
		{Name: "credentials", Start: known.Start, Stop: known.Stop},
		a.issuers(tokens, s),
		{Name: "sessions", Stop: func(context.Context) error { sessions.Close(); return nil }},
		{Name: "server", Start: srv.Start, Stop: srv.Stop, Wait: srv.Wait, StopTimeout: t.DrainDelay + t.Shutdown + time.Second},
	}, nil
}

// ownSchemaTimeout limits the check of a database that may be down. The server starts without it.
const ownSchemaTimeout = 2 * time.Second

// reportOwnSchema logs an error if the Postgres schema krowoc is older than this release requires. The server is then not ready. It does
// not migrate the schema itself, since its database role may not have the permission.
func (a *App) reportOwnSchema(ctx context.Context, pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(ctx, ownSchemaTimeout)
	defer cancel()
	version, err := own.Check(ctx, pool)
	switch code := fault.CodeOf(err); {
	case code == fault.Conflict || code == fault.Forbidden:
		a.Logger.Error("not ready: "+err.Error(), "fix", fault.HintOf(err))
	case err == nil && version > own.Latest():
		a.Logger.Warn("the schema "+own.Schema+" was migrated by a newer release", "version", version, "expected", own.Latest())
	}
}

// issuers is the part of a server that fetches the keys of the issuers of tokens. The server also starts while they do not answer. Without
// any issuer it warns about rules that nobody meets then.
func (a *App) issuers(tokens *token.Verifier, s *schema.Schema) lifecycle.Part {
	if tokens == nil {
		return lifecycle.Part{Name: "issuers", Start: func(context.Context) error {
			if needing := typesForCallers(s); len(needing) > 0 {
				a.Logger.Warn("auth.issuers is empty: only API keys meet the rules for owners, roles and authenticated callers", "types", needing)
			}
			return nil
		}}
	}
	return lifecycle.Part{
		Name: "issuers", Start: func(context.Context) error { tokens.Start(); return nil }, Stop: func(context.Context) error { tokens.Close(); return nil },
	}
}

// typesForCallers returns the types with a rule that needs a caller who is known.
func typesForCallers(s *schema.Schema) (names []string) {
	needs := func(r schema.Rule) bool { return r.Allow != schema.AllowPublic }
	for _, t := range s.Tables {
		inField := slices.ContainsFunc(t.Fields, func(f *schema.Field) bool { return slices.ContainsFunc(f.Rules, needs) })
		if inField || slices.ContainsFunc(t.Rules, needs) {
			names = append(names, t.Name)
		}
	}
	return names
}

// callers are the ways in which the production server knows its callers. All but the keys may be nil.
type callers struct {
	keys     *apikey.Verifier
	tokens   *token.Verifier
	sessions *session.Manager
	persons  *people.Table
}

// serveOptions returns the options of the production server, which are the same in every environment. It does not trust claims without
// proof.
func (a *App) serveOptions(c callers) ServerOptions {
	o := ServerOptions{ProbeAddress: a.Config.Server.ProbeAddress, Sessions: c.sessions, Authenticators: []server.Authenticator{auth.Keys{Verifier: c.keys}}}
	if c.tokens != nil {
		o.Authenticators = append(o.Authenticators, auth.Tokens{Verifier: c.tokens, Fill: c.persons.Fill})
	}
	return o
}

// Pool opens a pool without waiting for Postgres. It connects to the configured database, or to the local one, which it starts if
// necessary. The returned function closes both.
func (a *App) Pool(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		a.AnnounceDatabase(url)
		pool, err := pg.Open(ctx, a.poolOptions(url))
		if err != nil {
			return nil, nil, fault.Wrap("serve", err)
		}
		return pool, func() error { pool.Close(); return nil }, nil
	}
	db, err := a.Open(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	return db.Pool, func() error { return db.Close(ctx) }, nil
}
