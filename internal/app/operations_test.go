package app

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// The first entry that fits a caller applies, and plans are made for the highest limits of all.
func TestLimitsOfCallers(t *testing.T) {
	t.Parallel()
	g := config.GraphQL{MaxDepth: 6, MaxComplexity: 100, MaxAliases: 30, MaxPageSize: 50, DefaultPageSize: 20, Limits: []config.GraphQLLimits{
		{Role: "admin", Tier: "PRO", MaxDepth: 20}, {Role: "admin", MaxComplexity: 1000}, {Tier: "FREE", MaxAliases: 40, MaxPageSize: 10},
	}}
	if o := limitsOfAPI(g); o.MaxDepth != 20 || o.MaxComplexity != 1000 || o.MaxAliases != 40 || o.MaxPageSize != 50 || o.DefaultPageSize != 10 {
		t.Errorf("%+v", o)
	}
	limits := limitsOfCallers(g)
	for who, want := range map[string]exec.Limits{
		"":                 {MaxDepth: 6, MaxComplexity: 100, MaxAliases: 30, MaxPageSize: 50},
		"a;admin":          {MaxDepth: 6, MaxComplexity: 1000, MaxAliases: 30, MaxPageSize: 50},
		"a;admin;tier=PRO": {MaxDepth: 20, MaxComplexity: 100, MaxAliases: 30, MaxPageSize: 50},
		"a;tier=PRO":       {MaxDepth: 6, MaxComplexity: 100, MaxAliases: 30, MaxPageSize: 50},
		"a;tier=FREE":      {MaxDepth: 6, MaxComplexity: 100, MaxAliases: 40, MaxPageSize: 10},
	} {
		if got := limits(caller.Parse(who, ";")); got != want {
			t.Errorf("%q has %+v", who, got)
		}
	}
	if limitsOfCallers(config.GraphQL{}) != nil {
		t.Error("without entries, there are limits of callers")
	}
}

// A server that is to run only trusted documents does not start without them, nor with limits of nobody in particular.
func TestOperationsThatAreNotConfiguredWell(t *testing.T) {
	t.Parallel()
	for want, g := range map[string]config.GraphQL{
		"graphql.trustedDocuments is not set":         {Documents: "trusted"},
		"no such file":                                {TrustedDocuments: "/nowhere/persisted.json"},
		"graphql.limits[0] has neither role nor tier": {Limits: []config.GraphQLLimits{{MaxDepth: 3}}},
	} {
		a := &App{Config: &config.Config{GraphQL: g}}
		if err := a.withDocuments(&exec.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", g, err, want)
		}
	}
}
