package graph_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// derive makes the API of a schema.
func derive(t testing.TB, text string, o graph.Options) (*graph.API, error) {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	return graph.New(s, o)
}

func platform(t testing.TB) *graph.API {
	t.Helper()
	text, err := os.ReadFile("testdata/platform.graphql")
	if err != nil {
		t.Fatal(err)
	}
	api, err := derive(t, string(text), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestSDL(t *testing.T) {
	testkit.Golden(t, "testdata/platform.api.graphql", []byte(platform(t).SDL()))
}

// The fields of Query for one row and for a list differ also where a noun has no plural of its own.
func TestNamesOfLists(t *testing.T) {
	api, err := derive(t, `
		type Person @table @auth(rules: [{ allow: PUBLIC }]) { name: String! }
		type News @table @auth(rules: [{ allow: PUBLIC }]) { title: String! }`, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"person(", "people(", "news(", "newsList("} {
		if !strings.Contains(api.SDL(), "\n  "+field) {
			t.Errorf("there is no %s) in\n%s", field, api.SDL())
		}
	}
	for _, query := range []string{"{ newsList { totalCount } }", "{ people { nodes { name } } }"} {
		operation(t, api, query)
	}
}

// operation reads a document of one operation.
func operation(t testing.TB, api *graph.API, query string) (*ast.QueryDocument, *ast.OperationDefinition) {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(api.Schema(), query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	return doc, doc.Operations[0]
}

// The plans of the documents in testdata/plans/*.graphql are in .sql files of the same names. A document begins with
// comments: the caller, and the variables if it has any.
func TestPlans(t *testing.T) {
	api := platform(t)
	callers := map[string]caller.Caller{"service": {Service: true}, "nobody": {}, "a user": {UID: "ada"}}
	files, err := filepath.Glob("testdata/plans/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal("no plans", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(text), "\n")
		caller, ok := callers[strings.TrimPrefix(first, "# as ")]
		if !ok {
			t.Fatalf("%s: %q names no caller", file, first)
		}
		r := graph.Request{Caller: caller}
		if second, _, _ := strings.Cut(rest, "\n"); strings.HasPrefix(second, "# {") {
			if err := json.Unmarshal([]byte(second[2:]), &r.Variables); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
		doc, op := operation(t, api, string(text))
		plan, err := api.Plan(doc, op, r)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		testkit.Golden(t, strings.TrimSuffix(file, ".graphql")+".sql", []byte(plan.String()))
	}
}

func TestPlanDependsOnShapeOnly(t *testing.T) {
	api := platform(t)
	doc, op := operation(t, api, `query($w: PromptWhere, $o: [PromptOrder!], $n: Int, $b: Boolean! = true) {
  prompts(where: $w, orderBy: $o, first: $n) {nodes {id title @include(if: $b)}}}`)
	vars := func(title string, n int) map[string]any {
		return map[string]any{"w": map[string]any{"title": map[string]any{"eq": title}}, "o": []any{map[string]any{"title": "ASC"}}, "n": n, "b": true}
	}
	base := graph.Request{Variables: vars("a", 1), Caller: caller.Caller{UID: "ada"}}
	shape := api.Shape(op, base)
	plan, err := api.Plan(doc, op, base)
	if err != nil {
		t.Fatal(err)
	}
	same := graph.Request{Variables: vars("'; --", 7), Caller: caller.Caller{UID: "bob", Roles: []string{"admin"}}}
	if got := api.Shape(op, same); got != shape {
		t.Errorf("shapes %q and %q differ", got, shape)
	}
	if again, err := api.Plan(doc, op, same); err != nil || again.SQL != plan.SQL {
		t.Errorf("plans of one shape differ: %v", err)
	}
	args, err := plan.Bind(same)
	if err != nil || !contains(args, "'; --") || !contains(args, "bob") || !contains(args, 7) {
		t.Errorf("bound %v, %v", args, err)
	}
	for name, change := range map[string]func(r *graph.Request){
		"service":   func(r *graph.Request) { r.Caller = caller.Caller{Service: true} },
		"nobody":    func(r *graph.Request) { r.Caller = caller.Caller{} },
		"boolean":   func(r *graph.Request) { r.Variables["b"] = false },
		"null":      func(r *graph.Request) { r.Variables["n"] = nil },
		"not given": func(r *graph.Request) { delete(r.Variables, "n") },
		"other operator": func(r *graph.Request) {
			r.Variables["w"] = map[string]any{"title": map[string]any{"ne": "a"}}
		},
		"other field":     func(r *graph.Request) { r.Variables["w"] = map[string]any{"body": map[string]any{"eq": "a"}} },
		"other direction": func(r *graph.Request) { r.Variables["o"] = []any{map[string]any{"title": "DESC"}} },
	} {
		r := graph.Request{Variables: vars("a", 1), Caller: caller.Caller{UID: "ada"}}
		change(&r)
		if api.Shape(op, r) == shape {
			t.Errorf("%s: the shape is the same", name)
		}
	}
}

func contains(list []any, want any) bool {
	for _, v := range list {
		if v == want {
			return true
		}
	}
	return false
}

func TestSchemasThatCannotBeServed(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"a rule that is not SQL": {`type A @table @auth(rules: [{allow: PUBLIC, where: "this.p.x == 1"}]) { p: JSON }`,
			`schema.graphql:1:`},
	} {
		_, err := derive(t, tt.text, graph.Options{})
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken := schema.New(nil, nil, []*schema.Enum{{Name: "PageInfo", Values: []schema.EnumValue{{Name: "A"}}}})
	if _, err := graph.New(taken, graph.Options{}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(errors.Unwrap(err)), "PageInfo") {
		t.Errorf("a name of ours: %v", err)
	}
	if _, err := derive(t, `type A @table { x: Int }`, graph.Options{MaxDepth: -1}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("negative depth: %v", err)
	}
	api, err := derive(t, `type A @table { x: Int }`, graph.Options{})
	if err != nil || !strings.Contains(api.SDL(), "nothing: Boolean") {
		t.Errorf("a schema without rules: %v", err)
	}
}

// Whatever a document and its variables hold, planning and binding end without a panic, and only values
// become parameters.
func FuzzPlan(f *testing.F) {
	api := platform(f)
	for _, query := range []string{
		`{prompts(first: 2, orderBy: [{score: DESC}]) {totalCount edges {cursor node {id}} pageInfo {endCursor}}}`,
		`query($w: PromptWhere, $n: Int) {prompts(where: $w, first: $n) {nodes {...F @skip(if: false)}}} fragment F on Prompt {title owner {name}}`,
		`{prompts(where: {or: [{title: {in: ["'"]}}, {not: {executions: {some: {ok: {eq: true}}}}}]}) {nodes {labels {nodes {name}}}}}`,
		`{__schema {types {name fields {name type {ofType {name}}}}} __type(name: "Prompt") {kind}}`,
		`{user(id: "x") {profile {bio} email} membership(userId: "a", teamId: "b") {role}}`,
		`{executions(last: 3, before: "WyJ4Il0=") {nodes {latency payload moments amounts}}}`,
		`{nothing}`, `{prompts(first: $n) {totalCount}}`, `query($a: [PromptOrder!] = {id: ASC}) {prompts(orderBy: $a) {totalCount}}`,
	} {
		f.Add(query, "x", int64(3), true)
	}
	f.Fuzz(func(t *testing.T, query, s string, n int64, b bool) {
		doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, 2000)
		if err != nil || validator.ValidateWithRules(api.Schema(), doc, rules.NewDefaultRules()) != nil {
			return
		}
		where := map[string]any{"title": map[string]any{"eq": s}, "and": []any{map[string]any{"score": map[string]any{"in": []any{n}}}}}
		for _, op := range doc.Operations {
			raw := map[string]any{}
			for i, v := range op.VariableDefinitions {
				raw[v.Variable] = []any{s, n, b, where, []any{map[string]any{s: "ASC"}}, nil}[(i+len(s))%6]
			}
			vars, err := validator.VariableValues(api.Schema(), op, raw)
			if err != nil {
				continue
			}
			r := graph.Request{Variables: vars, Caller: caller.Caller{UID: s}}
			plan, err := api.Plan(doc, op, r)
			if err != nil {
				continue
			}
			if _, err := plan.Bind(r); err != nil && fault.CodeOf(err) != fault.Invalid {
				t.Errorf("bind: %v", err)
			}
			for _, root := range plan.Fields {
				if root.Introspection != nil {
					_, _ = root.Introspection.JSON(vars)
				}
			}
			_, _ = plan.Cost.Of(vars), plan.String()
			for _, step := range plan.Steps {
				if _, err := step.Write.Bind(r, nil); err != nil && fault.CodeOf(err) != fault.Invalid {
					t.Errorf("bind: %v", err)
				}
			}
			if len(s) > 8 && strings.Contains(plan.SQL, s) && !strings.Contains(query, s) {
				t.Errorf("a variable is in the SQL: %s", plan.SQL)
			}
		}
	})
}

// Whoever creates a row may leave out a column that counts up by itself.
func TestCreateWithoutSerial(t *testing.T) {
	t.Parallel()
	api, err := derive(t, `type Ticket @table @auth(rules: [{ allow: PUBLIC }]) { id: Int! @col(dataType: "serial") number: Int64! @col(dataType: "bigserial") title: String! }`, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, input, _ := strings.Cut(api.SDL(), "input TicketCreate {")
	input, _, _ = strings.Cut(input, "}")
	for _, line := range []string{"id: Int\n", "number: Int64\n", "title: String!\n"} {
		if !strings.Contains(input, line) {
			t.Errorf("no %q in:\n%s", line, input)
		}
	}
}
