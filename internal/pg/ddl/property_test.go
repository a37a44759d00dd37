package ddl_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestRoundTrip changes generated schemas in generated ways: what a plan makes is what the schema says, and rolled back
// it is what it was, which Plan itself demands.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rounds, seed := testkit.Random(3)
	for i := range rounds {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			t.Parallel()
			w := &world{r: rand.New(rand.NewPCG(seed+i, 0))}
			for range 3 {
				w.addEnum()
			}
			for range 4 {
				w.addType()
			}
			db := testkit.NewDatabase(t)
			for step := range 8 {
				text := w.sdl()
				if _, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text}); mistakes.Errors() > 0 {
					for _, made := range w.types { // a field that became required can no longer be compared with null
						made.extra = nil
					}
					text = w.sdl()
				}
				allow := w.r.IntN(3) > 0
				to := target(t, text)
				plan, err := to.Plan(t.Context(), db, ddl.PlanOptions{Options: ddl.Options{AllowDrop: allow}})
				if err != nil {
					t.Fatalf("step %d: %v\n%s", step, err, text)
				}
				apply(t, db, plan)
				again, err := to.Plan(t.Context(), db, ddl.PlanOptions{Options: ddl.Options{AllowDrop: allow}})
				if err != nil || len(again.Files) > 0 {
					t.Fatalf("step %d: after\n%s\nthere is still (%v)\n%s\n%s", step, show(plan), err, show(again), text)
				}
				if allow {
					same(t, to, text, plan)
				}
				w.change()
			}
		})
	}
}

// same demands that a plan for an empty database makes the same tables.
func same(t *testing.T, to *ddl.Target, text string, plan ddl.Plan) {
	t.Helper()
	db := testkit.NewDatabase(t)
	fresh := move(t, db, to, ddl.PlanOptions{})
	if len(fresh.Files) > 1 {
		t.Fatalf("an empty database takes several files:\n%s\n%s", show(fresh), text)
	}
	c, err := catalog.Read(t.Context(), db, catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if again := ddl.Diff(c, c, ddl.Options{}); len(again.Files) > 0 {
		t.Fatalf("a database differs from itself:\n%s", show(again))
	}
	_ = plan
}

// world is a schema that is made up.
type world struct {
	r     *rand.Rand
	enums []*madeEnum
	types []*madeType
	names int
}

type madeEnum struct {
	name, was string
	values    []madeValue
}

type madeValue struct {
	name, was string
	isNew     bool
}

type madeType struct {
	name, was string
	fields    []*madeField
	extra     []string // directives
	key       *madeField
	isNew     bool // since the last change
}

type madeField struct {
	name, was, kind string
	ref, many       *madeType
	enum            *madeEnum
	of              *madeField // what it is computed from
	required        bool
	directives      string
	isFirst         bool // the first value of enum is the default
	isNew           bool // since the last change
}

func (w *world) name() string {
	w.names++
	return fmt.Sprintf("%c%d", 'a'+rune(w.r.IntN(26)), w.names)
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (w *world) addEnum() {
	e := &madeEnum{name: "E" + w.name()}
	for range 2 + w.r.IntN(3) {
		e.values = append(e.values, madeValue{name: strings.ToUpper(w.name())})
	}
	w.enums = append(w.enums, e)
}

func (w *world) addType() {
	t := &madeType{name: "T" + w.name(), isNew: true}
	w.types = append(w.types, t)
	for range 2 + w.r.IntN(4) {
		w.addField(t)
	}
	w.addExtra(t)
}

// kinds are the types of fields, each with directives that it may have.
var kinds = map[string][]string{
	"String": {"", "@length(max: 20)", "@length(min: 1, max: 9)", `@pattern(regex: "^[a-z]+$")`, `@pattern(regex: "\\d.x")`, "@format(type: email)", "@unique", "@index",
		`@default(value: "it's")`, `@col(dataType: "varchar(20)")`},
	"Int":      {"", "@range(min: 0)", "@range(min: 1, max: 9) @default(value: 5)", "@default(value: 7)", "@index(type: BRIN)", "@unique"},
	"Int64":    {"", "@default(value: 5000000000)"},
	"Float":    {"", "@default(value: 0.5)", "@range(max: 1)"},
	"Decimal":  {"", `@default(value: "1.50")`, "@range(min: 0)"},
	"Boolean":  {"", "@default(value: true)"},
	"Date":     {"", `@range(min: "2020-01-01")`},
	"DateTime": {"", `@default(expr: "request.time")`, "@index"},
	"Duration": {""},
	"JSON":     {"", "@default(value: {a: 1})", "@index(type: GIN)"},
	"Bytes":    {"", "@length(max: 9)"},
	"ID":       {"", `@default(expr: "uuidV7()")`, "@unique"},
	"[String]": {"", "@default(value: [])", "@length(max: 3)", "@index(type: GIN)"},
	"[Int!]":   {"", "@default(value: [1, 2])"},
}

func (w *world) addField(t *madeType) {
	f := &madeField{name: "f" + w.name(), required: w.r.IntN(3) == 0, isNew: true}
	switch n := w.r.IntN(11); {
	case n == 10 && slices.ContainsFunc(t.fields, (*madeField).counted):
		f.of = t.fields[slices.IndexFunc(t.fields, (*madeField).counted)]
		f.kind, f.required, f.directives = "Int64", false, pick(w.r, formulas)
	case n == 0:
		f.enum = pick(w.r, w.enums)
	case n <= 2:
		f.ref = pick(w.r, w.types)
		f.required = f.required && f.ref != t
		f.directives = pick(w.r, []string{"", "@index", "@ref(onDelete: CASCADE)", "@ref(onDelete: RESTRICT) @index"})
	default:
		f.kind = pick(w.r, sortedKinds())
		f.directives = pick(w.r, kinds[f.kind])
	}
	t.fields = append(t.fields, f)
}

// formulas compute a field from another.
var formulas = []string{`@generated(expr: "this.%s + 1")`, `@generated(expr: "this.%s * 2")`, `@generated(sql: "abs(%[1]s) + %[1]s")`, `@generated(expr: "this.%s * 2") @index`}

func (f *madeField) counted() bool { return f.kind == "Int" && f.of == nil }

func sortedKinds() (list []string) {
	for k := range kinds {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func (f *madeField) plain() bool { return f.kind == "Int" || f.kind == "String" }

// addExtra adds a directive over some of the type's fields.
func (w *world) addExtra(t *madeType) {
	var plain []*madeField
	for _, f := range t.fields {
		if f.plain() {
			plain = append(plain, f)
		}
	}
	if len(plain) < 2 {
		return
	}
	texts := slices.DeleteFunc(slices.Clone(plain), func(f *madeField) bool { return f.kind != "String" })
	searched := slices.ContainsFunc(t.extra, func(extra string) bool { return strings.HasPrefix(extra, "@searchable") })
	if len(texts) > 0 && !searched && w.r.IntN(2) == 0 {
		fields := []string{fmt.Sprintf("%q", texts[0].name), fmt.Sprintf("%q", texts[len(texts)-1].name)}
		t.extra = append(t.extra, fmt.Sprintf("@searchable(fields: [%s], language: %q)", strings.Join(slices.Compact(fields), ", "), pick(w.r, []string{"simple", "english"})))
		return
	}
	a, b := plain[0], plain[1+w.r.IntN(len(plain)-1)]
	t.extra = append(t.extra, pick(w.r, []string{
		fmt.Sprintf("@index(fields: [%q, %q])", a.name, b.name),
		fmt.Sprintf("@index(fields: [%q, %q], order: [DESC, ASC])", b.name, a.name),
		fmt.Sprintf("@unique(fields: [%q, %q])", a.name, b.name),
		fmt.Sprintf("@check(expr: %q)", "this."+a.name+" == null || this."+b.name+" != null"),
		fmt.Sprintf("@index(fields: [%q], where: %q, name: %q)", a.name, "this."+b.name+" != null", w.name()+"_idx"),
	}))
}

func (w *world) sdl() string {
	var b strings.Builder
	renamed := func(was string) string {
		if was == "" {
			return ""
		}
		return fmt.Sprintf(" @renamed(from: %q)", was)
	}
	for _, e := range w.enums {
		fmt.Fprintf(&b, "enum %s%s {", e.name, renamed(e.was))
		for _, v := range e.values {
			b.WriteString(" " + v.name + renamed(v.was))
		}
		b.WriteString(" }\n")
	}
	for _, t := range w.types {
		key := ""
		if t.key != nil {
			key = fmt.Sprintf("(key: [%q])", t.key.name)
		}
		fmt.Fprintf(&b, "type %s @table%s%s %s {\n", t.name, key, renamed(t.was), strings.Join(t.extra, " "))
		for _, f := range t.fields {
			kind := f.kind
			switch {
			case f.ref != nil:
				kind = f.ref.name
			case f.many != nil:
				kind = "[" + f.many.name + "!]"
			case f.enum != nil:
				kind = f.enum.name
			}
			if f.required {
				kind += "!"
			}
			directives := f.directives
			if f.of != nil {
				directives = fmt.Sprintf(directives, f.of.name)
			}
			if f.isFirst {
				directives = "@default(value: " + f.enum.values[0].name + ")"
			}
			fmt.Fprintf(&b, "  %s: %s %s%s\n", f.name, kind, directives, renamed(f.was))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// change changes a few things. What was renamed before is no longer called so.
func (w *world) change() {
	for _, e := range w.enums {
		e.was = ""
		for i := range e.values {
			e.values[i].was, e.values[i].isNew = "", false
		}
	}
	for _, t := range w.types {
		t.was, t.isNew = "", false
		for _, f := range t.fields {
			f.was, f.isNew = "", false
		}
	}
	for range 1 + w.r.IntN(5) {
		w.changeOne()
	}
}

func (w *world) changeOne() {
	t := pick(w.r, w.types)
	f := pick(w.r, t.fields)
	e := pick(w.r, w.enums)
	kind := w.r.IntN(12)
	if isFixed := t.key == f || f.many != nil; isFixed && slices.Contains([]int{4, 6, 7, 11}, kind) {
		return
	}
	switch kind {
	case 0:
		w.addType()
	case 1:
		w.dropType(t)
	case 2, 3:
		w.addField(t)
	case 4:
		if len(t.fields) > 1 {
			t.fields = slices.DeleteFunc(t.fields, func(x *madeField) bool { return x == f || x.of == f })
			t.extra = nil
		}
	case 5:
		if f.was == "" && !slices.ContainsFunc(t.extra, func(x string) bool { return strings.Contains(x, f.name) }) {
			f.was, f.name = f.name, "f"+w.name()
		}
	case 6:
		f.required = !f.required && f.ref != t && f.of == nil
	case 7:
		switch {
		case f.of != nil:
			f.directives = pick(w.r, formulas)
		case f.kind != "":
			f.directives = pick(w.r, kinds[f.kind])
		}
	case 8:
		t.extra = nil
		w.addExtra(t)
	case 9:
		w.changeEnum(e)
	case 10:
		if t.was == "" {
			t.was, t.name = t.name, "T"+w.name()
		}
	case 11:
		if f.kind == "Int" && f.directives == "" {
			f.kind = "Int64"
		}
	}
}

func (w *world) dropType(t *madeType) {
	for _, other := range w.types {
		for _, f := range other.fields {
			if (f.ref == t || f.many == t) && other != t {
				return
			}
		}
	}
	if len(w.types) > 2 {
		w.types = slices.DeleteFunc(w.types, func(x *madeType) bool { return x == t })
	}
}

func (w *world) changeEnum(e *madeEnum) {
	i := w.r.IntN(len(e.values))
	switch w.r.IntN(4) {
	case 0:
		e.values = slices.Insert(e.values, i, madeValue{name: strings.ToUpper(w.name()), isNew: true})
	case 1:
		if len(e.values) > 1 {
			e.values = slices.Delete(e.values, i, i+1)
		}
	case 2:
		if e.values[i].was == "" {
			e.values[i] = madeValue{name: strings.ToUpper(w.name()), was: e.values[i].name}
		}
	case 3:
		if e.was == "" {
			e.was, e.name = e.name, "E"+w.name()
		}
	}
}
