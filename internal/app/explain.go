package app

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/schema"
)

// Explaining is what explains operations as a server of the project would run them.
type Explaining struct {
	API     *graph.API                 // that a server has
	Roomy   func() (*graph.API, error) // the same for operations beyond its limits
	Rules   *graph.API                 // the same where the API applies all rules itself, so that its plans know them; nil if it does
	Limits  func(caller.Caller) exec.Limits
	Enforce *exec.Enforcement // nil unless Postgres applies the rules
}

// Explaining returns what explains operations on a schema. pool is the database, or nil.
func (a *App) Explaining(pool *pgxpool.Pool, s *schema.Schema) (e Explaining, err error) {
	policed := a.enforcesHere()
	if e.API, err = a.api(s, policed); err != nil {
		return e, err
	}
	if policed {
		if e.Rules, err = a.api(s, false); err != nil {
			return e, err
		}
	}
	o := a.optionsOfAPI(policed)
	o.MaxDepth, o.MaxComplexity, o.MaxAliases, o.MaxPageSize = 1000, 100_000_000, 100_000_000, 100_000 // the most that can be configured
	e.Roomy = func() (*graph.API, error) { return graph.New(s, o) }
	e.Limits = limitsOf(a.Config.GraphQL)
	if !policed || pool == nil {
		return e, nil
	}
	enforced, err := a.newEnforcement(pool, s)
	if err != nil {
		return e, err
	}
	e.Enforce = enforced.exec()
	return e, nil
}

// enforcesHere reports whether a server of this environment leaves rules to Postgres. The one of a development session never does.
func (a *App) enforcesHere() bool {
	usesSession := a.Config.IsLocal() && a.Config.Database.URL.Reveal() == ""
	return a.Config.Database.RLS.Enforce && !usesSession
}
