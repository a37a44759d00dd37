package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
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
	"github.com/krowoc/krowoc/internal/schema/access"
	"github.com/krowoc/krowoc/internal/server"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Serve runs the production server until ctx ends, then drains it. The server also starts while Postgres is down. It is then not ready,
// and becomes ready as soon as Postgres responds.
func (a *App) Serve(ctx context.Context) error {
	a = a.loggingRequests()
	a.Logger.Info("starting", "environment", a.Config.Environment, "version", a.Version)
	s, err := a.Schema()
	if err != nil {
		return err
	}
	if err := a.traceRequests(); err != nil {
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
	return lifecycle.New(a.Logger, append([]lifecycle.Part{database, a.traces()}, parts...)...).Run(ctx)
}

// loggingRequests returns an App whose parts log to which request a record belongs.
func (a *App) loggingRequests() *App {
	logging := *a
	logging.Logger = slog.New(server.LogRequestID(a.Logger.Handler()))
	return &logging
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
	events, err := a.newAnalytics(pool, s, a.Logger)
	if err != nil {
		return nil, err
	}
	sessions, err := a.newSessions(pool, tokens, persons, known.revoked, events)
	if err != nil {
		return nil, err
	}
	enforced, err := a.newEnforcement(pool, s)
	if err != nil {
		return nil, err
	}
	measured, err := a.newMetrics()
	if err != nil {
		return nil, err
	}
	options := a.serveOptions(callers{known.keys, tokens, sessions, persons})
	options.Enforce, options.Metrics, options.Analytics = enforced.exec(), measured, events
	options.ServeMetrics = a.Config.Telemetry.Metrics.Enabled
	options.Errors = a.newErrors(pool, a.Logger, nil)
	options.Components, options.callers = issuersComponent(tokens), known.checks
	srv, err := a.NewServer(pool, s, a.Logger, options)
	if err != nil {
		return nil, err
	}
	t := a.Config.Server.Timeouts
	return []lifecycle.Part{
		{Name: "schema " + own.Schema, Start: func(ctx context.Context) error { a.reportOwnSchema(ctx, pool); return nil }},
		errorsPart(options.Errors),
		enforced.part(),
		a.idempotencyKeys(pool),
		a.pushMetrics(measured),
		{Name: "credentials", Start: known.Start, Stop: known.Stop},
		a.issuers(tokens, s),
		events.part(),
		{Name: "sessions", Stop: func(context.Context) error { sessions.Close(); return nil }},
		{Name: "server", Start: srv.Start, Stop: srv.Stop, Wait: recorded(options.Errors, "krowoc serve", srv.Wait), StopTimeout: t.DrainDelay + t.Shutdown + time.Second},
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

// issuers is the part of a server that fetches the keys of the issuers of tokens. The server also starts while they do not answer.
func (a *App) issuers(tokens *token.Verifier, s *schema.Schema) lifecycle.Part {
	report := func() {
		a.reportNoIssuer(s)
		a.reportSilentIssuers(s)
	}
	if tokens == nil {
		return lifecycle.Part{Name: "issuers", Start: func(context.Context) error { report(); return nil }}
	}
	return lifecycle.Part{
		Name: "issuers", Start: func(context.Context) error { report(); tokens.Start(); return nil }, Stop: func(context.Context) error { tokens.Close(); return nil },
	}
}

// reportNoIssuer warns about rules that nobody meets, because nobody can log in.
func (a *App) reportNoIssuer(s *schema.Schema) {
	rules, hasGitHub := rulesForCallers(s), len(a.Config.Auth.Issuers) > 0
	browsersLogIn := hasGitHub && a.Config.Auth.Session.Keys.Reveal() != ""
	tokensCount := len(a.issuersOfTokens()) > 0
	if len(rules) == 0 || tokensCount || browsersLogIn {
		return
	}
	why, fix := "auth.issuers is empty", "add an issuer to auth.issuers, such as {kind: supabase, url: https://…}"
	if hasGitHub {
		why, fix = "GitHub logs browsers in only with keys of sessions", "set auth.session.keys: openssl rand -base64 32"
	}
	a.Logger.Warn("nobody can log in, because "+why+": only API keys meet these rules, and none meets a rule for tiers", "rules", rules, "fix", fix)
}

// reportSilentIssuers warns about issuers that cannot be asked whether a session still lives, if types ask for a recent log-in.
func (a *App) reportSilentIssuers(s *schema.Schema) {
	var silent []string
	asked := a.askedIssuers()
	for _, i := range a.Config.Auth.Issuers {
		if i.Kind != string(token.Supabase) && asked[i.URL] == nil {
			silent = append(silent, i.URL)
		}
	}
	if types := typesForFreshLogIns(s); len(types) > 0 && len(silent) > 0 {
		a.Logger.Warn("nobody can be asked whether sessions of these issuers still live, so their callers are refused what asks for a recent log-in: "+
			"use kind: supabase, or kind: oidc with clientId, clientSecret and an issuer that has token introspection, unlike Google and Microsoft", "types", types, "issuers", silent)
	}
}

// typesForFreshLogIns returns the types that ask for a recent log-in, or a field of which does.
func typesForFreshLogIns(s *schema.Schema) (names []string) {
	for _, t := range s.Tables {
		if t.Fresh.Within > 0 || slices.ContainsFunc(t.Fields, func(f *schema.Field) bool { return f.Fresh.Within > 0 }) {
			names = append(names, t.Name)
		}
	}
	return names
}

// rulesForCallers returns whom the rules of the schema need to know, with the types: `the role admin: Note, Team`.
func rulesForCallers(s *schema.Schema) []string {
	var who []string
	types := map[string][]string{}
	for _, t := range s.Tables {
		rules := slices.Clone(t.Rules)
		for _, f := range t.Fields {
			rules = append(rules, f.Rules...)
		}
		for _, r := range rules {
			name := needed(r)
			if name == "" || slices.Contains(types[name], t.Name) {
				continue
			}
			if types[name] == nil {
				who = append(who, name)
			}
			types[name] = append(types[name], t.Name)
		}
	}
	for i, name := range who {
		who[i] = name + ": " + strings.Join(types[name], ", ")
	}
	return who
}

// needed says whom a rule needs to know, or "" for nobody.
func needed(r schema.Rule) string {
	switch r.Allow {
	case schema.AllowPublic:
		return ""
	case schema.AllowOwner:
		return "the owner"
	}
	return access.Words(schema.Rule{Allow: r.Allow, Roles: r.Roles, Tiers: r.Tiers})
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
		o.Authenticators = append(o.Authenticators, auth.Tokens{Verifier: c.tokens, Fill: c.persons.Fill, LogIns: a.askedIssuers()})
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
