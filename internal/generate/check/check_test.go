package check_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/generate/check"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// lisp writes an expression in a language of the test's own.
var lisp = check.Language[string]{
	Call: func(function string, args ...string) string {
		return "(" + strings.Join(append([]string{function}, args...), " ") + ")"
	},
	Field:   func(f shape.Field) string { return f.Name },
	String:  strconv.Quote,
	Number:  func(digits string) string { return digits },
	Bool:    strconv.FormatBool,
	Null:    func() string { return "nil" },
	Pattern: func(regexp string) string { return "/" + regexp + "/" },
	List:    func(items []string) string { return "[" + strings.Join(items, " ") + "]" },
}

func TestWrite(t *testing.T) {
	for expr, want := range map[string]string{
		`this.n > 0 && this.n != 7`:                     `(and (gt n 0) (ne n 7))`,
		`this.n == 1`:                                   `(same n 1)`,
		`this.n == null || this.n / 2 == 3`:             `(or (eq n nil) (same (intDiv n 2) 3))`,
		`!(this.n == 1)`:                                `(not (eq n 1))`,
		`this.s in ['a', 'b']`:                          `(among s ["a" "b"])`,
		`size(this.s) < 3 ? true : this.s.endsWith('')`: `(cond (lt (size s) 3) true (endsWith s ""))`,
		`this.s.matches('^a$')`:                         `(matches s /^a$/)`,
		`this.at >= timestamp('2020-01-01T00:00:00Z')`:  `(ge at (time "2020-01-01T00:00:00Z"))`,
		`this.t.id != this.id`:                          `(ne tId id)`,
		`this.x * 1.5 > 2.0`:                            `(gt (mul x 1.5) 2)`,
		`this.took == duration('1s')`:                   "", // durations are for the database to compare
	} {
		text := "type T @table @auth(rules: []) { n: Int s: String at: DateTime x: Float took: Duration t: T }\n"
		text = strings.Replace(text, "@auth", "@check(expr: "+strconv.Quote(expr)+") @auth", 1)
		s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
		if err := mistakes.Err("parse"); err != nil {
			t.Errorf("%s: %v", expr, mistakes)
			continue
		}
		typ := shape.Of(s)[0]
		abouts := check.All(typ)
		if len(abouts) != 1 || abouts[0].Field != "" || abouts[0].Text() != "must satisfy "+expr {
			t.Fatalf("%+v", abouts)
		}
		got, ok := check.Write(lisp, typ, abouts[0].Check)
		if ok != (want != "") || (ok && got != want) {
			t.Errorf("%s is written %s (%t), not %s", expr, got, ok, want)
		}
	}
}

func TestSQLIsForTheDatabase(t *testing.T) {
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: `type T @table @auth(rules: []) { s: String @check(sql: "s <> ''", message: "Write something.") }`})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	typ := shape.Of(s)[0]
	about := check.All(typ)[0]
	if _, ok := check.Write(lisp, typ, about.Check); ok || about.Field != "s" || about.Text() != "Write something." {
		t.Errorf("%t %+v", ok, about)
	}
}
