package exec_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

var matrixSchemas = flag.Int("matrix", 6, "how many random schemas TestMatrixIsWhatTheAPIDoes makes")

// What the matrix of a schema says is what the API does: a cell is "no" if and only if no row can be read or written, and "yes" if and only if all can.
func TestMatrixIsWhatTheAPIDoes(t *testing.T) {
	seen := map[access.Allowed]int{}
	for seed := range *matrixSchemas {
		g := ruleMaker{rand.New(rand.NewPCG(uint64(seed), 7))} //nolint:gosec // not for secrets
		text := g.schema()
		s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
		if list.Errors() > 0 {
			t.Fatal(list)
		}
		c := serve(t, text, "", docRows)
		matrix := access.Of(s)
		keyRules := s.Type("Doc").Field("name").Auth
		for _, row := range matrix.Rows {
			for i, who := range matrix.Callers {
				if who.Kind == access.Service {
					continue // the API has only what some rule names
				}
				tried, done := docs{c.as(member(who)), keyRules}.tryAll(t, row)
				want := access.Condition
				switch done {
				case 0:
					want = access.No
				case tried:
					want = access.Yes
				}
				if got := row.Cells[i]; got.Allowed != want {
					t.Errorf("seed %d: %s %s.%s as %s: the matrix has %v; of %d rows, %d can be accessed\n%s", seed, row.Operation, row.Type, row.Field, who, got, tried, done, text)
				}
				seen[want]++
			}
		}
	}
	for _, allowed := range []access.Allowed{access.Yes, access.No, access.Condition} {
		if seen[allowed] < 3**matrixSchemas {
			t.Errorf("only %d cells are %q; the rules are too similar", seen[allowed], allowed)
		}
	}
}

// ruleMaker makes rules whose conditions are independent: no sum of them holds for all rows, and no product for none.
type ruleMaker struct{ *rand.Rand }

func (g ruleMaker) schema() string {
	secret, key := "", ""
	if g.IntN(4) > 0 {
		secret = g.auth(false)
	}
	if g.IntN(4) == 0 {
		key = g.auth(false)
	}
	return "enum Tier @tiers { FREE PRO TEAM }\ntype Doc @table(key: [\"name\"]) " + g.auth(true) + " {\n  name: String! " + key + `
  n: Int!
  a: Boolean!
  c: Boolean!
  owner: String!
  note: String
  secret: Int ` + secret + "\n}\n"
}

// linkedSchema has documents and tags with an implied join table.
func (g ruleMaker) linkedSchema() string {
	rules := func() string {
		if g.IntN(3) > 0 {
			return ""
		}
		return g.auth(false)
	}
	open := func() string {
		return strings.Replace(g.auth(true), "@auth(rules: [", `@auth(rules: [{ allow: `+g.pick("AUTHENTICATED", "PUBLIC", `OWNER, field: "owner"`)+`, operations: [CREATE, UPDATE] }, `, 1)
	}
	fields := " a: Boolean! c: Boolean! owner: String! "
	return "enum Tier @tiers { FREE PRO TEAM }\n" +
		"type Doc @table(key: [\"name\"]) " + open() + " { name: String! n: Int! " + fields + "note: String secret: Int tags: [Tag!]! " + rules() + " }\n" +
		"type Tag @table(key: [\"name\"]) " + open() + " { name: String! " + rules() + fields + "docs: [Doc!]! " + rules() + " }\n"
}

func (g ruleMaker) auth(onType bool) string {
	var rules []string
	for range g.IntN(4) {
		rules = append(rules, g.rule(onType))
	}
	return "@auth(rules: [" + strings.Join(rules, ", ") + "])"
}

func (g ruleMaker) rule(onType bool) string {
	rule := "allow: " + g.pick("PUBLIC", "AUTHENTICATED", `OWNER, field: "owner"`, `ROLE, roles: ["admin"]`, `ROLE, roles: ["admin", "editor"]`, "TIER, atLeast: FREE", "TIER, atLeast: PRO")
	if g.IntN(2) == 0 {
		operations := []string{"READ", "CREATE", "UPDATE", "DELETE"}
		if !onType {
			operations = operations[:3]
		}
		g.Shuffle(len(operations), func(i, j int) { operations[i], operations[j] = operations[j], operations[i] })
		rule += ", operations: [" + strings.Join(operations[:1+g.IntN(len(operations))], ", ") + "]"
	}
	if g.IntN(2) == 0 {
		rule += fmt.Sprintf(", where: %q", g.where(2))
	}
	return "{ " + rule + " }"
}

func (g ruleMaker) where(depth int) string {
	if depth > 0 && g.IntN(2) == 0 {
		return "(" + g.where(depth-1) + g.pick(" && ", " || ") + g.where(depth-1) + ")"
	}
	return g.pick("this.a", "this.a == true", "!this.c", "this.owner == auth.uid", "auth.uid == this.owner", "auth.uid != null", "'admin' in auth.roles", "'chief' in auth.roles", "true", "false",
		"!(auth.uid == null)", "auth.roles.exists(r, r == 'editor')")
}

func (g ruleMaker) pick(from ...string) string { return from[g.IntN(len(from))] }

// docRows has every combination of what conditions look at.
const rowsOfDoc, docRows = 8, `INSERT INTO docs SELECT 'd' || n, n, n & 1 = 1, n & 2 = 2, CASE WHEN n & 4 = 4 THEN 'me' ELSE 'other' END, '', n FROM generate_series(0, 7) n`

// member returns a caller of a kind.
func member(c access.Caller) caller.Caller {
	switch c.Kind {
	case access.Anonymous:
		return caller.Caller{}
	case access.Authenticated:
		return caller.Caller{UID: "guest"} // who owns no row
	case access.Role:
		return caller.Caller{UID: "me", Roles: []string{c.Name}}
	case access.Tier:
		return caller.Caller{UID: "me", Tier: c.Name}
	}
	return caller.Caller{UID: "me"}
}

// docs is a client, which has to find rows by a filter where the key has rules.
type docs struct {
	client
	keyRules bool
}

// tryAll does an operation with every row, and returns how many there are and with how many it succeeds.
func (c docs) tryAll(t *testing.T, row access.Row) (tried, done int) {
	t.Helper()
	if row.Operation == schema.Read {
		body := c.send(t, `{docs {nodes {n `+row.Field+`}}}`, nil).Body.String()
		if row.Field != "" {
			return rowsOfDoc, strings.Count(body, `"n":`) - strings.Count(body, `"`+row.Field+`":null`)
		}
		return rowsOfDoc, strings.Count(body, `"n":`)
	}
	for n := range rowsOfDoc {
		if c.try(t, row, n) {
			done++
		}
	}
	return rowsOfDoc, done
}

// try does an operation with the row of a number: by its key or, where the caller may not know that, by a filter.
func (c docs) try(t *testing.T, row access.Row, n int) bool {
	t.Helper()
	ok := func(format string, args ...any) bool {
		body := c.send(t, "mutation {x: "+fmt.Sprintf(format, args...)+"}", nil).Body.String()
		return !strings.Contains(body, `"errors"`) && !strings.Contains(body, `{"count":0}`)
	}
	switch row.Operation {
	case schema.Create:
		data := ""
		if row.Field == "secret" {
			data = ", secret: 1"
		}
		owner := []string{"other", "me"}[n>>2]
		created := ok(`createDoc(data: {name: "new", n: 99, a: %t, c: %t, owner: %q%s}) {__typename}`, n&1 == 1, n&2 == 2, owner, data)
		if created {
			testkit.Exec(t, c.db, "DELETE FROM docs WHERE n = 99")
		}
		return created
	case schema.Update:
		data := `note: "x"`
		switch row.Field {
		case "secret":
			data = fmt.Sprint("secret: ", n)
		case "name":
			data = fmt.Sprintf(`name: "d%d"`, n)
		}
		return ok(`updateDoc(name: "d%d", data: {%s}) {__typename}`, n, data) || c.keyRules && ok(`updateDocs(where: {n: {eq: %d}}, data: {%s}) {count}`, n, data)
	}
	deleted := ok(`deleteDoc(name: "d%d") {__typename}`, n) || c.keyRules && ok(`deleteDocs(where: {n: {eq: %d}}) {count}`, n)
	if deleted {
		testkit.Exec(t, c.db, docRows+" ON CONFLICT DO NOTHING")
	}
	return deleted
}
