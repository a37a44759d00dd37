package exec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

const customSchema = `
	enum Mood { GOOD SO_SO @value(name: "so so") }
	type Person @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, where: "this.open" }, { allow: OWNER, field: "id" }, { allow: ROLE, roles: ["admin"] }]) {
	  id: ID! @col(dataType: "text")
	  name: String!
	  open: Boolean!
	  secret: String @auth(rules: [{ allow: OWNER, field: "id" }])
	}
	type Numbers { people: Int! share: Decimal mood: Mood moods: [Mood!] takenAt: DateTime }
	extend type Query {
	  longNames("Letters." min: Int = 3, like: [String!]): [Person!]! @auth(rules: [{ allow: PUBLIC }]) @sql(query: """
	    select id from people where length(name) >= $min and ($like is null or name = any ($like))
	    order by length(name) desc, id
	  """)
	  me: Person @sql(query: "select * from people where id = $auth.uid") @auth(rules: [{ allow: AUTHENTICATED }])
	  total: Int! @sql(query: "select count(*)::int from people -- all;") @auth(rules: [{ allow: ROLE, roles: ["admin"] }])
	  letters(word: String!, times: Int = 1): [String!]! @function(name: "letters_of") @auth(rules: [{ allow: PUBLIC }])
	  numbers(mood: Mood): Numbers @auth(rules: [{ allow: PUBLIC }]) @sql(query: """
	    select count(*)::int as people, 0.50 as share, $mood as mood, array[$mood, 'GOOD'] as moods, timestamptz '2026-01-01 00:00+00' as taken_at from people
	  """)
	  hidden: Int @sql(query: "select 1") @auth(rules: [])
	}
	extend type Mutation {
	  rename(who: String!, name: String!): [Person!]! @auth(rules: [{ allow: AUTHENTICATED }])
	    @sql(query: "update people set name = $name where id in ($who, $auth.uid) returning id")
	  count(by: Int!): Int @sql(query: "update counters set n = n + $by returning n") @auth(rules: [{ allow: PUBLIC }])
	}`

const customTables = `CREATE FUNCTION letters_of(word text, times int) RETURNS SETOF text LANGUAGE sql STABLE AS
	$$ SELECT l FROM generate_series(1, least(times, 5)), unnest(string_to_array(word, NULL)) WITH ORDINALITY u(l, n) ORDER BY n $$;
	CREATE TABLE counters (n int); INSERT INTO counters VALUES (0)`

// guest is a row of people.
type guest struct {
	ID, Name string
	open     bool
}

func guests(seed uint64, n int) (list []guest, sql string) {
	random := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // not for secrets
	var values []string
	for i := range n {
		g := guest{fmt.Sprintf("p%02d", i), strings.Repeat(string(rune('a'+random.IntN(3))), 1+random.IntN(6)), random.IntN(2) == 0}
		list = append(list, g)
		values = append(values, fmt.Sprintf("('%s', '%s', %t, 's%d')", g.ID, g.Name, g.open, i))
	}
	return list, "INSERT INTO people VALUES " + strings.Join(values, ", ")
}

func customPeople(t testing.TB) client {
	t.Helper()
	_, rows := guests(*randomSeed, 30)
	return serve(t, customSchema, "", customTables, rows)
}

// Rows that SQL of the team returns are those that plain Go picks, in its order, of which the rules of their type leave out the others.
func TestCustomRows(t *testing.T) {
	all, rows := guests(3, 30)
	c := serve(t, customSchema, "", customTables, rows)
	for _, who := range []caller.Caller{anonymous, {UID: "p03"}, {UID: "x", Roles: []string{"admin"}}, service} {
		for least := range 8 {
			var want []guest
			for _, g := range all {
				isReadable := g.open || g.ID == who.UID || who.Roles != nil || who.Service
				if len(g.Name) >= least && isReadable {
					want = append(want, guest{ID: g.ID, Name: g.Name})
				}
			}
			slices.SortStableFunc(want, func(a, b guest) int { return len(b.Name) - len(a.Name) })
			var got struct{ LongNames []guest }
			text := c.as(who).data(t, `query($min: Int) {longNames(min: $min) {id name}}`, map[string]any{"min": least})
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.LongNames, want) {
				t.Errorf("%+v, at least %d letters: %v, want %v", who, least, got.LongNames, want)
			}
		}
	}
}

func TestCustomFields(t *testing.T) {
	c := serve(t, customSchema, "", customTables, `INSERT INTO people VALUES ('ada', 'Ada', false, 'a'), ('bob', 'Bobby', true, 'b'), ('eve', 'Eve', false, 'e')`)
	ada, admin := caller.Caller{UID: "ada"}, caller.Caller{UID: "x", Roles: []string{"admin"}}
	for _, tt := range []struct {
		who         caller.Caller
		query, want string
	}{
		{anonymous, `{longNames {id secret}}`, `{"data":{"longNames":[{"id":"bob","secret":null}]}}`},
		{ada, `{longNames(like: ["Ada", "Eve"]) {id secret} again: longNames(min: 5) {name} }`, `{"data":{"longNames":[{"id":"ada","secret":"a"}],"again":[{"name":"Bobby"}]}}`},
		{ada, `{me {__typename name}}`, `{"data":{"me":{"__typename":"Person","name":"Ada"}}}`},
		{caller.Caller{UID: "nobody"}, `{me {name}}`, `{"data":{"me":null}}`},
		{anonymous, `{me {name}}`, `"code":"UNAUTHENTICATED"`},
		{ada, `{total}`, `"code":"FORBIDDEN"`},
		{admin, `{total people {totalCount}}`, `{"data":{"total":3,"people":{"totalCount":3}}}`},
		{admin, `{hidden}`, `"code":"FORBIDDEN"`},
		{service, `{hidden}`, `{"data":{"hidden":1}}`},
		{anonymous, `{letters(word: "a\"b") two: letters(word: "x", times: 2)}`, `{"data":{"letters":["a","\"","b"],"two":["x","x"]}}`},
		{anonymous, `{numbers(mood: SO_SO) {people share mood moods takenAt __typename}}`,
			`{"data":{"numbers":{"people":3,"share":"0.50","mood":"SO_SO","moods":["SO_SO","GOOD"],"takenAt":"2026-01-01T00:00:00Z","__typename":"Numbers"}}}`},
		{anonymous, `{numbers {mood}}`, `{"data":{"numbers":{"mood":null}}}`},
		{anonymous, `{letters}`, `"code":"INVALID"`},
		{anonymous, `mutation {rename(who: "eve", name: "X") {id}}`, `"code":"UNAUTHENTICATED"`},
		{ada, `mutation {rename(who: "eve", name: "Zoe") {id name secret}}`, `{"data":{"rename":[{"id":"ada","name":"Zoe","secret":"a"}]}}`},
		{admin, `{people(where: {name: {eq: "Zoe"}}) {totalCount}}`, `{"data":{"people":{"totalCount":2}}}`},
		{anonymous, `mutation {a: count(by: 2) b: count(by: 3)}`, `{"data":{"a":2,"b":5}}`},
		{anonymous, `mutation {a: count(by: 2) createPerson(data: {id: "q", name: "Q", open: false}) {id}}`, `"code":"FORBIDDEN"`},
		{anonymous, `mutation {count(by: 0)}`, `{"data":{"count":5}}`}, // the transaction has taken back the other
		{caller.Caller{UID: "ada", Scope: caller.Scope{Types: []string{"Person"}}}, `{me {name}}`, `"code":"FORBIDDEN"`},
	} {
		if got := c.as(tt.who).send(t, tt.query, nil).Body.String(); !strings.Contains(got, tt.want) {
			t.Errorf("%s as %+v: %s, want %s", tt.query, tt.who, got, tt.want)
		}
	}
}

// Under policies, the SQL of the team sees the rows that the caller is allowed to read.
func TestCustomFieldsUnderPolicies(t *testing.T) {
	e := enforce(t, strings.NewReplacer(`@function(name: "letters_of")`, `@sql(query: "select $word from generate_series(1, least($times, 5))")`,
		"update counters set n = n + $by returning n", "select $by").Replace(customSchema),
		`INSERT INTO people VALUES ('ada', 'Ada', false, 'a'), ('bob', 'Bobby', true, 'b'), ('eve', 'Eve', false, 'e')`)
	ada := caller.Caller{UID: "ada"}
	for query, want := range map[string]string{
		`{longNames {id secret}}`: `{"longNames":[{"id":"bob","secret":null},{"id":"ada","secret":"a"}]}`,
		`{me {name}}`:             `{"me":{"name":"Ada"}}`,
		`{numbers {people}}`:      `{"numbers":{"people":2}}`,
		`mutation {rename(who: "eve", name: "Zoe") {id name secret}}`: `{"rename":[{"id":"ada","name":"Zoe","secret":"a"}]}`,
	} {
		if got := e.answer(t, e.on.as(ada), query, nil); !strings.Contains(got, `{"data":`+want+`}`) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// Mistakes in the SQL of the team have a place.
func TestVerifyCustomFields(t *testing.T) {
	c := customPeople(t)
	conn, err := c.db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if err := exec.Verify(t.Context(), conn.Conn(), apiOf(t, customSchema)); err != nil {
		t.Error(err)
	}
	err = exec.Verify(t.Context(), conn.Conn(), apiOf(t, `
type Person @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") }
type Pair { a: Int bTwo: Int }
extend type Query {
  a(n: Int): Int @auth(rules: []) @sql(query: "select $n + oops")
  b: [Person!] @auth(rules: []) @sql(query: "select 1 as idd")
  c: Pair @auth(rules: []) @sql(query: "select 1 as a")
  d: Int @auth(rules: []) @function(name: "nothing")
}
extend type Mutation { e: Int @auth(rules: []) @sql(query: "delete from people") }`))
	for _, want := range []string{
		`schema.graphql:5:60: Query.a: column "oops" does not exist`, "schema.graphql:6:45: Query.b: column the custom row.id does not exist",
		"schema.graphql:7:40: Query.c: column the custom row.b_two does not exist", "schema.graphql:8:43: Query.d: function nothing() does not exist",
		`schema.graphql:10:60: Mutation.e: WITH query "the custom row" does not have a RETURNING clause`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Verify returns %v, want %s", err, want)
		}
	}
}
