package sdl

import (
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// columnState is how far the columns of a field are resolved.
type columnState uint8

const (
	columnsUnresolved columnState = iota
	columnsResolving
	columnsResolved
)

// resolveColumns names the columns of every field, and the foreign keys of every reference, which follow
// the keys of their targets.
func (b *builder) resolveColumns() {
	b.stored(func(t *typeDecl) {
		for _, f := range t.fields {
			b.columns(t, f)
		}
	})
	for _, join := range b.joins {
		for _, f := range join.Fields {
			b.foreignKey(f, b.named[f.Relation.Target.Name])
		}
		join.Indexes[0].Name = schema.ObjectName(join.Table, join.Fields[1].Columns(), "idx")
	}
	b.stored(func(t *typeDecl) {
		for _, f := range t.fields {
			if rel := f.Relation; rel != nil && rel.Kind != schema.RefOne && rel.Inverse != nil && rel.Kind != schema.ManyToMany {
				rel.Columns, rel.References = rel.Inverse.Relation.Columns, rel.Inverse.Relation.References
			}
		}
	})
}

// columns names the columns of a field, after those of the keys that it refers to.
func (b *builder) columns(t *typeDecl, f *fieldDecl) {
	if f.state != columnsUnresolved || (f.broken && f.Type.Object != nil) {
		return
	}
	f.state = columnsResolving
	defer func() { f.state = columnsResolved }()
	col := f.uses.one("col")
	f.DataType = b.dataType(col)
	f.RenamedFrom = f.uses.one("renamed").text("from")
	b.renamed(f.uses, "a field", f.Name, func(from string) bool { return t.field(from) != nil })
	if f.Relation == nil {
		f.Column = b.physicalName(col, "name", schema.SnakeCase(f.Name))
		return
	}
	if f.Relation.Kind != schema.RefOne {
		return
	}
	b.reference(t, f, col)
}

// dataType returns @col(dataType:), and reports text that cannot be a Postgres type.
func (b *builder) dataType(col *use) string {
	s := strings.TrimSpace(col.text("dataType"))
	if col == nil || col.args["dataType"] == nil {
		return ""
	}
	if s == "" || strings.ContainsAny(s, ";'\\") || strings.Contains(s, "--") || !printable(s) {
		b.errorf(codeInvalidName, col.args["dataType"].Position, "write a Postgres type, for example varchar(40)", "%q is not a valid Postgres type", s)
		return ""
	}
	return s
}

// foreignKey sets the columns of a reference that has columns of its own, one for each column of the
// target's key. It returns false when the keys form a cycle.
func (b *builder) foreignKey(f *schema.Field, target *typeDecl) bool {
	if target.key == keyResolving {
		return false
	}
	target.key = keyResolving
	defer func() { target.key = keyResolved }()
	for _, k := range target.Key {
		kf := target.field(k.Name)
		if kf.state == columnsResolving {
			return false
		}
		b.columns(target, kf)
		for _, c := range k.Columns() {
			f.Relation.Columns = append(f.Relation.Columns, referenceColumn(f.Name, c))
			f.Relation.References = append(f.Relation.References, k)
		}
	}
	if len(f.Relation.Columns) == 1 {
		f.Column = f.Relation.Columns[0]
	}
	return true
}

// referenceColumn names the column of a reference that holds a column of its target's key: owner_id.
func referenceColumn(field, key string) string {
	name := schema.SnakeCase(field) + "_" + key
	if len(name) > schema.MaxName {
		return schema.ObjectName(name, nil, "fk")
	}
	return name
}

// reference resolves a reference: its columns, and the effect of deleting its target.
func (b *builder) reference(t *typeDecl, f *fieldDecl, col *use) {
	target := b.named[f.Relation.Target.Name]
	if !b.foreignKey(f.Field, target) {
		b.errorf(codeKeyCycle, f.def.Position, "remove one of the references from the key of its type", "the key of %q contains itself through the field %q", t.Name, f.Name)
		f.broken = true
		return
	}
	if name := b.physicalName(col, "name", ""); name != "" {
		if len(f.Relation.Columns) != 1 {
			b.errorf(codeConflict, col.args["name"].Position, "name existing fields with @ref(fields: [...])", "%q has %d columns, and @col(name:) can name only one", f.Name, len(f.Relation.Columns))
		} else {
			f.Column = name
			f.Relation.Columns = []string{name}
		}
	}
	ref := f.uses.one("ref")
	if ref != nil && ref.args["fields"] != nil {
		b.refFields(t, f, ref)
	}
	b.onDelete(f, ref)
	if f.Type.NonNull && target == t {
		b.errorf(codeSelfReference, f.def.Position, "make it optional: "+f.Name+": "+t.Name, "%q is required, so the first %s could not be created", f.Name, t.Name)
	}
}

func (b *builder) onDelete(f *fieldDecl, ref *use) {
	f.Relation.OnDelete = schema.SetNull
	if f.Type.NonNull {
		f.Relation.OnDelete = schema.Restrict
	}
	if ref == nil || ref.args["onDelete"] == nil {
		return
	}
	f.Relation.OnDelete = schema.OnDelete(ref.args["onDelete"].Raw)
	if f.Relation.OnDelete == schema.SetNull && f.Type.NonNull {
		b.errorf(codeSetNull, ref.args["onDelete"].Position, "write CASCADE or RESTRICT, or make the field optional: "+f.Name+": "+f.Type.Object.Name, "%q is required and cannot be set to null", f.Name)
	}
}

// refFields makes the fields that @ref(fields:) names hold the key.
func (b *builder) refFields(t *typeDecl, f *fieldDecl, ref *use) {
	var columns []string
	var leaves []schema.FieldType
	for _, v := range ref.items("fields") {
		g := b.fieldNamed(t, v)
		if g == nil || g.broken {
			return
		}
		if g == f || g.state == columnsResolving || (g.Relation != nil && g.Relation.Kind != schema.RefOne) {
			b.errorf(codeInvalidReference, v.Position, "name fields that have columns", "%q has no column to hold the key", g.Name)
			return
		}
		b.columns(t, g)
		if g.Type.NonNull != f.Type.NonNull && f.Type.NonNull {
			b.errorf(codeInvalidReference, v.Position, "make the reference optional: "+f.Name+": "+f.Type.Object.Name, "%q is optional, but %q is required", g.Name, f.Name)
		}
		f.Relation.Fields = append(f.Relation.Fields, g.Field)
		columns = append(columns, g.Columns()...)
		leaves = append(leaves, leafTypes(g.Field)...)
	}
	want := referenceTypes(f.Field)
	at := ref.position("fields")
	if len(columns) != len(want) {
		b.errorf(codeInvalidReference, at, "name one field for each column of the key", "the key of %q has %s, but the named fields have %d", f.Relation.Target.Name, columnCount(len(want)), len(columns))
		return
	}
	for i := range want {
		if leaves[i].Name() != want[i].Name() || leaves[i].List {
			b.errorf(codeInvalidReference, at, "give the field the same type as the key", "column %q has type %s, but the key of %q has type %s there", columns[i], leaves[i].Name(), f.Relation.Target.Name, want[i].Name())
			return
		}
	}
	f.Relation.Columns, f.Column = columns, ""
}

func columnCount(n int) string {
	if n == 1 {
		return "1 column"
	}
	return strconv.Itoa(n) + " columns"
}

// leafTypes returns the types of a field's columns: its own, or those of the key that it refers to.
func leafTypes(f *schema.Field) []schema.FieldType {
	if f.Relation == nil {
		return []schema.FieldType{f.Type}
	}
	return referenceTypes(f)
}

func referenceTypes(f *schema.Field) []schema.FieldType {
	var out []schema.FieldType
	var last *schema.Field
	for _, k := range f.Relation.References {
		if k != last {
			out = append(out, leafTypes(k)...)
		}
		last = k
	}
	return out
}
