package graph

// aggregates writes the types of the aggregates of a list: those of answers, of conditions and of orders.
func (p *sdlPrinter) aggregates(o *object) {
	name := o.typ.APIName() + "Aggregate"
	p.describe("", "Aggregates over rows of "+o.typ.APIName()+". A field that the caller is not allowed to read counts as null in that row.")
	p.line("type %s {", name)
	p.aggregateFields(o)
	p.line("}\n")
	p.describe("", "Conditions on aggregates over rows of "+o.typ.APIName()+"; all of them must hold.")
	p.line("input %sWhere {", name)
	p.aggregateConditions(o)
	p.line("  and: [%sWhere!]\n  or: [%[1]sWhere!]\n  not: %[1]sWhere\n}\n", name)
	for _, f := range families {
		if len(f.fields(o)) > 0 {
			p.family(o, f)
		}
	}
	p.grouping(o)
}

// family writes the types of one family of functions.
func (p *sdlPrinter) family(o *object, f family) {
	name := o.typ.APIName() + "Aggregate" + f.name
	p.line("type %s {", name)
	for _, field := range f.fields(o) {
		p.line("  %s: %s%s", field.name, f.result(field.value).name(), bang(f.required))
	}
	p.line("}\n\ninput %sWhere {", name)
	for _, field := range f.fields(o) {
		p.line("  %s: %s", field.name, p.use(f.result(field.value)))
	}
	p.line("}\n\ninput %sOrder {", name)
	for _, field := range f.fields(o) {
		p.line("  %s: %s", field.name, orderDirection)
	}
	p.line("}\n")
}

// functions calls each with every function that takes a field of a type.
func (o *object) functions(each func(f family, fn function)) {
	for _, f := range families {
		if len(f.fields(o)) == 0 {
			continue
		}
		for _, fn := range f.functions {
			each(f, fn)
		}
	}
}

// aggregateFields writes the fields with aggregates of a type.
func (p *sdlPrinter) aggregateFields(o *object) {
	p.describe("  ", "The number of rows.")
	p.line("  count: Int!")
	o.functions(func(f family, fn function) {
		p.describe("  ", fn.about)
		p.line("  %s: %sAggregate%s!", fn.name, o.typ.APIName(), f.name)
	})
}

// aggregateConditions writes the conditions on aggregates of a type.
func (p *sdlPrinter) aggregateConditions(o *object) {
	p.line("  count: %s", p.use(counted))
	o.functions(func(f family, fn function) { p.line("  %s: %sAggregate%sWhere", fn.name, o.typ.APIName(), f.name) })
}

// aggregateOrders writes the aggregates of a type that lists can be ordered by.
func (p *sdlPrinter) aggregateOrders(o *object) {
	p.line("  count: %s", orderDirection)
	o.functions(func(f family, fn function) { p.line("  %s: %sAggregate%sOrder", fn.name, o.typ.APIName(), f.name) })
}

// keys returns the fields that rows can be grouped by, and told apart by.
func (o *object) keys() (list []*field) {
	for _, f := range families[0].fields(o) {
		if isEnumValue(f.name) {
			list = append(list, f)
		}
	}
	return list
}

// groups writes the field of a connection that returns groups.
func (p *sdlPrinter) groups(o *object) {
	if len(o.keys()) == 0 {
		return
	}
	p.describe("  ", "Aggregates over the rows of all pages in groups, in the order of orderBy and then of the keys.")
	p.line("  groups(by: [%sAggregateBy!]!, having: %[1]sAggregateWhere, orderBy: [%[1]sAggregateGroupOrder!], first: Int, offset: Int): [%[1]sAggregateGroup!]!", o.typ.APIName())
}

// grouping writes the types of groups.
func (p *sdlPrinter) grouping(o *object) {
	keys := o.keys()
	if len(keys) == 0 {
		return
	}
	name := o.typ.APIName() + "Aggregate"
	p.line("enum %sField {", name)
	for _, f := range keys {
		p.line("  %s", f.name)
	}
	p.line("}\n")
	p.describe("", "What rows are grouped by: the values of a field, or the intervals in which they are.")
	p.line("input %sBy {\n  field: %[1]sField!", name)
	p.describe("  ", "Of a Date or a DateTime.")
	p.line("  interval: %s", aggregateInterval)
	p.describe("  ", "The time zone in which intervals of a DateTime begin: Europe/Berlin. By default, UTC.")
	p.line("  timeZone: String\n}\n")
	p.line("type %sGroup {", name)
	p.describe("  ", "What the rows of the group have in common. An interval is given by its start.")
	p.line("  keys: %sKeys!", name)
	p.aggregateFields(o)
	p.line("}\n")
	p.describe("", "Only fields of by can be selected.")
	p.line("type %sKeys {", name)
	for _, f := range keys {
		p.line("  %s: %s", f.name, f.value.name())
	}
	p.line("}\n")
	p.describe("", "One aggregate or key to order groups by.")
	p.line("input %sGroupOrder {\n  keys: %[1]sDistinctOrder", name)
	p.aggregateOrders(o)
	p.line("}\n")
}

// listConditions writes the rest of the filter of a list: conditions on its aggregates, by themselves or of the rows that match a filter.
func (p *sdlPrinter) listConditions(o *object) {
	name := o.typ.APIName()
	p.describe("  ", "Conditions on aggregates over the rows that match a filter.")
	p.line("  aggregate: %sAggregateListWhere", name)
	p.aggregateConditions(o)
	p.line("}\n\ninput %sAggregateListWhere {\n  where: %[1]sWhere", name)
	p.aggregateConditions(o)
	p.line("  and: [%sAggregateWhere!]\n  or: [%[1]sAggregateWhere!]\n  not: %[1]sAggregateWhere\n}\n", name)
	p.describe("", "One aggregate of a list to order by.")
	p.line("input %sAggregateOrder {", name)
	p.aggregateOrders(o)
	p.line("}\n")
}
