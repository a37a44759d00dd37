package exec_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/testkit"
)

// renamed is the API of the platform in which every type and field has another name: the one of the schema after a Q.
func renamed(t testing.TB) (*graph.API, *schema.Schema) {
	t.Helper()
	text, err := os.ReadFile("../testdata/platform.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s := parsed(t, string(text))
	for _, table := range s.Tables {
		single := schema.CamelCase(table.Name)
		table.API = schema.Shown{Name: "Q" + single, Plural: "q" + schema.ListName(single)}
		for _, f := range table.Fields {
			f.API.Name = "q" + f.Name
		}
	}
	api, err := graph.New(s, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api, s
}

var (
	afterQ   = regexp.MustCompile(`[Qq][a-z]`)
	articles = regexp.MustCompile(`\b([Aa])n `)
	anyName  = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	cursors  = regexp.MustCompile(`"[A-Za-z0-9+/]{20,}=*"`)
)

// original takes the Q out of names.
func original(text string) string {
	text = afterQ.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == 'Q' {
			return strings.ToUpper(s[1:])
		}
		return s[1:]
	})
	return articles.ReplaceAllString(cursors.ReplaceAllString(text, `"cursor"`), "$1 ")
}

// The API of a schema with other names is the same API with other names.
func TestAPINamesInSDL(t *testing.T) {
	api, s := renamed(t)
	if got, want := original(api.SDL()), original(platform(t, graph.Options{}).SDL()); got != want {
		t.Error(cmp.Diff(want, got))
	}
	for _, table := range s.Tables {
		if api.Schema().Types[table.Name] != nil {
			t.Errorf("the API has a type %s", table.Name)
		}
		for _, suffix := range []string{"", "Where", "Order", "Create", "Patch"} {
			def := api.Schema().Types[table.APIName()+suffix]
			for _, f := range table.Fields {
				if def != nil && def.Fields.ForName(f.Name) != nil {
					t.Errorf("%s has a field %s", def.Name, f.Name)
				}
			}
		}
	}
}

// Operations with other names have the same answers, with other names.
func TestAPINamesInAnswers(t *testing.T) {
	api, s := renamed(t)
	secret := namesOf(s)
	plainAPI := platform(t, graph.Options{})
	plain, other := newClient(t, nil), newClient(t, func(o *exec.Options) { o.API = api })
	for i := range *operations {
		var texts, bodies [2]string
		var valid bool
		for j, side := range []struct {
			client client
			schema *ast.Schema
		}{{plain, plainAPI.Schema()}, {other, api.Schema()}} {
			queries := *side.schema
			queries.Mutation = nil
			g := operationMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i))), schema: &queries, variables: map[string]any{}} //nolint:gosec // not for secrets
			texts[j] = g.operation()
			w := side.client.as([]caller.Caller{service, anonymous, ada, bob, admin}[i%5]).send(t, texts[j], g.variables)
			bodies[j], valid = w.Body.String(), w.Code == http.StatusOK
		}
		if original(texts[0]) != original(texts[1]) {
			t.Fatalf("other operations:\n%s\n%s", texts[0], texts[1])
		}
		if valid && original(bodies[0]) != original(bodies[1]) {
			t.Errorf("%s\n%s answers\n%s, not\n%s", texts[0], texts[1], bodies[1], bodies[0])
		}
		if leak := leaked(bodies[1], secret); !valid && leak != "" {
			t.Errorf("%s\nanswers with the name %s of the schema: %s", texts[1], leak, bodies[1])
		}
	}
}

// namesOf are the names of a schema that are no words of messages.
func namesOf(s *schema.Schema) map[string]bool {
	names := map[string]bool{}
	for _, table := range s.Tables {
		names[table.Name] = true
		for _, f := range table.Fields {
			names[f.Name] = strings.ToLower(f.Name) != f.Name
		}
	}
	return names
}

// leaked returns a name of the schema that the message or the field of an error has.
func leaked(body string, names map[string]bool) string {
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct{ Field string }
		}
	}
	if json.Unmarshal([]byte(body), &answer) != nil {
		return ""
	}
	for _, e := range answer.Errors {
		for _, name := range anyName.FindAllString(e.Message+" "+e.Extensions.Field, -1) {
			if names[name] {
				return name
			}
		}
	}
	return ""
}

const shownSchema = `
	type Human @table(name: "people") @api(name: "Person", plural: "folk", hide: [DELETE]) @auth(rules: [{ allow: PUBLIC }]) {
	  fullName: String! @api(name: "name") @length(max: 5)
	  password: String @api(hide: [READ])
	  joined: Int @api(hide: [CREATE, UPDATE])
	  salt: Int! @default(value: 7) @api(hide: true) @check(expr: "this.salt > 0")
	  code: String @unique @api(name: "tag")
	  pets: [Pet!]!
	}
	type Pet @table @api(hide: [READ]) @auth(rules: [{ allow: PUBLIC }]) { master: Human! @api(name: "owner") name: String! }
	type Ghost @table @api(hide: true) @auth(rules: [{ allow: PUBLIC }]) { name: String! }`

// What is hidden is in no part of the API, and an operation that is hidden cannot be called.
func TestHiddenInTheAPI(t *testing.T) {
	c := serve(t, shownSchema, "")
	sdl := apiOf(t, shownSchema).SDL()
	for _, wrong := range []string{"Human", "human", "fullName", "salt", "Ghost", "ghost", "deletePerson", "deleteFolk", "master", "pet(", "pets("} {
		if strings.Contains(strings.ReplaceAll(sdl, "pets(where", ""), wrong) {
			t.Errorf("the API has %q:\n%s", wrong, sdl)
		}
	}
	id := c.data(t, `mutation { createPerson(data: {name: "Ada", password: "p", tag: "t"}) { id } }`, nil)
	id = regexp.MustCompile(`[0-9a-f-]{36}`).FindString(id)
	for _, tt := range []struct{ query, want string }{
		{`{ folk { nodes { __typename name joined tag } } person(id: "` + id + `") { name } }`,
			`{"folk":{"nodes":[{"__typename":"Person","name":"Ada","joined":null,"tag":"t"}]},"person":{"name":"Ada"}}`},
		{`mutation { createPet(data: {ownerId: "` + id + `", name: "Rex"}) { owner { name pets { nodes { name ownerId } } } } }`,
			`{"createPet":{"owner":{"name":"Ada","pets":{"nodes":[{"name":"Rex","ownerId":"` + id + `"}]}}}}`},
		{`mutation { updateFolk(where: {name: {eq: "Ada"}}, data: {password: "q"}) { count } }`, `{"updateFolk":{"count":1}}`},
		{`{ folk(where: {pets: {some: {owner: {tag: {eq: "t"}}}}}, orderBy: [{tag: DESC}]) { totalCount } }`, `{"folk":{"totalCount":1}}`},
	} {
		if got := c.data(t, tt.query, nil); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.query, got, tt.want)
		}
	}
	for _, query := range []string{
		`mutation { createPerson(data: {name: "too long"}) { id } }`, `mutation { createPerson(data: {name: "B", tag: "t"}) { id } }`,
		`mutation { createPerson(data: {name: "B", salt: 1}) { id } }`, `mutation { createPerson(data: {name: "B", joined: 1}) { id } }`,
		`{ folk { nodes { password } } }`, `{ folk(where: {password: {eq: "q"}}) { totalCount } }`, `{ folk(orderBy: [{password: ASC}]) { totalCount } }`,
		`{ pets { totalCount } }`, `mutation { deletePerson(id: "` + id + `") { id } }`,
	} {
		body := c.as(service).send(t, query, nil).Body.String()
		if !strings.Contains(body, `"errors"`) || strings.Contains(body, "fullName") || strings.Contains(body, "another Human") {
			t.Errorf("%s answers %s", query, body)
		}
	}
	testkit.Exec(t, c.db, `ALTER TABLE people ALTER salt SET DEFAULT 0`)
	if body := c.as(service).send(t, `mutation { createPerson(data: {name: "B"}) { id } }`, nil).Body.String(); strings.Contains(body, "salt") {
		t.Errorf("an error names a hidden field: %s", body)
	}
}
