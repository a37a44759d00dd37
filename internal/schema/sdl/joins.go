package sdl

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// joinImplied connects two lists through an implicit join table. It is called for both sides and acts for the first of them by
// name, so that the order of the types in the file does not matter.
func (b *builder) joinImplied(e *end) {
	g := e.inverse
	left, right := e.f, g
	if right.Owner.Name+"."+right.Name < left.Owner.Name+"."+left.Name {
		left, right = right, left
	}
	if left.Relation.Kind == schema.ManyToMany {
		return
	}
	join := &schema.Type{Pos: left.Pos, Join: &schema.Join{Left: left.Field, Right: right.Field}}
	join.Name, join.Table = joinNames(left.Field, right.Field)
	leftName, rightName := lowerFirst(left.Owner.Name), lowerFirst(right.Owner.Name)
	if left.Owner == right.Owner { // each column is named after the list that holds it: following -> following_id
		leftName, rightName = schema.Singular(right.Name), schema.Singular(left.Name)
	}
	if table := b.joinTable(left, right); table != join.Table {
		join.Table = table
		join.Name = join.Name + "Via" + typeName(table)
	}
	leftRef := joinRef(join, leftName, left.Owner, left.Pos)
	rightRef := joinRef(join, rightName, right.Owner, left.Pos)
	join.Fields = []*schema.Field{leftRef, rightRef}
	join.Key = join.Fields
	join.Indexes = []schema.Index{{Method: schema.BTree, Fields: []schema.IndexField{{Field: rightRef}}, Pos: left.Pos}}
	b.joins = append(b.joins, join)
	connectJoin(left, right, join, leftRef, rightRef)
	connectJoin(right, left, join, rightRef, leftRef)
}

// joinNames returns the default names of an implicit join type and of its table.
func joinNames(left, right *schema.Field) (name, table string) {
	if left.Owner == right.Owner {
		return left.Owner.Name + upperFirst(left.Name), schema.SnakeCase(left.Owner.Name) + "_" + schema.SnakeCase(left.Name)
	}
	return left.Owner.Name + right.Owner.Name, left.Owner.Table + "_" + right.Owner.Table
}

// joinTable returns the table that either side names with @manyToMany(table:), or the default.
func (b *builder) joinTable(left, right *fieldDecl) string {
	_, table := joinNames(left.Field, right.Field)
	for _, f := range []*fieldDecl{left, right} {
		if u := f.uses.one("manyToMany"); u != nil {
			table = b.physicalName(u, "table", table)
		}
	}
	return table
}

// typeName turns the name of a table into part of the name of a type, so that two relations between the
// same types, which must name their tables, have join types of different names.
func typeName(table string) string {
	var b strings.Builder
	for _, w := range splitWords(table) {
		b.WriteString(upperFirst(w))
	}
	return b.String()
}

func joinRef(join *schema.Type, name string, target *schema.Type, pos schema.Position) *schema.Field {
	return &schema.Field{
		Name: name, Owner: join, Pos: pos, Type: schema.FieldType{Object: target, NonNull: true},
		Relation: &schema.Relation{Kind: schema.RefOne, Target: target, OnDelete: schema.Cascade},
	}
}

func connectJoin(f, inverse *fieldDecl, join *schema.Type, this, target *schema.Field) {
	f.Relation.Kind, f.Relation.Inverse = schema.ManyToMany, inverse.Field
	f.Relation.Through, f.Relation.ThisRef, f.Relation.TargetRef = join, this, target
}

// throughWithoutInverse allows a relation through a join type to be declared on one side only.
func (b *builder) throughWithoutInverse(e *end, found []*fieldDecl) *fieldDecl {
	if len(found) > 1 {
		b.errorf(codeAmbiguous, e.f.def.Position, fmt.Sprintf("choose one, for example with @inverse(field: %q)", found[0].Name), "%s.%s could be the inverse of %d fields of %s", e.t.Name, e.f.Name, len(found), e.target.Name)
		e.f.broken = true
		return nil
	}
	b.joinThrough(e)
	return nil
}

// joinThrough connects a list to its target through a stored type that refers to both.
func (b *builder) joinThrough(e *end) {
	u := e.through
	v := u.args["through"]
	join := b.named[v.Raw]
	if join == nil || !join.stored {
		var tables []string
		b.stored(func(t *typeDecl) { tables = append(tables, t.Name) })
		b.errorf(codeInvalidThrough, v.Position, didYouMean(v.Raw, tables, "%q"), "unknown stored type %q", v.Raw)
		e.f.broken = true
		return
	}
	if table := u.args["table"]; table != nil {
		b.errorf(codeConflict, table.Position, "use @table(name: …) on "+join.Name+" instead", "%q already defines its table", join.Name)
	}
	this := b.joinEnd(e, join, "from", e.t, nil)
	target := b.joinEnd(e, join, "to", e.target, this)
	if this == nil || target == nil {
		e.f.broken = true
		return
	}
	rel := e.f.Relation
	rel.Kind, rel.Through, rel.ThisRef, rel.TargetRef = schema.ManyToMany, join.Type, this.Field, target.Field
	if e.inverse != nil {
		rel.Inverse = e.inverse.Field
	}
}

// joinEnd finds the reference of a join type to one of the types it joins.
func (b *builder) joinEnd(e *end, join *typeDecl, arg string, to *typeDecl, not *fieldDecl) *fieldDecl {
	refers := func(f *fieldDecl) bool {
		return f != not && f.Relation != nil && f.Relation.Kind == schema.RefOne && f.Relation.Target == to.Type
	}
	if v := e.through.args[arg]; v != nil {
		f := b.fieldNamed(join, v)
		if f != nil && !refers(f) {
			b.errorf(codeInvalidThrough, v.Position, "name a reference to "+to.Name, "%s.%s does not refer to %s", join.Name, f.Name, to.Name)
			return nil
		}
		return f
	}
	at := e.through.args["through"].Position
	switch names := join.names(refers); len(names) {
	case 1:
		return join.field(names[0])
	case 0:
		b.errorf(codeInvalidThrough, at, fmt.Sprintf("add %s: %s! to %s", lowerFirst(to.Name), to.Name, join.Name), "%s has no reference to %s", join.Name, to.Name)
	default:
		b.errorf(codeInvalidThrough, at, fmt.Sprintf("choose one, for example with %s: %q", arg, names[0]), "%s has %d references to %s", join.Name, len(names), to.Name)
	}
	return nil
}

// position returns the position of an argument, or that of the directive when the argument is missing.
func (u *use) position(arg string) *ast.Position {
	if v := u.args[arg]; v != nil {
		return v.Position
	}
	return u.Position
}
