package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// measure is how well the rows of a list meet a condition of its where: what orderBy can order by, and edges can show.
type measure struct {
	name  string // in orderBy and in edges: rank, similarity, distance
	sql   string // a number, on the table
	query string // of a search: what it looks for
}

var floatType = valueType{scalar: schema.Float}

// note keeps a measure of the rows with an alias. The first condition of a list counts.
func (b *builder) note(alias string, m measure) {
	key := alias + " " + m.name
	if _, known := b.measures[key]; !known {
		b.measures[key] = m
	}
}

// measured returns a measure of the rows of a page; false where no condition makes it.
func (b *builder) measured(p *page, name string) (measure, bool) {
	m, ok := b.measures[p.scope.alias+" "+name]
	return m, ok
}

// measures are those that the type of a list can have, with the condition that makes them.
func (o *object) measures() (list []struct{ name, by string }) {
	for _, m := range []struct {
		name, by string
		has      bool
	}{
		{"rank", `where: {search: {query: "…"}}`, o.typ.Search != nil},
		{"similarity", `a similarTo: {text: "…"} on a field`, o.hasTrigrams()},
	} {
		if m.has && o.byName[m.name] == nil {
			list = append(list, struct{ name, by string }{m.name, m.by})
		}
	}
	return list
}

// measureTerm adds a measure to the order of a page.
func (b *builder) measureTerm(p *page, item argField, seen map[string]bool) error {
	m, ok := b.measured(p, item.name)
	if !ok {
		return unmeasured(p.object, item.name)
	}
	if key := "measure " + item.name; !seen[key] {
		seen[key] = true
		p.order = append(p.order, orderTerm{name: m.name, sql: m.sql, computed: true, value: floatType, direction: directionOf(item.value)})
	}
	return b.grow()
}

// unmeasured is the fault of an order by what no condition of the list measures.
func unmeasured(o *object, name string) error {
	for _, m := range o.measures() {
		if m.name == name {
			return invalid("orderBy: "+name+" needs a condition that it measures", "write "+m.by+" in the same list")
		}
	}
	return invalid("orderBy: "+name+" is not a field", "")
}

// measureJSON appends a measure of the row of an edge, or null where no condition makes it.
func (b *builder) measureJSON(t *text, p *page, name string) {
	m, ok := b.measured(p, name)
	if !ok {
		t.constant("null")
		return
	}
	value, _ := floatType.elementJSON(p.scope.computed(m.sql))
	t.expr("coalesce(" + value + ", 'null')")
}

// edgeField appends a field of an edge that tells how well its row meets a condition.
func (b *builder) edgeField(t *text, p *page, f selected) error {
	if f.Name == "headline" {
		return b.headline(t, p, f)
	}
	b.measureJSON(t, p, f.Name)
	return nil
}

// edgeMeasures prints them.
func (p *sdlPrinter) edgeMeasures(o *object) {
	if o.typ.Search != nil {
		p.describe("  ", "How well the row matches the search of the list. Null if it has none.")
		p.line("  rank: Float")
		p.describe("  ", "The part of a field that shows the words of the search, as HTML with <b> around them. Null if the list has none.")
		p.line("  headline(of: %sSearchField!): String", o.typ.APIName())
	}
	if len(o.vectors()) > 0 {
		p.describe("  ", "The distance of nearest. Null if the list has none.")
		p.line("  distance: Float")
	}
	if o.hasTrigrams() {
		p.describe("  ", "How similar the row is to the text of a similarTo of the list. Null if it has none.")
		p.line("  similarity: Float")
	}
}

// hasTrigrams reports whether some field can be compared by its trigrams.
func (o *object) hasTrigrams() bool {
	return slices.ContainsFunc(o.fields, func(f *field) bool { return f.value.trigrams })
}

func (p *sdlPrinter) orderMeasures(o *object) {
	for _, m := range o.measures() {
		p.describe("  ", "Takes "+m.by+".")
		p.line("  %s: %s", m.name, orderDirection)
	}
}
