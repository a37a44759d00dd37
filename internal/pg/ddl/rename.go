package ddl

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// rename is a statement that renames an object, and the one that undoes it.
type rename struct {
	up, down    string
	now, former object
	needs       []object // what must have been renamed for it, under the new names
}

func (r rename) step() step { return one(r.up, r.down).renaming(r.now, r.former) }

// renames returns the renames that a schema declares with @renamed(from:) and that the database does not have yet. Dependent names change
// as well: the join table of a renamed type, and the column of a reference to a renamed key.
func renames(cur *catalog.Catalog, s *schema.Schema) []rename {
	r := &renamer{cur: cur, schema: s, tables: map[*schema.Type]string{}}
	for _, e := range s.Enums {
		r.enum(e)
	}
	for _, t := range s.Tables {
		r.table(t)
	}
	for _, t := range s.Tables {
		r.columns(t)
	}
	return r.list
}

// formerNames returns the old name of each renamed table and, by table.column, of each renamed column.
func formerNames(list []rename) map[string]string {
	former := map[string]string{}
	for _, r := range list {
		_, table := r.now.split()
		switch r.now.kind {
		case "table":
			_, former[table] = r.former.split()
		case "column":
			former[table+"."+r.now.name] = r.former.name
		}
	}
	return former
}

type renamer struct {
	cur    *catalog.Catalog
	schema *schema.Schema
	tables map[*schema.Type]string // the name of a type's table in cur
	list   []rename
}

const public = "public"

// add adds a rename. format is the statement with the former and the new name.
func (r *renamer) add(format, from, to string, x rename) {
	x.up, x.down = fmt.Sprintf(format, from, to), fmt.Sprintf(format, to, from)
	r.list = append(r.list, x)
}

// tableOf returns the table of a type under its new name.
func tableOf(t *schema.Type) object { return object{kind: "table", table: public + "." + t.Table} }

func (r *renamer) table(t *schema.Type) {
	r.tables[t] = t.Table
	if r.cur.Table(public, t.Table) != nil {
		return
	}
	x := rename{now: tableOf(t)}
	if t.Join != nil {
		x.needs = []object{tableOf(t.Join.Left.Owner), tableOf(t.Join.Right.Owner)}
	}
	for _, old := range oldTables(t) {
		if r.cur.Table(public, old) != nil {
			x.former = object{kind: "table", table: public + "." + old}
			r.add("ALTER TABLE %s RENAME TO %s", ident(old), ident(t.Table), x)
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
			x := rename{now: object{"column", tableOf(t).table, column}, former: object{"column", tableOf(t).table, old}, needs: []object{tableOf(t)}}
			if f.Relation != nil {
				x.needs = append(x.needs, object{"column", tableOf(f.Relation.Target).table, keyColumn(f.Relation, i)})
			}
			if t.Join != nil {
				x.needs = append(x.needs, tableOf(f.Relation.Target))
			}
			r.add("ALTER TABLE "+ident(t.Table)+" RENAME COLUMN %s TO %s", ident(old), ident(column), x)
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
	key, first := keyField(r, i)
	return oldColumn(key, i-first)
}

// keyColumn returns the name of the column to which the i-th column of a reference refers.
func keyColumn(r *schema.Relation, i int) string {
	key, first := keyField(r, i)
	return key.Columns()[i-first]
}

// keyField returns the field to which the i-th column of a reference refers, and the number of the first column that refers to it.
func keyField(r *schema.Relation, i int) (key *schema.Field, first int) {
	key, first = r.References[i], i
	for first > 0 && r.References[first-1] == key {
		first--
	}
	return key, first
}
