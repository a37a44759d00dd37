package sdl

import (
	"github.com/krowoc/krowoc/internal/schema"
)

// applyDirectives reads the directives that need the columns of every field: constraints, defaults, indexes, checks and rules.
func (b *builder) applyDirectives() {
	for _, t := range b.types {
		for _, f := range t.fields {
			if f.broken {
				continue
			}
			b.constraints(f)
			f.Deprecated = b.deprecated(f.uses)
			if t.stored {
				b.fieldDirectives(t, f)
			}
		}
		if t.stored {
			b.typeDirectives(t)
		}
	}
	b.stored(func(t *typeDecl) { // who may read the fields is known now
		if u := t.uses.one("searchable"); u != nil {
			b.searchable(t, u)
		}
	})
	b.stored(func(t *typeDecl) { // which of the fields of all types are personal is known now
		for _, u := range t.uses.all("metric") {
			b.metric(t, u)
		}
		for _, u := range t.uses.all("track") {
			b.track(t, u)
		}
	})
}

func (b *builder) fieldDirectives(t *typeDecl, f *fieldDecl) {
	b.fieldUnique(f)
	for _, u := range f.uses.all("index") {
		b.index(t, f, u)
	}
	for _, u := range f.uses.all("check") {
		check := b.check(t, u, f.Columns(), len(f.Checks))
		f.Checks = append(f.Checks, check)
	}
	if u := f.uses.one("default"); u != nil {
		b.defaultOf(t, f, u)
	}
	if u := f.uses.one("generated"); u != nil {
		b.generated(t, f, u)
	}
	if u := f.uses.one("onUpdate"); u != nil {
		f.OnUpdate = b.expr(u.args["expr"], t.Type, updateKind(f.Field))
	}
	if u := f.uses.one("api"); u != nil {
		f.API = b.shown(u, f)
	}
	if u := f.uses.one("version"); u != nil {
		b.version(t, f, u)
	}
	if u := f.uses.one("pii"); u != nil {
		b.pii(f, u)
	}
	if u := f.uses.one("auth"); u != nil {
		f.Auth = u.args["rules"] != nil
		f.Rules, f.Fresh = b.rules(t, u, true), b.fresh(u, true)
	}
}

// fieldUnique reads @unique on a field.
func (b *builder) fieldUnique(f *fieldDecl) {
	for i, u := range f.uses.all("unique") {
		if i > 0 {
			b.errorf(codeRepeated, u.Position, "remove one of them", "@unique is used twice")
		}
		for _, a := range u.Arguments {
			b.errorf(codeConflict, a.Position, "move @unique("+a.Name+": …) to the type", "@unique on a field takes no arguments")
		}
		f.Unique = true
		if f.Type.Scalar == schema.JSON || f.Type.Scalar == schema.Vector {
			b.errorf(codeInvalidConstraint, u.Position, "remove @unique", "@unique does not support %s", f.Type.Scalar)
		}
	}
}

func (b *builder) typeDirectives(t *typeDecl) {
	for _, u := range t.uses.all("unique") {
		fields := b.indexFields(t, u)
		if fields == nil {
			continue
		}
		name := schema.ObjectName(t.Table, columnsOf(fields), "key")
		t.Uniques = append(t.Uniques, schema.Unique{Name: b.physicalName(u, "name", name), Fields: fields, Pos: b.position(u.Position)})
	}
	for _, u := range t.uses.all("index") {
		b.index(t, nil, u)
	}
	for _, u := range t.uses.all("check") {
		t.Checks = append(t.Checks, b.check(t, u, nil, len(t.Checks)))
	}
	t.Live = t.uses.one("live") != nil
	if u := t.uses.one("api"); u != nil {
		t.API = b.shown(u, nil)
	}
	if u := t.uses.one("auth"); u != nil {
		t.Rules, t.Fresh = b.rules(t, u, false), b.fresh(u, false)
	}
}

// check reads @check; n is the number of checks before it on the same field or type.
func (b *builder) check(t *typeDecl, u *use, columns []string, n int) schema.Check {
	e := b.condition(t, u, "expr", "sql", checkKind())
	if e == nil {
		b.errorf(codeMissingArgument, u.Position, `write @check(expr: "this.price > 0.0")`, "@check requires expr or sql")
		e = &schema.Expr{Source: "true", SQL: true, Pos: b.position(u.Position)} // later steps require one
	}
	return schema.Check{
		Name:    b.physicalName(u, "name", checkName(t.Table, columns, n)),
		Expr:    e,
		Message: u.text("message"),
		Pos:     b.position(u.Position),
	}
}
