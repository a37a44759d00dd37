package app

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/graph/manifest"
)

// limitsOfAPI returns the highest limits of any caller. A plan serves all callers, and those with lower limits are refused when they ask for more.
// The usual page is one that everybody may have.
func limitsOfAPI(g config.GraphQL) graph.Options {
	o := graph.Options{MaxDepth: g.MaxDepth, MaxComplexity: g.MaxComplexity, MaxAliases: g.MaxAliases, MaxPageSize: g.MaxPageSize}
	o.DefaultPageSize = min(g.DefaultPageSize, g.MaxPageSize)
	for _, l := range g.Limits {
		o.MaxDepth, o.MaxComplexity, o.MaxPageSize = max(o.MaxDepth, l.MaxDepth), max(o.MaxComplexity, l.MaxComplexity), max(o.MaxPageSize, l.MaxPageSize)
		o.MaxAliases = max(o.MaxAliases, l.MaxAliases)
		if l.MaxPageSize > 0 {
			o.DefaultPageSize = min(o.DefaultPageSize, l.MaxPageSize)
		}
	}
	return o
}

// limitsOfCallers returns the limits of each caller; nil if all have those of the API.
func limitsOfCallers(g config.GraphQL) func(caller.Caller) exec.Limits {
	if len(g.Limits) == 0 {
		return nil
	}
	return limitsOf(g)
}

// limitsOf returns the limits of each caller.
func limitsOf(g config.GraphQL) func(caller.Caller) exec.Limits {
	return func(who caller.Caller) exec.Limits {
		var own config.GraphQLLimits
		if i := slices.IndexFunc(g.Limits, func(l config.GraphQLLimits) bool { return fits(l, who) }); i >= 0 {
			own = g.Limits[i]
		}
		return exec.Limits{
			MaxDepth: cmp.Or(own.MaxDepth, g.MaxDepth), MaxComplexity: cmp.Or(own.MaxComplexity, g.MaxComplexity),
			MaxAliases: cmp.Or(own.MaxAliases, g.MaxAliases), MaxPageSize: cmp.Or(own.MaxPageSize, g.MaxPageSize),
		}
	}
}

// fits reports whether limits are those of a caller.
func fits(l config.GraphQLLimits, who caller.Caller) bool {
	hasRole := l.Role == "" || slices.Contains(who.Roles, l.Role)
	hasTier := l.Tier == "" || l.Tier == who.Tier
	return hasRole && hasTier
}

// checkLimits refuses limits of nobody in particular.
func (a *App) checkLimits() error {
	for i, l := range a.Config.GraphQL.Limits {
		if l.Role == "" && l.Tier == "" {
			key := fmt.Sprintf("graphql.limits[%d]", i)
			return fault.New(fault.Invalid, "configure the limits of operations", a.Config.Origin(key).String()+": "+key+" has neither role nor tier",
				"name one of them; the limits of all callers are graphql.maxDepth, graphql.maxComplexity, graphql.maxAliases and graphql.maxPageSize")
		}
	}
	return nil
}

// withDocuments makes a server know the documents that requests may name.
func (a *App) withDocuments(o *exec.Options) error {
	if err := a.checkLimits(); err != nil {
		return err
	}
	g := a.Config.GraphQL
	persisted := exec.PersistedOptions{Automatic: g.PersistedQueries, OnlyTrusted: g.Documents == "trusted"}
	const op = "read the trusted documents"
	switch {
	case g.TrustedDocuments != "":
		text, err := os.ReadFile(a.Config.Path(g.TrustedDocuments))
		if err != nil {
			return &fault.Error{Code: fault.Invalid, Op: op, Err: err, Hint: "write the file with `krowoc schema persist`"}
		}
		if persisted.Trusted, err = manifest.Read(text); err != nil {
			return fault.Wrap(op+" of "+g.TrustedDocuments, err)
		}
	case persisted.OnlyTrusted:
		return fault.New(fault.Invalid, op, a.Config.Origin("graphql.documents").String()+": graphql.documents is trusted, and graphql.trustedDocuments is not set",
			"set graphql.trustedDocuments to a file that `krowoc schema persist` writes")
	}
	p := exec.NewPersisted(persisted)
	o.Documents, o.Observers = p, append(o.Observers, p)
	return nil
}
