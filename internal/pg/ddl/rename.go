package ddl

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// rename is a statement that renames an object, and the one that undoes it.
type rename struct{ up, down string }

// renames returns the renames that a schema declares with @renamed(from:) and that the database does not have yet. Dependent names change
// as well: the join table of a renamed type, and the column of a reference to a renamed key. former contains the old name of each renamed
// table and, by table.column, of each renamed column.
func renames(cur *catalog.Catalog, s *schema.Schema) (list []rename, former map[string]string) {
	r := &renamer{cur: cur, schema: s, tables: map[*schema.Type]string{}, former: map[string]string{}}
	for _, e := range s.Enums {
		r.enum(e)
	}
	for _, t := range s.Tables {
		r.table(t)
	}
	for _, t := range s.Tables {
		r.columns(t)
	}
	for t, old := range r.tables {
		if old != t.Table {
			r.former[t.Table] = old
		}
	}
	return r.list, r.former
}

type renamer struct {
	cur    *catalog.Catalog
	schema *schema.Schema
	tables map[*schema.Type]string // the name of a type's table in cur
	list   []rename
	former map[string]string
}

const public = "public"

func (r *renamer) add(format, from, to string) {
	r.list = append(r.list, rename{fmt.Sprintf(format, ident(from), ident(to)), fmt.Sprintf(format, ident(to), ident(from))})
}

func (r *renamer) table(t *schema.Type) {
	r.tables[t] = t.Table
	if r.cur.Table(public, t.Table) != nil {
		return
	}
	for _, old := range oldTables(t) {
		if r.cur.Table(public, old) != nil {
			r.add("ALTER TABLE %s RENAME TO %s", old, t.Table)
			r.tables[t] = old
			return
		}
	}
}

// oldTables returns the possible former names of a type's table.
func oldTables(t *schema.Type) []string {
	usual := func(t *schema.Type) string {
		if t.RenamedFrom == "" {
			return t.Table
		}
		return schema.Plural(schema.SnakeCase(t.RenamedFrom))
	}
	if t.Join == nil {
		if t.RenamedFrom == "" {
			return nil
		}
		return []string{usual(t), schema.SnakeCase(t.RenamedFrom)}
	}
	left, right := t.Join.Left.Owner, t.Join.Right.Owner
	if left == right {
		field := oldName(t.Join.Left)
		return []string{schema.SnakeCase(left.Name) + "_" + schema.SnakeCase(field), schema.SnakeCase(oldTypeName(left)) + "_" + schema.SnakeCase(field)}
	}
	return []string{usual(left) + "_" + usual(right), usual(right) + "_" + usual(left)}
}

func oldName(f *schema.Field) string {
	if f.RenamedFrom != "" {
		return f.RenamedFrom
	}
	return f.Name
}

func oldTypeName(t *schema.Type) string {
	if t.RenamedFrom != "" {
		return t.RenamedFrom
	}
	return t.Name
}

func (r *renamer) columns(t *schema.Type) {
	cur := r.cur.Table(public, r.tables[t])
	if cur == nil {
		return
	}
	for _, f := range t.Fields {
		for i, column := range f.Columns() {
			old := oldColumn(f, i)
			if (f.Relation != nil && len(f.Relation.Fields) > 0) || old == column || cur.Column(column) != nil || cur.Column(old) == nil {
				continue
			}
			r.add("ALTER TABLE "+ident(t.Table)+" RENAME COLUMN %s TO %s", old, column)
			r.former[t.Table+"."+column] = old
		}
	}
}

// oldColumn returns the former name of the i-th column of a field.
func oldColumn(f *schema.Field, i int) string {
	if f.Relation == nil {
		if f.RenamedFrom == "" {
			return f.Column
		}
		return schema.SnakeCase(f.RenamedFrom)
	}
	name := oldName(f)
	if join := f.Owner.Join; join != nil && join.Left.Owner != join.Right.Owner {
		name = strings.ToLower(oldTypeName(f.Relation.Target)[:1]) + oldTypeName(f.Relation.Target)[1:]
	}
	return schema.SnakeCase(name) + "_" + oldKey(f.Relation, i)
}

// oldKey returns the former name of the column to which the i-th column of a reference refers.
func oldKey(r *schema.Relation, i int) string {
	key, first := r.References[i], i
	for first > 0 && r.References[first-1] == key {
		first--
	}
	return oldColumn(key, i-first)
}
