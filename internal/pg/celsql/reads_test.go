package celsql_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

func TestReads(t *testing.T) {
	s := parse(t)
	checker := expr.New(s)
	for src, want := range map[string]string{
		`this.active`:                              "",
		`this.name == auth.uid`:                    "",
		`this.home.name == 'a'`:                    "Team",
		`has(this.boss)`:                           "Person",
		`this.home.members.exists(m, has(m.boss))`: "Person Person Team",
		`this.badge.label == 'a'`:                  "Badge",
	} {
		checked, issues := checker.Check(src, s.Type("Person"), expr.Kind{Use: expr.RuleWhere})
		if issues != nil {
			t.Fatalf("%s: %+v", src, issues)
		}
		var names []string
		for _, typ := range celsql.Reads(checked, s) {
			names = append(names, typ.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s reads %q, want %q", src, got, want)
		}
	}
}
