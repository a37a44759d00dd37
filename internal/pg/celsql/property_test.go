package celsql_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema/expr"
	"github.com/krowoc/krowoc/internal/testkit"
)

// object is a row as CEL sees it: its fields are there even when they are null, and has tells which are.
type object struct{ row rowValues }

func (o object) ConvertToNative(reflect.Type) (any, error) { return nil, errors.New("an object") }
func (o object) ConvertToType(ref.Type) ref.Val            { return types.NewErr("an object") }
func (o object) Type() ref.Type                            { return cel.ObjectType("object") }
func (o object) Value() any                                { return o.row }
func (o object) Equal(other ref.Val) ref.Val {
	b, ok := other.(object)
	return types.Bool(ok && b.row["id"] == o.row["id"])
}

func (o object) Get(index ref.Val) ref.Val { return celValue(o.row[string(index.(types.String))]) }

func (o object) IsSet(field ref.Val) ref.Val {
	return types.Bool(o.row[string(field.(types.String))] != nil)
}

func celValue(v any) ref.Val {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case rowValues:
		return object{v}
	case []any:
		list := make([]ref.Val, len(v))
		for i, item := range v {
			list[i] = celValue(item)
		}
		return types.NewRefValList(types.DefaultTypeAdapter, list)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}

// evaluator runs checked expressions as CEL itself does.
func evaluator(t *testing.T) *cel.Env {
	t.Helper()
	ascii := func(name string, convert func(rune) rune) cel.EnvOption {
		return cel.Function(name, cel.MemberOverload("string_"+name, []*cel.Type{cel.StringType}, cel.StringType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			s, ok := v.(types.String)
			if !ok {
				return types.MaybeNoSuchOverloadErr(v)
			}
			return types.String(strings.Map(convert, string(s)))
		})))
	}
	env, err := cel.NewEnv(cel.CrossTypeNumericComparisons(true),
		ascii("lowerAscii", func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}),
		ascii("upperAscii", func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r
		}))
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// verdict returns the ids of the people for whom CEL says true.
func (w world) verdict(program cel.Program, c caller) []string {
	var uid any
	if c.uid != "" {
		uid = c.uid
	}
	var out []string
	for _, p := range w.people {
		got, _, err := program.Eval(map[string]any{"this": object{p}, "auth": object{rowValues{"uid": uid, "roles": c.roles}}, "request": object{rowValues{"time": now}}})
		if err == nil && got == types.True {
			out = append(out, p["id"].(string))
		}
	}
	return out
}

// rounds is how many random conditions are tried. It is worth raising after a change of the translator.
const rounds = 3000

// Random conditions hold in Postgres for exactly the rows for which CEL says true.
func TestPostgresAgreesWithCEL(t *testing.T) {
	random := rand.New(rand.NewPCG(123, 11)) //nolint:gosec // not for secrets
	w := newWorld(random)
	pool := testkit.NewDatabase(t, testkit.Template(t, "people", func(ctx context.Context, pool *pgxpool.Pool) error {
		if _, err := pool.Exec(ctx, tables); err != nil {
			return err
		}
		return w.insert(ctx, pool)
	}))
	s := parse(t)
	checker, env := expr.New(s), evaluator(t)
	callers := []caller{{}, {uid: id(1, 1), roles: []string{"a", "HAPPY"}}, {uid: "a", roles: []string{"b"}}}
	g := generator{random}
	translated, mixed := 0, 0
	for n := range rounds {
		src := g.condition(4)
		checked, issues := checker.Check(src, s.Type("Person"), expr.Kind{Use: expr.RuleWhere})
		if issues != nil {
			continue // the generator knows types only roughly
		}
		c := callers[n%len(callers)]
		condition, err := celsql.Translate(checked, s, s.Type("Person"), "t", c.argument)
		if err != nil {
			continue // refused; what must not be is checked elsewhere
		}
		translated++
		program, err := env.Program(checked)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		want := w.verdict(program, c)
		rows, err := pool.Query(t.Context(), "SELECT id::text FROM people t WHERE "+condition+" ORDER BY id")
		if err != nil {
			t.Fatalf("%s\n%s\n%v", src, condition, err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s\n%s\n%v", src, condition, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\nas %+v\n%s\nPostgres says %v\nCEL says      %v", src, c, condition, short(got), short(want))
			if mixed++; mixed > 5 {
				t.FailNow()
			}
		}
	}
	if translated < rounds/10 {
		t.Errorf("only %d conditions were compared", translated)
	}
	t.Logf("%d conditions compared", translated)
}

func short(ids []string) string {
	out := make([]string, len(ids))
	for i, s := range ids {
		out[i] = s[len(s)-2:]
	}
	return fmt.Sprint(out)
}

// generator writes random expressions.
type generator struct{ *rand.Rand }

func (g generator) person(depth int) string {
	if depth > 0 && g.IntN(4) == 0 {
		return pick(g.Rand, g.person(depth-1)+".boss", "this.home.lead", "this.badge.person")
	}
	return "this"
}

func (g generator) field(depth int, names ...string) string {
	return g.person(depth) + "." + pick(g.Rand, names...)
}

func (g generator) text(depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return pick(g.Rand,
			"("+g.text(depth-1)+" + "+g.text(depth-1)+")", g.text(depth-1)+".lowerAscii()", g.text(depth-1)+".upperAscii()",
			"("+g.condition(depth-1)+" ? "+g.text(depth-1)+" : "+g.text(depth-1)+")", "string("+g.number(depth-1)+")", g.person(1)+".tags[0]")
	}
	return pick(g.Rand, g.field(1, "name", "nick", "code", "mood", "state", "tone", "word", "id"), g.field(1, "boss.id", "home.id", "home.name", "badge.label", "boss.nick"),
		"'a'", "'ab'", "''", "'HAPPY'", "'SAD'", g.person(0)+".moods[0]", "'"+id(1, 1)+"'", "auth.uid")
}

func (g generator) number(depth int) string {
	if depth > 0 && g.IntN(2) == 0 {
		return pick(g.Rand, "("+g.number(depth-1)+pick(g.Rand, " + ", " - ", " * ", " / ", " % ")+g.number(depth-1)+")", "-"+g.number(0),
			"size("+g.text(depth-1)+")", "size("+g.person(1)+".tags)", "size("+g.person(1)+".reports)", "int("+g.float(0)+")",
			g.moment(0)+"."+pick(g.Rand, "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getHours", "getMinutes", "getSeconds")+"()",
			"("+g.condition(depth-1)+" ? "+g.number(depth-1)+" : "+g.number(depth-1)+")", g.person(0)+".points[1]")
	}
	return pick(g.Rand, g.field(1, "age", "score"), "0", "1", "2")
}

func (g generator) float(depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return "(" + g.float(depth-1) + pick(g.Rand, " + ", " - ", " * ") + g.float(depth-1) + ")"
	}
	return pick(g.Rand, g.field(1, "rating", "weight"), "0.5", "1.0", "double("+g.number(0)+")")
}

func (g generator) moment(depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return "(" + g.moment(depth-1) + pick(g.Rand, " + ", " - ") + g.span(0) + ")"
	}
	return pick(g.Rand, g.field(1, "born", "died", "day"), "request.time", "timestamp('2026-01-15T00:00:00Z')")
}

func (g generator) span(depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return pick(g.Rand, "("+g.moment(0)+" - "+g.moment(0)+")", "("+g.span(0)+" + "+g.span(0)+")")
	}
	return pick(g.Rand, g.field(1, "span"), "duration('1h')", "duration('0s')")
}

func (g generator) comparison(depth int) string {
	operator := pick(g.Rand, " == ", " != ", " < ", " <= ", " > ", " >= ")
	switch g.IntN(7) {
	case 0:
		return g.number(depth) + operator + g.number(depth)
	case 1:
		return g.float(depth) + operator + g.float(depth)
	case 2:
		return g.moment(depth) + operator + g.moment(depth)
	case 3:
		return g.span(depth) + operator + g.span(depth)
	case 4:
		return g.field(1, "data") + operator + pick(g.Rand, "b'a'", "b''", g.field(1, "data"))
	case 5:
		return g.number(depth) + pick(g.Rand, " < ", " > ") + g.float(depth)
	}
	return g.text(depth) + operator + g.text(depth)
}

func (g generator) quantifier(depth int) string {
	macro := pick(g.Rand, "exists", "all")
	switch g.IntN(5) {
	case 3:
		return g.person(1) + pick(g.Rand, ".moods", ".words") + "." + macro + "(x, " + pick(g.Rand, "x == "+g.text(0), "x.startsWith('H')", "x < "+g.text(0), "x == 'SAD'") + ")"
	case 0:
		return g.person(1) + pick(g.Rand, ".tags", ".notes") + "." + macro + "(x, " + pick(g.Rand, "x == "+g.text(0), "x.startsWith('a')", "x == null", "!(x > 'a')", "x in auth.roles") + ")"
	case 1:
		return g.person(1) + ".points." + macro + "(x, x > " + g.number(0) + ")"
	case 2:
		return pick(g.Rand, "['a', 'b']", "auth.roles", "["+g.text(0)+", 'b']") + "." + macro + "(x, x == " + g.text(0) + ")"
	}
	inner := strings.ReplaceAll(g.condition(depth-1), "this.", pick(g.Rand, "this.", "x."))
	if strings.Contains(inner, "exists") || strings.Contains(inner, "all(") {
		inner = "x.age > this.age"
	}
	return g.person(1) + pick(g.Rand, ".reports", ".home.members") + "." + macro + "(x, " + inner + ")"
}

func (g generator) condition(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, g.comparison(0), g.field(1, "active", "flag"), "true", g.field(1, "nick", "state", "boss", "flag", "died")+pick(g.Rand, " == null", " != null"))
	}
	switch g.IntN(12) {
	case 0, 1:
		return "(" + g.condition(depth-1) + " && " + g.condition(depth-1) + ")"
	case 2, 3:
		return "(" + g.condition(depth-1) + " || " + g.condition(depth-1) + ")"
	case 4:
		return "!(" + g.condition(depth-1) + ")"
	case 5:
		return "(" + g.condition(depth-1) + " ? " + g.condition(depth-1) + " : " + g.condition(depth-1) + ")"
	case 6:
		return g.quantifier(depth)
	case 7:
		return pick(g.Rand, "has("+g.field(1, "nick", "state", "boss", "badge", "boss.nick", "tags")+")", "has(auth.uid)", "auth.uid == null", "(("+g.condition(0)+") ? this.nick : null) == null")
	case 8:
		return g.text(1) + " in " + pick(g.Rand, "auth.roles", g.person(1)+".tags", g.person(1)+".notes", g.person(1)+".moods", g.person(1)+".words", "['a', 'HAPPY', "+g.text(0)+"]")
	case 9:
		return pick(g.Rand, g.number(1)+" in "+pick(g.Rand, "[0, 1]", g.person(1)+".points"), g.text(1)+"."+pick(g.Rand, "startsWith", "endsWith", "contains")+"("+g.text(1)+")")
	case 10:
		return g.text(1) + ".matches(" + pick(g.Rand, "'^a'", "'^[a-c]*$'", "'(?i)A'", "'a.b'", "'^$'", `'\\d|\\\\'`, "'a|^b$'", "'(a{1,2}){2}'", `'^\\w+$'`, `'[^a]'`, "'(?s)a.b'") + ")"
	}
	return g.comparison(depth)
}
