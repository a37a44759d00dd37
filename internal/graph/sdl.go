package graph

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// sdlPrinter writes the API as SDL.
type sdlPrinter struct {
	strings.Builder
	filters []valueType // the filters that fields use, each once
	used    map[definition]bool
}

// definition is a type, an input or an enum that may be printed several times, and what it is derived from. Those of one name with different origins
// are all printed, so that the SDL cannot be loaded.
type definition struct {
	name   string
	origin any
}

// again reports whether a definition was printed before, and notes that it is.
func (p *sdlPrinter) again(name string, origin any) bool {
	d := definition{name, origin}
	was := p.used[d]
	p.used[d] = true
	return was
}

func (a *API) printSDL() string {
	p := &sdlPrinter{used: map[definition]bool{}}
	p.query(a)
	p.mutation(a)
	p.subscription(a)
	p.nodeType(a)
	if a.options.Sessions {
		p.session()
	}
	for _, o := range a.objects {
		p.object(o)
	}
	p.plains(a)
	p.searchTypes(a.objects)
	p.nearestTypes(a.objects)
	for i := 0; i < len(p.filters); i++ {
		p.filter(p.filters[i])
	}
	p.similarType()
	for _, e := range a.model.Enums {
		p.enum(e)
	}
	p.fixed()
	return p.String()
}

func (p *sdlPrinter) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// describe writes a description as a block string.
func (p *sdlPrinter) describe(indent, text string) {
	if text == "" {
		return
	}
	p.line(`%s"""`, indent)
	for _, line := range strings.Split(strings.ReplaceAll(text, `"""`, `\"""`), "\n") {
		p.line("%s%s", indent, line)
	}
	p.line(`%s"""`, indent)
}

func (p *sdlPrinter) query(a *API) {
	p.line("type Query {")
	empty := true
	for _, o := range a.objects {
		if o.typ.API.Hides(schema.Read) {
			continue
		}
		empty = false
		p.rowsOf(o, "if")
	}
	p.customs(a, false)
	p.nodeQuery(a)
	empty = empty && !a.hasCustoms(false)
	switch {
	case a.options.Sessions:
		p.sessionQuery()
	case empty:
		p.describe("  ", "No type of the schema has @auth rules, or all are hidden, so the API has no queries.")
		p.line("  nothing: Boolean")
	}
	p.line("}\n")
}

// rowsOf prints the root fields that read the rows of a type. A row that is missing makes the first one null if, or while, it is.
func (p *sdlPrinter) rowsOf(o *object, when string) {
	p.describe("  ", "The "+o.typ.APIName()+" with this key, or null "+when+" no such row exists that the caller is allowed to read.")
	p.line("  %s(%s): %s", o.single, strings.Join(o.keyArguments(), ", "), o.typ.APIName())
	p.describe("  ", "Every "+o.typ.APIName()+" that the caller is allowed to read.")
	p.line("  %s%s: %sConnection!", o.plural, listArguments(o), o.typ.APIName())
}

func listArguments(o *object) string {
	distinct := ""
	if len(o.keys()) > 0 {
		distinct = ", distinctOn: [" + o.typ.APIName() + "AggregateField!]"
	}
	return fmt.Sprintf("(where: %sWhere, orderBy: [%sOrder!]%s, first: Int, after: String, last: Int, before: String, offset: Int%s)", o.typ.APIName(), o.typ.APIName(), distinct, nearestArgument(o))
}

func (p *sdlPrinter) object(o *object) {
	name := o.typ.APIName()
	p.describe("", o.typ.Description)
	p.typeHead(o)
	for _, f := range o.fields {
		description := f.src.Description
		if f.target == nil && f.src.Relation != nil {
			description = "The key of " + f.src.APIName() + "."
		}
		p.describe("  ", description)
		if f.many {
			p.line("  %s%s: %sConnection%s%s", f.name, listArguments(f.target), f.target.typ.APIName(), bang(!f.nullable), deprecated(f.src.Deprecated))
			continue
		}
		p.line("  %s%s: %s%s", f.name, f.pathArgument(), f.sdlType(), deprecated(f.src.Deprecated))
	}
	p.line("}\n")
	p.line("type %sConnection {\n  nodes: [%s!]!\n  edges: [%sEdge!]!\n  pageInfo: PageInfo!", name, name, name)
	p.describe("  ", "The number of rows of all pages. Counting many rows takes time.")
	p.line("  totalCount: Int!")
	p.describe("  ", "Aggregates over the rows of all pages.")
	p.line("  aggregate: %sAggregate!", name)
	p.groups(o)
	p.line("}\n")
	p.line("type %sEdge {\n  cursor: String!\n  node: %s!", name, name)
	p.edgeMeasures(o)
	p.line("}\n")
	p.where(o)
	p.order(o)
	p.aggregates(o)
}

func (f *field) sdlType() string {
	if f.target != nil {
		return f.target.typ.APIName() + bang(!f.nullable)
	}
	s := f.value.name()
	if f.value.list {
		s = "[" + s + bang(!f.value.elemNull) + "]"
	}
	return s + bang(!f.nullable)
}

func bang(v bool) string {
	if v {
		return "!"
	}
	return ""
}

func (p *sdlPrinter) where(o *object) {
	name := o.typ.APIName()
	p.describe("", "Conditions on "+article(name)+"; all of them must hold.")
	p.line("input %sWhere {", name)
	p.globalFilter(o)
	for _, f := range o.fields {
		switch {
		case f.many:
			p.line("  %s: %sListWhere%s", f.name, f.target.typ.APIName(), deprecated(f.src.Deprecated))
		case f.target != nil:
			p.line("  %s: %sWhere%s", f.name, f.target.typ.APIName(), deprecated(f.src.Deprecated))
		default:
			p.line("  %s: %s%s", f.name, p.use(f.value), deprecated(f.src.Deprecated))
		}
	}
	for _, connective := range []string{"and: [%sWhere!]", "or: [%sWhere!]", "not: %sWhere"} {
		if field, _, _ := strings.Cut(connective, ":"); o.byName[field] == nil {
			p.line("  "+connective, name)
		}
	}
	if o.typ.Search != nil {
		p.line("  search: %s", textSearch)
	}
	p.line("}\n")
	p.describe("", "Conditions on the rows of a list that the caller is allowed to read.")
	p.line("input %sListWhere {\n  some: %sWhere\n  every: %sWhere\n  none: %sWhere", name, name, name, name)
	p.listConditions(o)
}

// order writes the input of orderBy. One element names one field; a list of them orders by several.
func (p *sdlPrinter) order(o *object) {
	p.describe("", "One field to order by, of the row, or of one that it refers to, or one aggregate of a list.")
	p.line("input %sOrder {", o.typ.APIName())
	for _, f := range o.fields {
		switch {
		case f.many:
			p.line("  %s: %sAggregateOrder%s", f.name, f.target.typ.APIName(), deprecated(f.src.Deprecated))
		case f.target != nil:
			p.line("  %s: %sOrder%s", f.name, f.target.typ.APIName(), deprecated(f.src.Deprecated))
		case f.value.ordered():
			p.line("  %s: %s%s", f.name, orderDirection, deprecated(f.src.Deprecated))
		}
	}
	p.orderMeasures(o)
	p.line("}\n")
}

// use returns the name of the filter of a type of value, and prints the filter later.
func (p *sdlPrinter) use(v valueType) string {
	name, form := v.name(), ""
	within, isRange := v.rangeOf()
	switch {
	case isRange:
		name, form = within.name(), "Range"
	case v.trigrams:
		form = "Trigram"
	case v.list || v.scalar == schema.Vector:
		form = "List"
	}
	filter := name + form + "Filter"
	if !p.again(filter, name) {
		p.filters = append(p.filters, v)
	}
	return filter
}

func (p *sdlPrinter) filter(v valueType) {
	t := v.name()
	p.line("input %s {", p.use(v))
	switch {
	case v.scalar == schema.Vector:
	case v.list:
		p.listFilter(v)
	case v.scalar == schema.JSON:
		p.jsonFilter()
		return
	case v.scalar == schema.Boolean:
		p.line("  eq: Boolean\n  ne: Boolean")
	case v.scalar == schema.Bytes:
		p.line("  eq: Bytes\n  ne: Bytes")
	default:
		p.line("  eq: %s\n  ne: %s\n  in: [%s!]\n  notIn: [%s!]", t, t, t, t)
		if v.enum == nil && v.scalar != schema.ID {
			p.line("  gt: %s\n  gte: %s\n  lt: %s\n  lte: %s", t, t, t, t)
		}
		within, isRange := v.rangeOf()
		switch {
		case isRange:
			p.rangeFilter(within)
		case v.scalar == schema.String:
			p.textOperators()
		}
		if v.trigrams {
			p.line("  similarTo: %s", similarTo)
		}
	}
	p.line("  isNull: Boolean\n}\n")
}

func (p *sdlPrinter) enum(e *schema.Enum) {
	p.describe("", e.Description)
	p.line("enum %s {", e.Name)
	for _, v := range e.Values {
		p.describe("  ", v.Description)
		p.line("  %s%s", v.Name, deprecated(v.Deprecated))
	}
	p.line("}\n")
}

// fixed prints the types that every API has.
func (p *sdlPrinter) fixed() {
	p.line("%s", `"By default, null is the greatest value."
enum OrderDirection {
  `+strings.Join(directions, "\n  ")+`
}

enum AggregateInterval {
  HOUR
  DAY
  "From Monday."
  WEEK
  MONTH
  QUARTER
  YEAR
}

type PageInfo {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}
`)
	for _, name := range schema.Scalars {
		s := scalar.Of(name, "")
		if s.About == "" {
			continue
		}
		standard := ""
		if s.SpecifiedBy != "" {
			standard = fmt.Sprintf(" @specifiedBy(url: %q)", s.SpecifiedBy)
		}
		p.line("%q\nscalar %s%s", s.About, name, standard)
	}
}
