package celsql_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
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

func TestFields(t *testing.T) {
	typ := parse(t).Type("Person")
	checker := expr.New(parse(t))
	for src, want := range map[string]string{
		`this.active`: "active",
		`this.name == 'x' || this.name.size() > this.age`: "age name",
		`has(this.boss)`: "boss",
	} {
		checked, issues := checker.Check(src, typ, expr.Kind{Use: expr.RuleWhere})
		if issues != nil {
			t.Fatalf("%s: %+v", src, issues)
		}
		if got := fieldNames(celsql.Fields(&schema.Expr{Source: src, AST: checked}, typ)); got != want {
			t.Errorf("%s names %q, want %q", src, got, want)
		}
	}
	for src, want := range map[string]string{`"boss_id" IS NOT NULL`: "boss id", `NAME <> '' AND age > 1`: "age name", `true`: ""} {
		if got := fieldNames(celsql.Fields(&schema.Expr{Source: src, SQL: true}, typ)); got != want {
			t.Errorf("%s names %q, want %q", src, got, want)
		}
	}
}

func fieldNames(fields []*schema.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
