package exec_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// relay is the API of a database with global IDs, whose statements run under the policies or not, beside the API without.
type relay struct {
	enforced
	api       *graph.API // with global IDs
	under     client     // under the policies
	bare      client
	lastPlans *lastPlan
}

// lastPlan keeps the last operation.
type lastPlan struct{ *exec.Operation }

func (*lastPlan) Name() string { return "last plan" }

func (l *lastPlan) Settle(_ context.Context, op *exec.Operation) { l.Operation = op }

func relayed(t testing.TB, text string, rows ...string) relay {
	t.Helper()
	r := relay{enforced: enforce(t, text, rows...), lastPlans: &lastPlan{}}
	var err error
	if r.api, err = graph.New(r.schema, graph.Options{Relay: true}); err != nil {
		t.Fatal(err)
	}
	policed, err := graph.New(r.schema, graph.Options{Relay: true, Policed: true})
	if err != nil {
		t.Fatal(err)
	}
	r.bare = client{handler: handlerOf(t, exec.Options{API: r.api, DB: exec.Single(r.db), Introspection: true, Observers: []exec.Observer{r.lastPlans}}), db: r.db}
	r.under = client{handler: handlerOf(t, exec.Options{API: policed, DB: exec.Single(r.db), Enforce: &exec.Enforcement{Security: rls.Options{Enforce: true}}}), db: r.db}
	return r
}

// keySchema has keys of all kinds.
const keySchema = `
	enum Kind { A B }
	type Thing @table(key: ["code", "day", "kind", "at", "big"]) @auth(rules: [{ allow: PUBLIC }]) {
	  code: String! day: Date! kind: Kind! at: DateTime! big: Int64! note: String parts: [Part!]!
	}
	type Number @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, where: "this.id > 0" }]) { id: Int! note: String }
	type Part @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: String! thing: Thing! }
	type Nothing @table @auth(rules: [{ allow: ROLE, roles: ["x"] }]) { id: ID! @auth(rules: [{ allow: ROLE, roles: ["y"] }]) note: String }`

const keyRows = `INSERT INTO things (code, day, kind, at, big, note) VALUES ('a"b\c', '2026-01-02', 'A', '2026-01-02T03:04:05.678+02', 9007199254740993, 'one'), ('', '0001-01-01', 'B', '9999-12-31T23:59:59Z', -1, 'two');
	INSERT INTO numbers (id, note) VALUES (1, 'n1'), (-1, 'hidden');
	INSERT INTO parts (id, thing_code, thing_day, thing_kind, thing_at, thing_big) SELECT 'ü/?' || note, code, day, kind, at, big FROM things;
	INSERT INTO nothings (id, note) VALUES ('00000000-0000-7000-8000-000000000001', 'n')`

// A row by its global ID is the row by its key, for every caller, with and without policies.
func TestNodeIsTheRowOfItsKey(t *testing.T) {
	found, missing := 0, 0
	compare := func(text string, callers []caller.Caller, rows ...string) {
		r := relayed(t, text, rows...)
		for _, who := range callers {
			f, m := r.compareNodes(t, who)
			found, missing = found+f, missing+m
		}
		if t.Failed() {
			t.Fatal(text)
		}
	}
	compare(keySchema, []caller.Caller{anonymous, {UID: "u"}, service}, keyRows)
	compare(ballotSchema, []caller.Caller{anonymous, {UID: "alice"}, {UID: "bob", Roles: []string{"clerk"}}, service}, ballotRows)
	for i := range *enforcedRounds {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i))), fresh: i%2 == 1} //nolint:gosec // not for secrets
		compare(g.schema(), enforcedCallers, g.rows()...)
	}
	if found < 100 || missing < 100 {
		t.Errorf("%d rows are found and %d are not: the test asks too little", found, missing)
	}
}

// compareNodes asks for every row by its key and by its global ID. It returns how many rows the caller sees, and how many not.
func (r relay) compareNodes(t *testing.T, who caller.Caller) (found, missing int) {
	t.Helper()
	for _, row := range r.rows(t) {
		want := rowOrCodes(r.off.as(who).send(t, "{ row: "+row.single+row.key+" { "+r.selection(row.typ, true)+" } }", nil).Body.String(), "row")
		fields := r.selection(row.typ, false)
		for name, query := range map[string]string{
			"node":   "query($id: ID!) { row: node(id: $id) { ... on Node { __typename } ... on " + row.typ + " { " + fields + " } } }",
			"nodes":  "query($id: ID!) { row: nodes(ids: [$id]) { ...F } } fragment F on " + row.typ + " { " + fields + " }",
			"by key": "query($id: ID!) { row: " + row.single + "(id: $id) { " + fields + " } }",
		} {
			for side, c := range map[string]client{"under policies": r.under, "without policies": r.bare} {
				got := rowOrCodes(c.as(who).send(t, query, map[string]any{"id": row.id}).Body.String(), "row")
				if list, ok := strings.CutPrefix(got, "["); ok {
					got = strings.TrimSuffix(list, "]")
				}
				if got != want {
					t.Errorf("%s %s as %+v: %s is %s, want %s", name, side, who, row.id, got, want)
				}
			}
		}
		switch {
		case want == "null":
			missing++
		case strings.HasPrefix(want, "{"):
			found++
		}
	}
	return found, missing
}

// globalRow is a row with its global ID, and its key as arguments of the API without.
type globalRow struct{ typ, single, key, id string }

// rows returns all rows that have global IDs. No two have the same.
func (r relay) rows(t *testing.T) (list []globalRow) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range r.api.Schema().Query.Fields {
		typ := r.api.Schema().Types[strings.TrimSuffix(f.Type.Name(), "Connection")]
		if !strings.HasSuffix(f.Type.Name(), "Connection") || !slices.Contains(typ.Interfaces, "Node") {
			continue
		}
		single := r.singleOf(typ.Name)
		var names []string
		for _, a := range single.Arguments {
			names = append(names, withGlobalIDs(a.Name, typ))
		}
		var answer struct {
			Rows struct{ Nodes []map[string]any }
		}
		body := r.bare.as(service).data(t, "{ rows: "+f.Name+"(first: 100) { nodes { id "+strings.Join(names, " ")+" } } }", nil)
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		for _, row := range answer.Rows.Nodes {
			var key []string
			for i, a := range single.Arguments {
				value := literalOf(row[names[i]])
				if r.schema.Enum(a.Type.Name()) != nil {
					value = strings.Trim(value, `"`)
				}
				key = append(key, a.Name+": "+value)
			}
			id, _ := row["id"].(string)
			if seen[id] {
				t.Errorf("two rows have the ID %s", id)
			}
			seen[id] = true
			list = append(list, globalRow{typ.Name, single.Name, "(" + strings.Join(key, ", ") + ")", id})
		}
	}
	return list
}

// singleOf returns the root field of one row of a type, in the API without global IDs.
func (r relay) singleOf(typ string) *ast.FieldDefinition {
	fields := r.enforced.api.Schema().Query.Fields
	return fields[slices.IndexFunc(fields, func(f *ast.FieldDefinition) bool { return f.Type.NamedType == typ })]
}

// withGlobalIDs returns the name of a field in the API with global IDs.
func withGlobalIDs(name string, typ *ast.Definition) string {
	switch {
	case name == "id":
		return "rowId"
	case typ.Fields.ForName(name) != nil:
		return name
	}
	return strings.TrimSuffix(name, "Id") + "RowId"
}

// selection selects the scalars of a type, but for the global ID, under the names of the API with global IDs.
func (r relay) selection(typ string, plain bool) string {
	names := []string{"__typename"}
	for _, f := range r.enforced.api.Schema().Types[typ].Fields {
		name := withGlobalIDs(f.Name, r.api.Schema().Types[typ])
		switch {
		case r.api.Schema().Types[f.Type.Name()].IsCompositeType() || strings.HasPrefix(f.Name, "__"):
		case plain:
			names = append(names, name+": "+f.Name)
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// rowOrCodes is the value of a field of an answer, or the codes of its errors.
func rowOrCodes(body, field string) string {
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return err.Error()
	}
	if len(answer.Errors) > 0 {
		return fmt.Sprint("errors ", answer.Errors)
	}
	return string(answer.Data[field])
}

func globalOf(parts ...any) string {
	text, _ := json.Marshal(parts)
	return base64.RawURLEncoding.EncodeToString(text)
}

// relaySchema has references, and lists through a join table.
const relaySchema = `
	type User @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") name: String! posts: [Post!]! }
	type Post @table @auth(rules: [{ allow: PUBLIC }]) { title: String! score: Int! @default(value: 1) owner: User labels: [Label!]! }
	type Label @table(key: ["name", "lang"]) @auth(rules: [{ allow: PUBLIC }]) { name: String! lang: String! posts: [Post!]! }`

const (
	postOne, postTwo = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"

	relayRows = `INSERT INTO users (id, name) VALUES ('u1', 'Ada'), ('u2', 'Bob');
		INSERT INTO posts (id, title, owner_id) VALUES ('` + postOne + `', 'A', 'u1'), ('` + postTwo + `', 'B', NULL);
		INSERT INTO labels (name, lang) VALUES ('x', 'en'), ('x', 'de')`
)

// Whatever takes a key takes the ID that the API has given out.
func TestGlobalIDsAreTaken(t *testing.T) {
	c := relayed(t, relaySchema, relayRows).bare
	u1, u2, p1, p2 := globalOf("User", "u1"), globalOf("User", "u2"), globalOf("Post", postOne), globalOf("Post", postTwo)
	en, de := globalOf("Label", "x", "en"), globalOf("Label", "x", "de")
	for _, tt := range []struct{ query, want string }{
		{`{ node(id: "` + u1 + `") { __typename id ... on User { rowId name } ... on Post { title } } }`, `{"node":{"__typename":"User","id":"` + u1 + `","rowId":"u1","name":"Ada"}}`},
		{`{ nodes(ids: ["` + p2 + `", "` + u1 + `", "` + globalOf("Post", "00000000-0000-7000-8000-00000000000f") + `", "` + en + `", "` + p2 + `"]) { ... on User { name } ... on Post { title } ... on Label { lang } } }`,
			`{"nodes":[{"title":"B"},{"name":"Ada"},null,{"lang":"en"},{"title":"B"}]}`},
		{`{ nodes(ids: []) { id } }`, `{"nodes":[]}`},
		{`{ node(id: "` + globalOf("User", "nobody") + `") { id } }`, `{"node":null}`},
		{`{ label(id: "` + de + `") { id name lang } }`, `{"label":{"id":"` + de + `","name":"x","lang":"de"}}`},
		{`{ users(where: {id: {eq: "` + u1 + `"}}) { nodes { name posts { nodes { id owner { id } ownerRowId } } } } }`,
			`{"users":{"nodes":[{"name":"Ada","posts":{"nodes":[{"id":"` + p1 + `","owner":{"id":"` + u1 + `"},"ownerRowId":"u1"}]}}]}}`},
		{`{ users(where: {id: {ne: "` + u1 + `", isNull: false}}) { nodes { rowId } } }`, `{"users":{"nodes":[{"rowId":"u2"}]}}`},
		{`{ labels(where: {id: {in: ["` + en + `", "` + globalOf("Label", "y", "en") + `"]}}) { nodes { lang } } }`, `{"labels":{"nodes":[{"lang":"en"}]}}`},
		{`{ labels(where: {id: {notIn: ["` + en + `"]}}) { nodes { lang } } }`, `{"labels":{"nodes":[{"lang":"de"}]}}`},
		{`{ labels(where: {or: [{id: {eq: "` + en + `"}}, {id: {isNull: true}}]}) { nodes { lang } } }`, `{"labels":{"nodes":[{"lang":"en"}]}}`},
		{`{ posts(where: {owner: {id: {in: ["` + u1 + `"]}}}) { nodes { title } } }`, `{"posts":{"nodes":[{"title":"A"}]}}`},
		{`{ posts(where: {ownerRowId: {eq: "u1"}}, orderBy: [{rowId: ASC}], distinctOn: [rowId]) { groups(by: [{field: ownerRowId}]) { keys { ownerRowId } } } }`, `{"posts":{"groups":[{"keys":{"ownerRowId":"u1"}}]}}`},
		{`mutation { updatePost(id: "` + p2 + `", data: {owner: {connect: {id: "` + u2 + `"}}, labels: {connect: [{id: "` + de + `"}]}}) { owner { name } labels { nodes { id } } } }`,
			`{"updatePost":{"owner":{"name":"Bob"},"labels":{"nodes":[{"id":"` + de + `"}]}}}`},
		{`mutation { updatePost(id: "` + p2 + `", data: {ownerRowId: "u1", labels: {set: [{id: "` + en + `"}]}}) { owner { id } labels { nodes { lang } } } }`,
			`{"updatePost":{"owner":{"id":"` + u1 + `"},"labels":{"nodes":[{"lang":"en"}]}}}`},
		{`mutation { updateUser(id: "` + u2 + `", data: {posts: {connect: [{id: "` + p1 + `"}], create: [{title: "C"}]}}) { posts(orderBy: [{title: ASC}]) { nodes { title } } } }`,
			`{"updateUser":{"posts":{"nodes":[{"title":"A"},{"title":"C"}]}}}`},
		{`mutation { createUser(data: {rowId: "u3", name: "Eve"}) { id } }`, `{"createUser":{"id":"` + globalOf("User", "u3") + `"}}`},
		{`mutation { upsertUser(data: {rowId: "u3", name: "Eva"}, onConflict: {target: rowId, update: [name]}) { id name } }`, `{"upsertUser":{"id":"` + globalOf("User", "u3") + `","name":"Eva"}}`},
		{`mutation { deleteUsers(where: {id: {in: ["` + globalOf("User", "u3") + `"]}}) { count nodes { id } } }`, `{"deleteUsers":{"count":1,"nodes":[{"id":"` + globalOf("User", "u3") + `"}]}}`},
		{`mutation { deleteLabel(id: "` + de + `") { id } }`, `{"deleteLabel":{"id":"` + de + `"}}`},
		{`{ node(id: "` + u1 + `") { ... on User { x: name } ... on Post { x: title y: score } } }`, `{"node":{"x":"Ada"}}`},
		{`{ user(id: "` + u1 + `") { ... on Node { id ... on Post { title } ... on User { name } } } }`, `{"user":{"id":"` + u1 + `","name":"Ada"}}`},
		{`{ __type(name: "Node") { kind possibleTypes { name } fields { name type { kind ofType { name } } } } }`,
			`{"__type":{"kind":"INTERFACE","possibleTypes":[{"name":"User"},{"name":"Post"},{"name":"Label"}],"fields":[{"name":"id","type":{"kind":"NON_NULL","ofType":{"name":"ID"}}}]}}`},
		{`{ __type(name: "Post") { interfaces { name } possibleTypes { name } } }`, `{"__type":{"interfaces":[{"name":"Node"}],"possibleTypes":null}}`},
	} {
		if got := c.data(t, tt.query, nil); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.query, got, tt.want)
		}
	}
}

// What is not the ID of a row of the type is refused, with a hint.
func TestWrongGlobalIDs(t *testing.T) {
	r := relayed(t, relaySchema, relayRows)
	u1, p1 := globalOf("User", "u1"), globalOf("Post", postOne)
	wrong := []string{"", "u1", postOne, "!", globalOf("User"), globalOf("User", nil), globalOf("User", "u1", "x"), globalOf("User", []string{}), globalOf(1, 2), globalOf("Nobody", "x"),
		globalOf("Query", "x"), u1 + "=", u1[:len(u1)-1], base64.RawURLEncoding.EncodeToString([]byte(`["User","u1"]x`)), base64.RawURLEncoding.EncodeToString([]byte(`["User","u1"][]`)), globalOf("Post", "no uuid"), globalOf("User", "a\x00")}
	for _, id := range wrong {
		for _, query := range []string{
			`query($id: ID!) { node(id: $id) { id } }`, `query($id: ID!) { nodes(ids: [$id, "` + u1 + `"]) { id } }`, `query($id: ID!) { user(id: $id) { id } }`, `query($id: ID!) { users(where: {id: {eq: $id}}) { totalCount } }`,
			`query($id: ID!) { users(where: {id: {notIn: [$id]}}) { totalCount } }`, `mutation($id: ID!) { updatePost(id: "` + p1 + `", data: {owner: {connect: {id: $id}}}) { id } }`,
			`mutation($id: ID!) { updatePost(id: "` + p1 + `", data: {labels: {connect: [{id: $id}]}}) { id } }`, `mutation($id: ID!) { deleteUser(id: $id) { id } }`, `mutation($id: ID!) { deleteUsers(where: {id: {eq: $id}}) { count } }`,
		} {
			r.refuses(t, query, id)
			r.refuses(t, strings.ReplaceAll(strings.ReplaceAll(query, "($id: ID!)", ""), "$id", literalOf(id)), id)
		}
	}
	r.refuses(t, `query($id: ID!) { user(id: $id) { id } }`, p1)
	r.refuses(t, `query($id: ID!) { posts(where: {id: {in: [$id]}}) { totalCount } }`, u1)
	many := strings.Repeat(`"`+u1+`",`, 101)
	if body := r.bare.send(t, `{ nodes(ids: [`+many+`]) { id } }`, nil).Body.String(); !strings.Contains(body, "ids must have at most 100 elements; it has 101") {
		t.Error(body)
	}
	ids := slices.Repeat([]any{u1}, 101)
	for _, n := range []int{100, 101} {
		body := r.bare.send(t, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids[:n]}).Body.String()
		if refused := strings.Contains(body, "ids must have at most 100 elements; it has 101"); refused != (n == 101) {
			t.Error(n, body)
		}
	}
	for query, want := range map[string]string{
		`{ node(id: "` + u1 + `") { ... on User { x: name } ... on Post { x: score } } }`:                                            "conflicting types",
		`{ node(id: "` + u1 + `") { x: id ... on Post { x: rowId } } }`:                                                              "different fields",
		`{ node(id: "` + u1 + `") { ... on User { posts { x: totalCount } } ... on Post { posts: labels { x: nodes { name } } } } }`: "conflicting types",
	} {
		if body := r.bare.send(t, query, nil).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s answers %s", query, body)
		}
	}
}

func (r relay) refuses(t *testing.T, query, id string) {
	t.Helper()
	body := r.bare.send(t, query, map[string]any{"id": id}).Body.String()
	if !strings.Contains(body, `"code":"INVALID"`) || !strings.Contains(body, `"hint":"use the field id of `) {
		t.Errorf("%s with %q answers %s", query, id, body)
	}
}

// IDs of two types have two plans under one document, and those of one type share one.
func TestPlansOfNodes(t *testing.T) {
	r := relayed(t, relaySchema, relayRows)
	u1, u2, p1 := globalOf("User", "u1"), globalOf("User", "u2"), globalOf("Post", postOne)
	for _, tt := range []struct {
		query string
		ids   any
		found bool
		reads string
	}{
		{`query($ids: ID!) { ...Q } fragment Q on Query { node(id: $ids) { id ... on Post { title } } }`, u1, false, "[User]"},
		{`query($ids: ID!) { ...Q } fragment Q on Query { node(id: $ids) { id ... on Post { title } } }`, p1, false, "[Post]"},
		{`query($ids: ID!) { ...Q } fragment Q on Query { node(id: $ids) { id ... on Post { title } } }`, u2, true, "[User]"},
		{`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, []string{u1}, false, "[User]"},
		{`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, []string{u2, u1}, true, "[User]"},
		{`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, []string{u2, p1}, false, "[Post User]"},
		{`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, []string{p1, p1, u1}, true, "[Post User]"},
		{`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, []string{}, false, "[]"},
	} {
		r.bare.data(t, tt.query, map[string]any{"ids": tt.ids})
		op := r.lastPlans
		if op.PlanFound != tt.found || fmt.Sprint(op.Plan.Reads) != tt.reads {
			t.Errorf("%s with %v: the plan is found %t and reads %s, want %t and %s", tt.query, tt.ids, op.PlanFound, op.Plan.Reads, tt.found, tt.reads)
		}
	}
	cost := func(ids ...string) int {
		r.bare.data(t, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids})
		return r.lastPlans.Cost
	}
	if cost(u1, u2) <= cost(u1) {
		t.Error("more IDs cost no more")
	}
}

// A type whose key is hidden in some rows has no global IDs, and keeps its key.
func TestHiddenKeysHaveNoGlobalIDs(t *testing.T) {
	r := relayed(t, ballotSchema, ballotRows)
	def := r.api.Schema().Types["Ballot"]
	if len(def.Interfaces) > 0 || def.Fields.ForName("id") != nil || len(r.api.Schema().Query.Fields.ForName("ballot").Arguments) != 2 {
		t.Errorf("%+v", def)
	}
	for _, id := range []string{globalOf("Ballot", "alice", "p1"), globalOf("Ballot", "alice")} {
		r.refuses(t, `query($id: ID!) { node(id: $id) { id } }`, id)
	}
	if got := r.bare.as(caller.Caller{UID: "alice"}).data(t, `{ ballot(voterRowId: "alice", poll: "p1") { choice voterRowId } }`, nil); got != `{"ballot":{"choice":1,"voterRowId":"alice"}}` {
		t.Error(got)
	}
}

// Names that the API needs for global IDs are refused.
func TestTakenNamesOfNodes(t *testing.T) {
	for text, want := range map[string]string{
		`type Node @table @auth(rules: [{ allow: PUBLIC }]) { a: Int }`:                                     "Node",
		`enum Node { A } type B @table @auth(rules: [{ allow: PUBLIC }]) { a: Node }`:                       "Node",
		`type A @table @api(plural: "nodes") @auth(rules: [{ allow: PUBLIC }]) { a: Int }`:                  "A",
		`type A @table @auth(rules: [{ allow: PUBLIC }]) { rowId: Int }`:                                    "A.rowId",
		`type A @table @auth(rules: [{ allow: PUBLIC }]) { rowId: Int @api(name: "other") other2: String }`: "",
	} {
		_, err := graph.New(parsed(t, text), graph.Options{Relay: true})
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want+" is a name of the API for global IDs")) {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := graph.New(parsed(t, text), graph.Options{}); err != nil {
			t.Errorf("without global IDs, %s: %v", text, err)
		}
	}
}

// What a key violates is told under its name in the API.
func TestViolationsOfKeysWithGlobalIDs(t *testing.T) {
	r := relayed(t, `type A @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: Int! @check(expr: "this.id > 0") }`)
	body := r.bare.send(t, `mutation { createA(data: {rowId: -1}) { id } }`, nil).Body.String()
	if !strings.Contains(body, `"rowId: a value is not allowed"`) || !strings.Contains(body, `"field":"rowId"`) {
		t.Error(body)
	}
}

// relayPlatform is the platform with global IDs.
func relayPlatform(t testing.TB) client {
	t.Helper()
	return newClient(t, func(o *exec.Options) { o.API = platform(t, graph.Options{Relay: true}); o.Logger = testkit.Logger(t) })
}

// relayKnown are the IDs with which random operations ask an API with global IDs.
var relayKnown = map[string]map[string][]any{"relay": {"ID": {globalOf("User", "ada"), globalOf("User", "bob"), globalOf("Prompt", postOne), "ada", postOne}}}
