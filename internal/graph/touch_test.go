package graph_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

var named = regexp.MustCompile(`(?:FROM|INTO|UPDATE|JOIN) "([^"]+)"`)

// Reads and Writes cover every table that a statement names, whoever asks.
func TestReadsCoverTheTablesOfTheSQL(t *testing.T) {
	text, err := os.ReadFile("testdata/platform.graphql")
	if err != nil {
		t.Fatal(err)
	}
	model, _ := sdl.Parse(sdl.Source{Name: "platform.graphql", Text: string(text)})
	api := platform(t)
	seen := map[string]bool{}
	for _, query := range everyOperation(api.Schema()) {
		doc, op := operation(t, api, query)
		for _, c := range []caller.Caller{{Service: true}, {}, {UID: "ada"}, {Roles: []string{"admin"}}} {
			plan, err := api.Plan(doc, op, graph.Request{Caller: c})
			if err != nil {
				continue // refused by the rules before there is any SQL
			}
			var covered []string
			for _, name := range slices.Concat(plan.Reads, plan.Writes) {
				covered = append(covered, model.Type(name).Table)
			}
			statements := []string{plan.SQL}
			for _, s := range plan.Steps {
				statements = append(statements, s.Write.SQL, s.Read.SQL)
			}
			for _, match := range named.FindAllStringSubmatch(strings.Join(statements, "\n"), -1) {
				seen[match[1]] = true
				if match[1] == "the written rows" || match[1] == "the proposed row" {
					continue
				}
				if !slices.Contains(covered, match[1]) {
					t.Fatalf("%s\nas %+v reads %s, which is not among %v", query, c, match[1], covered)
				}
			}
			if !slices.IsSorted(plan.Reads) || !slices.IsSorted(plan.Writes) {
				t.Errorf("not sorted: %v %v", plan.Reads, plan.Writes)
			}
		}
	}
	for _, table := range []string{"users", "profiles", "teams", "memberships", "prompts", "labels", "labels_prompts", "executions"} {
		if !seen[table] {
			t.Errorf("no operation of the test names %s", table)
		}
	}
}

// everyOperation is a query or mutation of each root field, with everything within that is three levels deep.
func everyOperation(s *ast.Schema) []string {
	var out []string
	for _, f := range s.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		out = append(out, "{"+fieldText(s, f, 2)+"}")
		if def := s.Types[argumentType(f, "where")]; def != nil {
			for _, condition := range def.Fields {
				if nested := s.Types[condition.Type.Name()]; strings.HasSuffix(nested.Name, "ListWhere") {
					out = append(out, fmt.Sprintf("{%s(where: {%s: {none: {}}}) {totalCount}}", f.Name, condition.Name))
				} else if strings.HasSuffix(nested.Name, "Where") {
					out = append(out, fmt.Sprintf("{%s(where: {not: {%s: {}}}) {totalCount}}", f.Name, condition.Name))
				}
			}
		}
	}
	for _, f := range s.Mutation.Fields {
		out = append(out, "mutation {"+fieldText(s, f, 2)+"}")
	}
	return out
}

func argumentType(f *ast.FieldDefinition, name string) string {
	if a := f.Arguments.ForName(name); a != nil {
		return a.Type.Name()
	}
	return ""
}

func fieldText(s *ast.Schema, f *ast.FieldDefinition, depth int) string {
	var arguments []string
	for _, a := range f.Arguments {
		switch {
		case a.Type.NonNull:
			arguments = append(arguments, a.Name+": "+valueText(s, a.Type))
		case a.Name == "all":
			arguments = append(arguments, "all: true")
		}
	}
	text := f.Name
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	def := s.Types[f.Type.Name()]
	if def.Kind != ast.Object {
		return text
	}
	text += " {__typename"
	if strings.HasSuffix(def.Name, "Connection") {
		return text + " totalCount nodes {__typename" + fieldsText(s, s.Types[strings.TrimSuffix(def.Name, "Connection")], depth) + "}}"
	}
	return text + fieldsText(s, def, depth) + "}"
}

func fieldsText(s *ast.Schema, def *ast.Definition, depth int) string {
	var text string
	for _, f := range def.Fields {
		if depth > 0 || s.Types[f.Type.Name()].Kind != ast.Object {
			text += " " + fieldText(s, f, depth-1)
		}
	}
	return text
}

func valueText(s *ast.Schema, t *ast.Type) string {
	def := s.Types[t.Name()]
	switch {
	case def.Kind == ast.InputObject:
		var fields []string
		for _, f := range def.Fields {
			if f.Type.NonNull {
				fields = append(fields, f.Name+": "+valueText(s, f.Type))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case def.Name == "ID":
		return `"00000000-0000-7000-8000-000000000001"`
	case def.Name == "DateTime":
		return `"2026-01-31T12:00:00Z"`
	case def.Name == "Int64", def.Name == "Decimal":
		return `"1"`
	}
	return `"a"`
}

func TestCost(t *testing.T) {
	api := platform(t)
	for query, tt := range map[string]struct {
		vars    map[string]any
		formula string
		want    int
	}{
		`{__typename}`: {nil, "0", 0},
		`{prompt(id: "00000000-0000-7000-8000-000000000001") {id title owner {name}}}`: {nil, "4", 4},
		`{prompts {totalCount}}`:                    {nil, "1", 1},
		`{prompts {aggregate {count sum {score}}}}`: {nil, "4", 4},
		`query($n: Int) {prompts {groups(by: [{field: title}], first: $n) {keys {title} count max {score}}}}`:  {map[string]any{"n": 7}, "1 + $n × 5", 36},
		`{prompts(first: 3) {nodes {executions {aggregate {count}}}}}`:                                         {nil, "1 + 3 × 3", 10},
		`{prompts(first: 3) {nodes {id executions(last: 2) {nodes {id}}}}}`:                                    {nil, "1 + 3 × (3 + 2 × 1)", 16},
		`query($n: Int) {prompts(first: $n) {nodes {id title}}}`:                                               {map[string]any{"n": 7}, "1 + $n × 2", 15},
		`query($n: Int!) {prompts(first: $n) {nodes {executions(first: $n) {nodes {id}}}}}`:                    {map[string]any{"n": 100}, "1 + $n × (2 + $n × 1)", 10201},
		`query($n: Int!) {prompts(first: $n) {nodes {executions(first: $n) {nodes {id}}}} users {totalCount}}`: {map[string]any{"n": 500}, "2 + $n × (2 + $n × 1)", 5},
	} {
		doc, op := operation(t, api, query)
		plan, err := api.Plan(doc, op, graph.Request{Variables: tt.vars})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Cost.Of(tt.vars); got != tt.want || plan.Cost.String() != tt.formula {
			t.Errorf("%s costs %s = %d, want %s = %d", query, &plan.Cost, got, tt.formula, tt.want)
		}
	}
}
