package sdl_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// generate writes a random schema that is right: types with fields, relations, constraints and rules of
// all kinds.
func generate(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("enum Color" + pick(r, "", ` @enum(name: "Color of x")`) + " { RED GREEN" + pick(r, "", ` @value(name: "dark \"green\"")`) + " BLUE" + pick(r, "", " @deprecated") +
		pick(r, "", ` @value(name: "") @renamed(from: "NAVY")`, ` @value(name: "a\n\\b")`) + " }\n")
	b.WriteString("enum Plan @tiers { FREE PRO }\n")
	n := 2 + r.IntN(5)
	lists := make([]strings.Builder, n) // other ends, written with the type they stand on
	bodies := make([]strings.Builder, n)
	for i := range n {
		for j := range r.IntN(4) {
			target := r.IntN(n)
			ref, list := fmt.Sprintf("ref%d_%d", i, j), fmt.Sprintf("back%d_%d", i, j)
			switch r.IntN(4) {
			case 0:
				fmt.Fprintf(&bodies[i], "  %s: T%d%s\n", ref, target, pick(r, " @ref", " @index", " @ref(onDelete: RESTRICT)"))
			case 1:
				fmt.Fprintf(&bodies[i], "  %s: T%d%s\n", ref, target, pick(r, "", " @ref(onDelete: SET_NULL)", " @renamed(from: \"was\")"))
				fmt.Fprintf(&lists[target], "  %s: [T%d!]! @inverse(field: %q)\n", list, i, ref)
			case 2:
				fmt.Fprintf(&bodies[i], "  %s: T%d @unique\n", ref, target)
				fmt.Fprintf(&lists[target], "  %s: T%d @inverse(field: %q)\n", list, i, ref)
			case 3:
				fmt.Fprintf(&bodies[i], "  %s: [T%d!]! @manyToMany(table: \"j%s\")\n", ref, target, ref)
				fmt.Fprintf(&lists[target], "  %s: [T%d!]! @inverse(field: %q)\n", list, i, ref)
			}
		}
	}
	for i := range n {
		key := pick(r, "@table", "@table", fmt.Sprintf(`@table(name: "tab%d", key: ["k", "id"])`, i))
		fmt.Fprintf(&b, "\n%stype T%d %s", pick(r, "", "\"One line.\"\n", "\"\"\"\nTwo\n  lines.\n\"\"\"\n"), i, key)
		search, hide := pick(r, "", "", ` @searchable(fields: ["s"])`, ` @searchable(fields: ["s"], weights: [B], language: "german")`), " @api(hide: [READ, UPDATE])"
		if search != "" {
			hide = " @api(hide: [UPDATE])" // what is searched can be read
		}
		b.WriteString(search)
		b.WriteString(pick(r, "", ` @index(fields: ["s", "n"], order: [DESC, ASC])`, ` @unique(fields: ["n", "s"]) @index(fields: ["l"], type: GIN, where: "this.n > 1")`,
			fmt.Sprintf(` @metric(name: "rows%d") @metric(name: "sum%d", sum: "n")`, i, i)))
		b.WriteString(pick(r, "", "", fmt.Sprintf(` @api(name: "Shown%d", plural: "many%d")`, i, i), " @api(hide: true)", " @api(hide: [READ, DELETE])"))
		b.WriteString(pick(r, "", ` @check(expr: "this.n < 10", message: "\"ten\"\n")`, ` @check(expr: "this.s != ''") @check(expr: "this.n > 0", name: "x`+fmt.Sprint(i)+`")`))
		b.WriteString(pick(r, "", ` @auth(rules: [])`, ` @auth(rules: [{ allow: PUBLIC, operations: READ }, { allow: ROLE, roles: ["a", "b"], where: "this.s == auth.uid" }])`,
			` @auth(rules: [{ allow: TIER, atLeast: FREE }, { allow: TIER, atLeast: PRO, operations: [CREATE], where: "this.n > 1" }])`,
			` @auth(rules: [{ allow: AUTHENTICATED }], fresh: "90m", freshFor: [UPDATE, DELETE])`))
		b.WriteString(" {\n")
		if strings.Contains(key, "id") {
			b.WriteString("  id: ID! @default(expr: \"uuidV7()\")\n")
		}
		b.WriteString("  k: Int!\n  s: String!" + pick(r, "", " @unique", ` @col(name: "text", dataType: "varchar(9)")`, ` @length(min: 1)`, ` @pattern(regex: "^\\d+$") @default(value: "1")`, ` @format(type: url)`, " @pii", " @pii(kind: NONE)", ` @api(name: "text")`, hide, ` @deprecated(reason: "use \"k\"\ninstead")`))
		b.WriteString("\n  n: Int!" + pick(r, "", " @default(value: 7)", " @range(max: 99)", ` @check(expr: "this.n != 3")`, ` @default(sql: "1 + 1")`, " @default(value: 1) @api(hide: true)", ` @onUpdate(expr: "this.n + 1")`, " @version", " @default(value: 4) @version",
			` @check(sql: "n <> 3")`, ` @generated(identity: ALWAYS)`, ` @generated(sql: "1 + 1")`))
		b.WriteString(pick(r, "", "\n  c: Int @sql(expr: \"this.n * 2\")", "\n  c: [String!] @function(name: \"api.parts\") @auth(rules: [{ allow: PUBLIC }]) @deprecated"))
		b.WriteString("\n  l: [Color!]!" + pick(r, "", " @default(value: [RED, BLUE])", " @length(max: 3)"))
		b.WriteString("\n  d: Decimal" + pick(r, "", " @default(value: 1e3)", ` @range(min: "-5", max: 5.50)`, ` @auth(rules: [{ allow: PUBLIC }])`, ` @auth(fresh: "5m")`, ` @auth(rules: [{ allow: PUBLIC }], fresh: "1h", freshFor: READ)`))
		b.WriteString("\n  j: JSON" + pick(r, "", ` @default(value: { a: [1, 1.0, "x"], b: { c: null } })`, " @default(value: null)", " @renamed(from: \"old\")", ` @pii(keys: ["a", "\"b\""])`) + "\n")
		b.WriteString(bodies[i].String() + lists[i].String() + "}\n")
	}
	b.WriteString(pick(r, "", "type V @view(name: \"v1\", key: [\"a\", \"b\"]) @auth(rules: [{ allow: PUBLIC, where: \"this.a > 1\" }]) { a: Int! b: String! c: [Color!] @col(name: \"cc\") @auth(rules: []) }\n"))
	b.WriteString(pick(r, "", "type Sum { n: Int! }\nextend type Query { \"Adds.\" sum(a: Int = 1, \"b\" b: [Color!] = [RED] @deprecated): Sum @sql(query: \"select $a, $b\") @auth(rules: [{ allow: PUBLIC }], fresh: \"5m\") }\n",
		"extend type Mutation { all: [T0!]! @function(name: \"a.b\") @auth(rules: []) @deprecated }\n",
		"extend type Query { far(a: String!): [T0!] @http(url: \"${FAR}/a/{a}?b=1\") @auth(rules: []) }\nextend type Mutation { tell: ID! @http(url: \"https://a.example\") @auth(rules: []) }\n"))
	return b.String()
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

func TestRandomSchemasReadBackEqual(t *testing.T) {
	for seed := range uint64(200) {
		text := generate(rand.New(rand.NewPCG(seed, 1)))
		if _, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text}); list.Errors() > 0 {
			t.Fatalf("seed %d: the generator is wrong:\n%s\n%s", seed, list.Error(), text)
		}
		roundTrip(t, text)
	}
}

// Whatever words are lost, doubled or exchanged, Parse neither panics nor points outside the source, and what
// it takes for right reads back.
func TestBrokenSchemas(t *testing.T) {
	tokens := words(t, read(t, "testdata/valid/platform.graphql"))
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		broken := append([]string(nil), tokens...)
		for range 1 + r.IntN(3) {
			i, j := r.IntN(len(broken)), r.IntN(len(broken))
			switch r.IntN(4) {
			case 0:
				broken[i] = ""
			case 1:
				broken[i] += " " + broken[i]
			case 2:
				broken[i], broken[j] = broken[j], broken[i]
			case 3:
				broken[i] = broken[j]
			}
		}
		checkAnything(t, strings.Join(broken, " "))
	}
}

// words cuts a source into its tokens; a line break goes before each definition.
func words(t *testing.T, text string) []string {
	t.Helper()
	runes := []rune(text)
	lex := lexer.New(&ast.Source{Input: text})
	var out []string
	for {
		token, err := lex.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		switch token.Kind {
		case lexer.EOF:
			return out
		case lexer.Comment:
		default:
			word := string(runes[token.Pos.Start:token.Pos.End])
			if token.Pos.Column == 1 && token.Kind == lexer.Name {
				word = "\n" + word
			}
			out = append(out, word)
		}
	}
}
