package exec_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

const computedSchema = `
	enum Size { SMALL LARGE @value(name: "big one") }
	type Person @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  firstName: String!
	  lastName: String
	  salary: Int @auth(rules: [{ allow: OWNER, field: "id" }, { allow: ROLE, roles: ["boss"] }])
	  friends: [Person!]! @manyToMany(table: "friends")
	  friendOf: [Person!]! @inverse(field: "friends")
	  fullName: String @sql(expr: "this.first_name || ' ' || this.last_name")
	  pay: Decimal @sql(expr: "this.salary * 1.5") @auth(rules: [{ allow: OWNER, field: "id" }, { allow: ROLE, roles: ["boss"] }])
	  letters: [String!] @sql(expr: "string_to_array(this.first_name, NULL)")
	  size: Size @function(name: "size_of") @auth(rules: [{ allow: PUBLIC }])
	  born: DateTime @sql(expr: """
	    case when this.last_name is not null
	    then timestamptz '2000-01-01T00:00:00Z' + length(this.last_name) * interval '1 day' end
	  """)
	  colleagues: Int @sql(expr: "(select count(*)::int from people p where p.last_name = this.last_name)") @auth(rules: [{ allow: AUTHENTICATED }])
	}`

const computedFunction = `CREATE FUNCTION size_of(p people) RETURNS size LANGUAGE sql STABLE AS
	$$ SELECT CASE WHEN length(p.first_name) > 4 THEN 'big one' ELSE 'SMALL' END::size $$`

// human is a row of people, with what plain Go computes of it.
type human struct {
	ID        string
	FirstName string
	LastName  *string
	FullName  *string
	Size      string
}

// people makes rows from a seed.
func people(seed uint64, n int) (list []human, sql []string) {
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // not for secrets
	for i := range n {
		h := human{ID: fmt.Sprintf("p%02d", i), FirstName: strings.Repeat(string(rune('a'+random.IntN(4))), 1+random.IntN(8)), Size: "SMALL"}
		last := "NULL"
		if random.IntN(4) > 0 {
			name := string(rune('k' + random.IntN(5)))
			full := h.FirstName + " " + name
			h.LastName, h.FullName, last = &name, &full, "'"+name+"'"
		}
		if len(h.FirstName) > 4 {
			h.Size = "LARGE"
		}
		list = append(list, h)
		sql = append(sql, fmt.Sprintf("INSERT INTO people VALUES ('%s', '%s', %s, %d)", h.ID, h.FirstName, last, random.IntN(1000)))
	}
	return list, sql
}

func computedPeople(t testing.TB) client {
	t.Helper()
	_, rows := people(*randomSeed, 20)
	return serve(t, computedSchema, "", append([]string{computedFunction}, rows...)...)
}

// Lists have aggregates of computed fields as of others.
func TestAggregatesOfComputedFields(t *testing.T) {
	all, rows := people(7, 40)
	c := serve(t, computedSchema, "", append([]string{computedFunction}, rows...)...)
	sizes, names := map[string]int{}, map[string]bool{}
	for _, h := range all {
		sizes[h.Size]++
		if h.FullName != nil {
			names[*h.FullName] = true
		}
	}
	const query = `{people {
		aggregate {countDistinct {size fullName} max {pay}}
		groups(by: [{field: size}], orderBy: [{count: DESC}, {keys: {size: ASC}}]) {keys {size} count}
		few: groups(by: [{field: size}], having: {min: {fullName: {gt: "zz"}}}) {count}
	}}`
	groups := []string{"LARGE", "SMALL"}
	slices.SortStableFunc(groups, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	want := fmt.Sprintf(`{"people":{"aggregate":{"countDistinct":{"size":%d,"fullName":%d},"max":{"pay":null}},"groups":[{"keys":{"size":"%s"},"count":%d},{"keys":{"size":"%s"},"count":%d}],"few":[]}}`,
		len(sizes), len(names), groups[0], sizes[groups[0]], groups[1], sizes[groups[1]])
	if got := c.data(t, query, nil); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Computed fields are selected, filtered and ordered by like others: pages of them are what plain Go says.
func TestComputedFields(t *testing.T) {
	all, rows := people(7, 40)
	c := serve(t, computedSchema, "", append([]string{computedFunction}, rows...)...)
	slices.SortStableFunc(all, func(a, b human) int { // null is the greatest value
		switch {
		case a.FullName == nil || b.FullName == nil:
			return cmp.Or(cmp.Compare(fmt.Sprint(a.FullName == nil), fmt.Sprint(b.FullName == nil)), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(*a.FullName, *b.FullName), cmp.Compare(a.ID, b.ID))
	})
	large := slices.DeleteFunc(slices.Clone(all), func(h human) bool { return h.Size != "LARGE" })
	for _, tt := range []struct {
		where string
		want  []human
	}{{"{}", all}, {"{size: {eq: LARGE}}", large}, {"{size: {in: [LARGE]}, fullName: {isNull: false}}", slices.DeleteFunc(slices.Clone(large), func(h human) bool { return h.FullName == nil })}} {
		var got []human
		for after := "null"; ; {
			var page struct {
				People struct {
					Nodes    []human
					PageInfo struct {
						EndCursor   string
						HasNextPage bool
					}
				}
			}
			query := `{people(where: ` + tt.where + `, orderBy: [{fullName: ASC}], first: 7, after: ` + after + `) {
				nodes {id firstName lastName fullName size} pageInfo {endCursor hasNextPage}}}`
			if err := json.Unmarshal([]byte(c.data(t, query, nil)), &page); err != nil {
				t.Fatal(err)
			}
			got = append(got, page.People.Nodes...)
			if !page.People.PageInfo.HasNextPage {
				break
			}
			after = `"` + page.People.PageInfo.EndCursor + `"`
		}
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(tt.want)
		if string(g) != string(w) {
			t.Errorf("where %s:\n%s\nwant\n%s", tt.where, g, w)
		}
	}
}

// What rules hide of a computed field is hidden on every path, with and without policies.
func TestHiddenComputedFields(t *testing.T) {
	const rows = `INSERT INTO people VALUES ('ada', 'Ada', 'Lindqvist', 100), ('bob', 'Bob', NULL, 200), ('eve', 'Evelyn', 'Lindqvist', 300)`
	e := enforce(t, strings.ReplaceAll(computedSchema, `@function(name: "size_of") `, `@sql(expr: "CASE WHEN length(this.first_name) > 4 THEN 'big one' ELSE 'SMALL' END::size") `), rows)
	ada, boss := caller.Caller{UID: "ada"}, caller.Caller{UID: "x", Roles: []string{"boss"}}
	for _, tt := range []struct {
		who         caller.Caller
		query, want string
	}{
		{ada, `{people {nodes {id pay}}}`, `{"people":{"nodes":[{"id":"ada","pay":"150.0"},{"id":"bob","pay":null},{"id":"eve","pay":null}]}}`},
		{ada, `{people(where: {pay: {gt: "1"}}) {totalCount}}`, `{"people":{"totalCount":1}}`},
		{boss, `{people(where: {pay: {gt: "200"}}) {totalCount}}`, `{"people":{"totalCount":2}}`},
		{ada, `{people(where: {pay: {isNull: true}}) {totalCount}}`, `{"people":{"totalCount":2}}`},
		{ada, `{people(orderBy: [{pay: DESC}], first: 2) {nodes {id}}}`, `{"people":{"nodes":[{"id":"eve"},{"id":"bob"}]}}`},
		{anonymous, `{people {nodes {colleagues fullName size}}}`, `{"people":{"nodes":[{"colleagues":null,"fullName":"Ada Lindqvist","size":"SMALL"},` +
			`{"colleagues":null,"fullName":null,"size":"SMALL"},{"colleagues":null,"fullName":"Evelyn Lindqvist","size":"LARGE"}]}}`},
		{ada, `{person(id: "eve") {colleagues letters born}}`, `{"person":{"colleagues":2,"letters":["E","v","e","l","y","n"],"born":"2000-01-10T00:00:00Z"}}`},
	} {
		if got := e.compare(t, question{tt.query, nil}, "", tt.who); !strings.Contains(got, `{"data":`+tt.want+`}`) {
			t.Errorf("%s as %+v: %s, want %s", tt.query, tt.who, got, tt.want)
		}
	}
}

// Verify names each mistake in the SQL of the schema at its place.
func TestVerifyComputedFields(t *testing.T) {
	c := computedPeople(t)
	conn, err := c.db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if err := exec.Verify(t.Context(), conn.Conn(), apiOf(t, computedSchema)); err != nil {
		t.Errorf("%v: %s", err, fault.HintOf(err))
	}
	err = exec.Verify(t.Context(), conn.Conn(), apiOf(t, `type Person @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
  id: ID! @col(dataType: "text")
  a: Int @sql(expr: "this.id || this.frist_name")
  b: Int @function(name: "size_off")
  c: Int @sql(expr: "this.id")
  d: Int @sql(expr: """
    length(this.id)
    + leng(this.id)
  """)
  e: Int @sql(expr: "1 +")
}`))
	for _, want := range []string{
		"schema.graphql:3:33: Person.a: column this.frist_name does not exist", "schema.graphql:4:26: Person.b: function size_off(people) does not exist",
		"schema.graphql:5:21: Person.c: the SQL is of type text, and the field of type integer: write (…)::integer",
		"schema.graphql:8:1: Person.d: function leng(text) does not exist", "schema.graphql:10:", "Person.e: syntax error",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Verify returns %v, want %s", err, want)
		}
	}
}
