package exec_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
)

// reportSchema has tiers in another order than that of the alphabet, and one whose label differs.
const reportSchema = `
enum Tier @tiers { FREE PRO @value(name: "pro plan") ENTERPRISE }

type Report @table(key: ["name"]) @auth(rules: [
  { allow: PUBLIC, where: "this.level == 0", operations: [READ] }
  { allow: TIER, atLeast: PRO, where: "this.level < 2" }
  { allow: TIER, atLeast: ENTERPRISE, where: "this.owner == auth.uid", operations: [READ] }
  { allow: ROLE, roles: ["admin"], operations: [READ] }
]) {
  name: String!
  level: Int!
  owner: String!
  cost: Int @auth(rules: [{ allow: TIER, atLeast: ENTERPRISE, operations: [READ, CREATE] }])
}
`

func TestTiers(t *testing.T) {
	c := serve(t, reportSchema, "", "INSERT INTO reports VALUES ('open', 0, 'ada', 1), ('pro', 1, 'ada', 2), ('own', 2, 'ada', 3)")
	tier := func(name string) caller.Caller { return caller.Caller{UID: "ada", Tier: name} }
	const (
		list   = `{reports(orderBy: {level: ASC}) {nodes {name cost}}}`
		create = `mutation {createReport(data: {name: "n", level: 1, owner: "x"}) {name}}`
		costly = `mutation {createReport(data: {name: "m", level: 1, owner: "x", cost: 1}) {name}}`
		update = `mutation {updateReport(name: "pro", data: {level: 1}) {name}}`
		raise  = `mutation {updateReport(name: "pro", data: {level: 2}) {name}}`
		remove = `mutation {deleteReport(name: "n") {name}}`
	)
	for _, tt := range []struct {
		name, query string
		caller      caller.Caller
		want        string
	}{
		{"anonymous", list, caller.Caller{}, `[{"name":"open","cost":null}]`},
		{"no tier", list, tier(""), `[{"name":"open","cost":null}]`},
		{"a tier below", list, tier("FREE"), `[{"name":"open","cost":null}]`},
		{"the tier", list, tier("PRO"), `[{"name":"open","cost":null},{"name":"pro","cost":null}]`},
		{"a tier above", list, tier("ENTERPRISE"), `[{"name":"open","cost":1},{"name":"pro","cost":2},{"name":"own","cost":3}]`},
		{"a tier and nobody", list, caller.Caller{Tier: "ENTERPRISE"}, `[{"name":"open","cost":1},{"name":"pro","cost":2}]`},
		{"no tier of the schema", list, tier("GOLD"), `[{"name":"open","cost":null}]`},
		{"another case", list, tier("pro"), `[{"name":"open","cost":null}]`},
		{"a label", list, tier("pro plan"), `[{"name":"open","cost":null}]`},
		{"a role is no tier", list, caller.Caller{UID: "ada", Roles: []string{"PRO", "ENTERPRISE"}}, `[{"name":"open","cost":null}]`},
		{"a tier is no role", list, tier("admin"), `[{"name":"open","cost":null}]`},
		{"create anonymously", create, caller.Caller{}, "UNAUTHENTICATED"},
		{"create below", create, tier("FREE"), "FORBIDDEN"},
		{"create", create, tier("PRO"), `{"name":"n"}`},
		{"create with a field of a higher tier", costly, tier("PRO"), "FORBIDDEN"},
		{"create with the field", costly, tier("ENTERPRISE"), `{"name":"m"}`},
		{"update below", update, tier("FREE"), "NOT_FOUND"},
		{"update", update, tier("PRO"), `{"name":"pro"}`},
		{"update to a row of no rule", raise, tier("PRO"), "FORBIDDEN"},
		{"delete below", remove, tier("FREE"), "NOT_FOUND"},
		{"delete", remove, tier("ENTERPRISE"), `{"name":"n"}`},
	} {
		if got := c.as(tt.caller).send(t, tt.query, nil).Body.String(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A tier is a parameter: callers of all tiers share one plan, and the plan says whether their answers differ.
func TestTiersShareAPlan(t *testing.T) {
	api := apiOf(t, reportSchema)
	for query, want := range map[string]string{
		`{reports {totalCount}}`:                         "uid, roles, tier",
		`{reports {nodes {name cost}}}`:                  "uid, roles, tier",
		`{__typename}`:                                   "nothing",
		`{reports(where: {cost: {eq: 1}}) {totalCount}}`: "uid, roles, tier",
	} {
		doc, errs := gqlparser.LoadQueryWithRules(api.Schema(), query, rules.NewDefaultRules())
		if errs != nil {
			t.Fatal(errs)
		}
		shapes := map[string]bool{}
		for _, tier := range []string{"", "FREE", "PRO", "ENTERPRISE", "GOLD"} {
			request := graph.Request{Caller: caller.Caller{UID: "ada", Tier: tier}}
			plan, err := api.Plan(doc, doc.Operations[0], request)
			if err != nil {
				t.Fatal(err)
			}
			if got := plan.PerCaller.String(); got != want {
				t.Errorf("%s depends on %s, want %s", query, got, want)
			}
			shapes[api.Shape(doc.Operations[0], request)] = true
		}
		if len(shapes) != 1 {
			t.Errorf("%s has %d plans for users", query, len(shapes))
		}
	}
}
