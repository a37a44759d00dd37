package celsql

import (
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// row is a row with an alias in the SQL, or the target of a reference of another row.
type row struct {
	typ    *schema.Type
	alias  string
	parent *row
	ref    *schema.Field // the field of parent; nil for a row with an alias
}

// column returns SQL for a column of the row. It is null if the row does not exist.
func (t *translator) column(r *row, name string) string {
	if r.parent == nil {
		return r.alias + "." + ident(name)
	}
	rel := r.ref.Relation
	if rel.Kind == schema.RefOne {
		for i, k := range rel.ReferencedColumns() {
			if k == name { // the parent has the value in its own column
				return t.column(r.parent, rel.Columns[i])
			}
		}
	}
	x := &row{typ: r.typ, alias: t.alias()}
	return "(SELECT " + t.column(x, name) + " FROM " + ident(r.typ.Table) + " " + x.alias + " WHERE " + t.joined(rel, r.parent, x) + ")"
}

// joined returns the condition that target is at the other end of a relation of parent.
func (t *translator) joined(rel *schema.Relation, parent, target *row) string {
	var all []string
	if rel.Kind == schema.ManyToMany {
		link := &row{typ: rel.Through, alias: t.alias()}
		all = append(all, t.joined(rel.ThisRef.Relation, link, parent), t.joined(rel.TargetRef.Relation, link, target))
		return "EXISTS (SELECT FROM " + ident(rel.Through.Table) + " " + link.alias + " WHERE " + strings.Join(all, " AND ") + ")"
	}
	for i, k := range rel.ReferencedColumns() {
		if rel.Kind == schema.RefOne {
			all = append(all, t.column(target, k)+" = "+t.column(parent, rel.Columns[i]))
		} else {
			all = append(all, t.column(target, rel.Columns[i])+" = "+t.column(parent, k))
		}
	}
	return strings.Join(all, " AND ")
}

// present returns a condition that is true if the row exists, and false or null otherwise. "" means always true.
func (t *translator) present(r *row) string {
	if r.parent == nil {
		return ""
	}
	rel := r.ref.Relation
	if rel.Kind != schema.RefOne {
		x := &row{typ: r.typ, alias: t.alias()}
		return "EXISTS (SELECT FROM " + ident(r.typ.Table) + " " + x.alias + " WHERE " + t.joined(rel, r.parent, x) + ")"
	}
	if r.ref.Type.NonNull {
		return t.present(r.parent)
	}
	all := ""
	for _, c := range rel.Columns {
		all = both(all, t.column(r.parent, c)+" IS NOT NULL")
	}
	return all
}

// selection translates a select: a column, a reference, a list of rows, or a variable of the caller.
func (t *translator) selection(e ast.Expr) (value, error) {
	sel := e.AsSelect()
	switch t.ast.GetType(sel.Operand().ID()).TypeName() {
	case expr.AuthType, expr.RequestType:
		if t.args == nil {
			return value{}, t.refuse(e, "the database does not know the request")
		}
		return t.argument(e)
	}
	operand, err := t.value(sel.Operand())
	if err != nil {
		return value{}, err
	}
	if operand.kind != rowKind {
		return value{}, t.refuse(e, "fields of JSON values cannot be read")
	}
	f := operand.row.typ.Field(sel.FieldName())
	if f == nil {
		return value{}, t.refuse(e, "%s has no field %s", operand.row.typ.Name, sel.FieldName())
	}
	v, err := t.field(e, operand.row, f)
	if err != nil || !sel.IsTestOnly() {
		return v, err
	}
	return t.has(e, operand.row, v)
}

func (t *translator) field(e ast.Expr, r *row, f *schema.Field) (value, error) {
	switch {
	case f.Relation != nil && (f.Relation.Kind == schema.BackMany || f.Relation.Kind == schema.ManyToMany):
		return value{kind: rowsKind, row: r, field: f}, nil
	case f.Relation != nil:
		return value{kind: rowKind, row: &row{typ: f.Relation.Target, parent: r, ref: f}, null: !f.Type.NonNull || f.Relation.Kind == schema.BackOne}, nil
	case f.Column == "":
		return value{}, t.refuse(e, "%s is not stored", f.Name)
	}
	v := column(f, t.column(r, f.Column))
	v.kept = t.args == nil
	if guard := t.present(r); guard != "" {
		v.sure = false
		if v.null {
			v.guard = guard
		}
	}
	return v, nil
}

// has translates has(x.field): whether the field of a row is not null.
func (t *translator) has(e ast.Expr, r *row, v value) (value, error) {
	var sql string
	switch v.kind {
	case rowsKind:
		return value{}, t.refuse(e, "has does not support lists of rows; use exists")
	case rowKind:
		sql = t.present(v.row)
		if sql == "" {
			sql = "true"
		}
	default:
		sql = v.nullable() + " IS NOT NULL"
	}
	out := value{kind: boolKind, sql: "(" + sql + ") IS TRUE", sure: true}
	if r.parent != nil { // has is false for a null reference, but an error for a field of one
		if guard := t.present(r.parent); guard != "" {
			out = value{kind: boolKind, sql: "CASE WHEN " + guard + " THEN " + out.sql + " END"}
		}
	}
	out.sql = "(" + out.sql + ")"
	return out, nil
}

// argument translates auth.uid, auth.roles and request.time.
func (t *translator) argument(e ast.Expr) (value, error) {
	var v value
	var which Variable
	switch sel := e.AsSelect(); t.ast.GetType(sel.Operand().ID()).TypeName() + "." + sel.FieldName() {
	case expr.AuthType + ".uid":
		which, v = UID, value{kind: textKind, null: true, uid: true}
	case expr.AuthType + ".roles":
		which, v = Roles, value{kind: listKind, sure: true, elem: &value{kind: textKind, sure: true}}
	case expr.RequestType + ".time":
		which, v = Time, value{kind: timeKind, sure: true}
	default:
		return value{}, t.refuse(e, "unknown variable %s", sel.FieldName())
	}
	if e.AsSelect().IsTestOnly() {
		if which != UID {
			return value{kind: boolKind, sql: "true", sure: true}, nil
		}
		sql, err := t.args(which)
		return value{kind: boolKind, sql: "(" + sql + " IS NOT NULL)", sure: true}, err
	}
	sql, err := t.args(which)
	v.sql = sql
	return v, err
}
