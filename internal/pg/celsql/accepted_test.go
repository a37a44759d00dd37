package celsql_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// every has a field of every type that an expression can meet, and one of each that an expression can set.
const every = `
enum Mood { HAPPY SAD @value(name: "so 'sad") }
type Every @table @auth(rules: []) {
  s: String! t: String i: Int! j: Int l: Int64! m: Int64 f: Float! g: Float d: Decimal! e: Decimal b: Boolean! c: Boolean
  day: Date at: DateTime! then: DateTime took: Duration! span: Duration raw: Bytes! bin: Bytes json: JSON! any: JSON
  mood: Mood! state: Mood word: Mood @col(dataType: "varchar(9)") code: String @col(dataType: "varchar(20)") net: String @col(dataType: "inet")
  small: Int @col(dataType: "smallint") real: Float @col(dataType: "real") cents: Decimal @col(dataType: "numeric(10,2)")
  local: DateTime @col(dataType: "timestamp")
  strings: [String!]! texts: [String] ints: [Int!] longs: [Int64!] floats: [Float!] decimals: [Decimal!] moods: [Mood!] times: [DateTime!] days: [Date!]
  other: Every @ref
  others: [Every!]! @inverse(field: "other")
}
`

// operands are the values of the expressions, and calls the functions and operators on one, two and three of them.
var (
	operands = append(strings.Fields(`'a' '' 'HAPPY' 1 -1 2147483648 0.5 100.0 true null b'a' [] ['a'] [1] [0.5] timestamp('2026-01-31T12:00:00Z') duration('90m')
		auth.uid auth.roles request.time this.id this.other this.others this.other.id this.other.s uuidV7()`), thisFields()...)
	unary = strings.Fields(`x !x -x has(x) size(x) int(x) double(x) string(x) timestamp(x) duration(x) x.lowerAscii() x.upperAscii() x.matches('^a') x.getFullYear()
		x.getMonth() x.getDate() x.getDayOfMonth() x.getDayOfWeek() x.getHours() x.getMinutes() x.getSeconds() x[0] x.exists(v,v==v) x.all(v,has(v.s)) x.all(v,v==null)
		x.size() x.startsWith('a') -(-x) bool(x) bytes(x) uint(x) type(x)=={0} dyn(x) x.getMilliseconds() x.getDayOfYear() x.foo`)
	binary = strings.Fields(`x==y x!=y x<y x<=y x>y x>=y x+y x-y x*y x/y x%y xiny x[y] x.startsWith(y) x.endsWith(y) x.contains(y) x.matches(y) x&&y x||y b?x:y`)
)

func thisFields() []string {
	var names []string
	for _, word := range strings.Fields(every) {
		if name, ok := strings.CutSuffix(word, ":"); ok && name != "rules:" && name != "(rules" && !strings.ContainsAny(name, "(@{") && name != "other" && name != "others" {
			names = append(names, "this."+name)
		}
	}
	return names
}

// sources returns expressions: every function on every operand, operators on random pairs, and deeper ones.
func sources() []string {
	var list []string
	for _, x := range operands {
		for _, form := range unary {
			list = append(list, replaceName(form, "x", x))
		}
	}
	random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // not for secrets
	join := func(form, x, y string) string {
		return replaceName(replaceName(strings.ReplaceAll(form, "xiny", "x in y"), "x", x), "y", y)
	}
	for range 200 {
		x, y := pick(random, operands...), pick(random, operands...)
		for _, form := range binary {
			list = append(list, join(form, x, y))
		}
	}
	for range 600 {
		list = append(list, join(pick(random, binary...), "("+pick(random, list...)+")", "("+pick(random, list...)+")"))
	}
	return list
}

// replaceName replaces a variable of one letter where it is not a part of a word.
func replaceName(form, name, by string) string {
	var b strings.Builder
	isWord := func(i int) bool {
		return i >= 0 && i < len(form) && (form[i] == '_' || form[i] == '\'' || (form[i]|0x20 >= 'a' && form[i]|0x20 <= 'z'))
	}
	for i := range len(form) {
		if form[i:i+1] == name && !isWord(i-1) && !isWord(i+1) {
			b.WriteString(by)
			continue
		}
		b.WriteByte(form[i])
	}
	return b.String()
}

// Whatever the check of a schema accepts has SQL, and Postgres accepts that where the expression stands.
func TestAcceptedExpressionsAreSQL(t *testing.T) {
	s, list := sdl.Parse(sdl.Source{Name: "every.graphql", Text: every})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	pool := testkit.NewDatabase(t)
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range append([]string{ddl.CreateUUIDFunction}, statements...) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	this, checker := s.Type("Every"), expr.New(s)
	var accepted []string
	counts := map[expr.Use]int{}
	for _, src := range sources() {
		for _, want := range kinds(checker, this, src) {
			sql, ok := statement(t, checker, s, this, src, want)
			if ok {
				accepted = append(accepted, sql+" -- "+strings.ReplaceAll(src, "\n", " "))
				counts[want.Use]++
			}
		}
	}
	for _, use := range []expr.Use{expr.Check, expr.IndexWhere, expr.RuleWhere, expr.DefaultValue, expr.UpdateValue, expr.GeneratedValue} {
		if counts[use] < 20 {
			t.Errorf("only %d expressions of use %d are accepted", counts[use], use)
		}
	}
	t.Logf("%v accepted", counts)
	slices.Sort(accepted)
	runAll(t, conn.Conn().PgConn(), slices.Compact(accepted))
}

// kinds returns the uses of an expression: conditions, or values for a field of its type. It returns none for one that is not well typed.
func kinds(checker *expr.Checker, this *schema.Type, src string) []expr.Kind {
	checked, issues := checker.Check(src, this, expr.Kind{Use: expr.UpdateValue, Field: this.Field("any")})
	if issues != nil {
		return []expr.Kind{{Use: expr.RuleWhere}}
	}
	list := []expr.Kind{{Use: expr.Check}, {Use: expr.IndexWhere}, {Use: expr.RuleWhere}}
	typ := strings.TrimSuffix(strings.TrimPrefix(checked.OutputType().String(), "wrapper("), ")")
	for _, name := range strings.Fields(fieldsOf[typ]) {
		if name == "j" && strings.Contains(src, "2147483648") {
			continue // a sum of literals may be too large for an Int
		}
		f := this.Field(name)
		list = append(list, expr.Kind{Use: expr.DefaultValue, Field: f}, expr.Kind{Use: expr.UpdateValue, Field: f}, expr.Kind{Use: expr.GeneratedValue, Field: f})
	}
	return list
}

// fieldsOf are fields that take a value of a type of CEL.
var fieldsOf = map[string]string{
	"string": "t state", "int": "j m", "double": "g e", "bool": "c", "timestamp": "day then", "google.protobuf.Timestamp": "day then",
	"duration": "span", "google.protobuf.Duration": "span", "bytes": "bin", "list(string)": "strings moods", "list(int)": "ints", "list(double)": "decimals",
	"null_type": "t j e", "dyn": "any",
}

// statement returns SQL that has Postgres accept an expression for its use, false if the check of a schema refuses the expression.
func statement(t *testing.T, checker *expr.Checker, s *schema.Schema, this *schema.Type, src string, want expr.Kind) (string, bool) {
	checked, issues := checker.Check(src, this, want)
	if issues != nil {
		return "", false
	}
	if issue := celsql.Refusal(checked, s, this, want); issue != nil {
		if runes := []rune(src); issue.Remedy == "" || issue.Offset < 0 || issue.Offset+issue.Width > len(runes) {
			t.Errorf("%s: %+v", src, issue)
		}
		return "", false
	}
	if src == "uuidV7()" { // the default of a column
		return "SELECT " + ddl.UUIDFunction + "()", true
	}
	translate, args := celsql.Translate, celsql.ArgFunc(nil)
	if want.Field != nil {
		translate = celsql.ValueOf(want.Field.Type.Enum)
	}
	if want.Use == expr.RuleWhere || want.Use == expr.UpdateValue || want.Use == expr.DefaultValue {
		args = caller{uid: id(1, 1), roles: []string{"a"}}.argument
	}
	sql, err := translate(checked, s, this, `"everies"`, args)
	if err != nil {
		t.Errorf("%s: %v", src, err)
		return "", false
	}
	switch want.Use {
	case expr.Check:
		return "ALTER TABLE everies ADD CHECK (" + sql + ")", true
	case expr.IndexWhere:
		return "CREATE INDEX ON everies (id) WHERE " + sql, true
	case expr.GeneratedValue:
		typ := fieldSQL[want.Field.Name]
		if want.Field.Type.Enum != nil {
			typ = enumSQL(want.Field.Type)
		}
		return "ALTER TABLE everies ADD COLUMN v_%d " + typ + " GENERATED ALWAYS AS (" + sql + ") STORED", true
	case expr.RuleWhere:
		return "EXPLAIN SELECT FROM everies WHERE " + sql, true
	}
	if want.Field.Type.Enum != nil { // as the API writes it
		sql = "(" + sql + ")::" + enumSQL(want.Field.Type)
	}
	return fmt.Sprintf("EXPLAIN UPDATE everies SET %q = %s", want.Field.Column, sql), true
}

// enumSQL is the type of a column of an enum.
func enumSQL(t schema.FieldType) string {
	if t.List {
		return t.Enum.DBName + "[]"
	}
	return t.Enum.DBName
}

// fieldSQL are the types of the columns that a generated value is for.
var fieldSQL = map[string]string{
	"t": "text", "j": "int4", "m": "int8", "g": "float8", "e": "numeric", "c": "bool", "day": "date", "then": "timestamptz", "span": "interval", "bin": "bytea",
	"any": "jsonb", "strings": "text[]", "ints": "int4[]", "decimals": "numeric[]",
}

// runAll runs statements in groups, each of which is rolled back, and finds those that fail.
func runAll(t *testing.T, conn *pgconn.PgConn, list []string) {
	t.Helper()
	const group = 150
	for first := 0; first < len(list); first += group {
		run(t, conn, list[first:min(first+group, len(list))])
	}
}

var failures atomic.Int64 // of TestAcceptedExpressionsAreSQL, which stops after some

func run(t *testing.T, conn *pgconn.PgConn, list []string) {
	var b strings.Builder
	b.WriteString("BEGIN;\n")
	for i, sql := range list {
		b.WriteString(strings.Replace(sql, "v_%d", fmt.Sprintf("v_%d", i), 1) + "\n;\n")
	}
	_, err := conn.Exec(t.Context(), b.String()+"ROLLBACK").ReadAll()
	if err == nil {
		return
	}
	if _, err := conn.Exec(t.Context(), "ROLLBACK").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if len(list) == 1 {
		if t.Errorf("%s\n%v", list[0], err); t.Failed() && failures.Add(1) > 60 {
			t.FailNow()
		}
		return
	}
	run(t, conn, list[:len(list)/2])
	run(t, conn, list[len(list)/2:])
}
