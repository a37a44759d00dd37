package graph

import "github.com/krowoc/krowoc/internal/schema"

// mutation prints the fields of Mutation, at most seven for each type.
func (p *sdlPrinter) mutation(a *API) {
	if len(a.mutationNames) == 0 && !a.options.Sessions && !a.hasCustoms(true) {
		return
	}
	p.line("type Mutation {")
	for _, name := range a.mutationNames {
		m := a.mutations[name]
		typ := m.object.typ.APIName()
		key := m.object.keyArguments()
		if v := versionOf(m.object); v != nil {
			key = append(key, v.name+": Int")
		}
		switch list := m.object.typ.APIListType(); {
		case m.upsert:
			p.describe("  ", "Creates "+article(typ)+", or changes the one with the same unique value, and returns it.")
			p.line("  %s(data: %sCreate!, onConflict: %sConflict!): %s", name, typ, typ, typ)
		case m.many && m.operation == schema.Create:
			p.describe("  ", "Creates all "+list+" of data.")
			p.line("  %s(data: [%sCreate!]!): %sBatch!", name, typ, typ)
		case m.operation == schema.Create:
			p.describe("  ", "Creates "+article(typ)+" and returns it, or null if the caller is not allowed to read it.")
			p.line("  %s(data: %sCreate!): %s", name, typ, typ)
		case m.many && m.operation == schema.Update:
			p.describe("  ", "Changes the fields in data of all "+list+" that match where and that the caller is allowed to read and to change.")
			p.line("  %s(where: %sWhere, all: Boolean, data: %sPatch!%s): %sBatch!", name, typ, typ, p.operatorArguments(m.object), typ)
		case m.many:
			p.describe("  ", "Deletes all "+list+" that match where and that the caller is allowed to read and to delete.")
			p.line("  %s(where: %sWhere, all: Boolean): %sBatch!", name, typ, typ)
		case m.operation == schema.Update:
			p.describe("  ", "Changes the fields in data of the "+typ+" with this key and returns it.")
			p.line("  %s(%s, data: %sPatch!%s): %s", name, join(key, ", "), typ, p.operatorArguments(m.object), typ)
		case m.operation == schema.Delete:
			p.describe("  ", "Deletes the "+typ+" with this key and returns it.")
			p.line("  %s(%s): %s", name, join(key, ", "), typ)
		}
	}
	p.customs(a, true)
	if a.options.Sessions {
		p.sessionMutation()
	}
	p.line("}\n")
	for _, name := range a.mutationNames {
		m := a.mutations[name]
		switch {
		case m.upsert:
			p.conflict(m.object)
		case m.many:
			p.batch(m.object)
		case m.operation == schema.Create:
			p.input(m.object, "Create", "The fields of a new "+m.object.typ.APIName()+". Fields that are left out take their defaults.", m.operation)
		case m.operation == schema.Update:
			p.operatorInputs(m.object)
			p.input(m.object, "Patch", "The fields of "+article(m.object.typ.APIName())+" to change. Fields that are left out keep their values.", m.operation)
		}
	}
}

// batch prints the answer to a write of many rows, once for each type.
func (p *sdlPrinter) batch(o *object) {
	name := o.typ.APIName() + "Batch"
	if p.again(name, o) {
		return
	}
	p.describe("", "What a write of many rows has done.")
	p.line("type %s {", name)
	p.describe("  ", "The number of rows that were written.")
	p.line("  count: Int!")
	p.describe("  ", "The first of these rows that the caller is allowed to read, in the order of their key; new rows in the order of data.")
	p.line("  nodes(first: Int): [%s!]!\n}\n", o.typ.APIName())
}

// conflict prints the inputs of an upsert.
func (p *sdlPrinter) conflict(o *object) {
	name := o.typ.APIName()
	p.describe("", "What an upsert does about an existing row.")
	p.line("input %sConflict {", name)
	p.describe("  ", "The fields that find the row by their values in data, which must set them.")
	p.line("  target: %sUnique!", name)
	p.describe("  ", "The fields of the row that take their values from data.")
	p.line("  update: [%sUpdate!]!", name)
	for _, op := range operators {
		if len(op.operands(o)) > 0 {
			p.describe("  ", op.about)
			p.line("  %s: %s%s", op.name, name, op.input)
		}
	}
	p.line("}\n")
	p.line("enum %sUnique {", name)
	for _, k := range o.uniques {
		p.line("  %s", k.name)
	}
	p.line("}\n\nenum %sUpdate {", name)
	for _, in := range upsertFields(o) {
		p.line("  %s", in.name)
	}
	p.line("}\n")
}

func (p *sdlPrinter) input(o *object, suffix, about string, op schema.Operation) {
	p.describe("", about)
	p.line("input %s%s {", o.typ.APIName(), suffix)
	some := false
	for _, in := range o.inputs {
		if !in.writable(op) {
			continue
		}
		some = true
		if in.src.Relation == nil {
			p.describe("  ", in.src.Description)
		}
		typ := in.value.name()
		if in.value.list {
			typ = "[" + typ + bang(!in.value.elemNull) + "]"
		}
		required, reason := op == schema.Create && !in.optional && !o.nestable(in), in.src.Deprecated
		if required {
			reason = "" // GraphQL does not allow it: clients could not do without
		}
		p.line("  %s: %s%s%s", in.name, typ, bang(required), deprecated(reason))
	}
	links := o.writableLinks(op)
	for _, l := range links {
		p.describe("  ", l.src.Description)
		p.line("  %s: %sLinks%s%s", l.src.APIName(), l.target.typ.APIName(), suffix, deprecated(l.src.Deprecated))
	}
	p.printNested(o, suffix, op)
	if !some && len(links)+len(o.writableNested(op)) == 0 {
		p.describe("  ", "No field can be set.")
		p.line("  nothing: Boolean")
	}
	p.line("}\n")
	for _, l := range links {
		p.links(l.target, suffix)
	}
	p.nestedInputs(o, suffix, op)
}

// links prints the inputs of lists of a type, each once.
func (p *sdlPrinter) links(o *object, suffix string) {
	once := func(name, about string) bool {
		if p.again(name, o) {
			return false
		}
		p.describe("", about)
		p.line("input %s {", name)
		return true
	}
	name := o.typ.APIName() + "Links"
	if once(name+suffix, "Rows of "+o.typ.APIName()+" to link with a row.") {
		p.line("  connect: [%sKey!]", name)
		if suffix == "Patch" {
			p.line("  disconnect: [%sKey!]", name)
			p.describe("  ", "All rows that the list is to have.")
			p.line("  set: [%sKey!]", name)
		}
		p.line("}\n")
	}
	p.key(o)
}

// key prints the input of a key, once.
func (p *sdlPrinter) key(o *object) {
	name := o.typ.APIName() + "LinksKey"
	if p.again(name, o) {
		return
	}
	p.describe("", "The key of "+article(o.typ.APIName())+".")
	p.line("input %s {", name)
	for _, argument := range o.keyArguments() {
		p.line("  %s", argument)
	}
	p.line("}\n")
}
