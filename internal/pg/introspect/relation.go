package introspect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// takeReferences imports foreign keys as references.
func (m *importer) takeReferences(t *table) {
	uses := map[string]int{} // number of foreign keys per column
	var keys []*catalog.Constraint
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Kind != "foreign key" {
			continue
		}
		to := m.target(c)
		if to == nil || ddl.Foreign(t.Table, c, to.Table) || !m.fits(t, c, to) {
			m.leave("foreign key "+c.Name+" of "+t.Name, "the schema language does not support it; the database keeps it")
			continue
		}
		if slices.ContainsFunc(keys, func(other *catalog.Constraint) bool {
			return slices.Equal(other.Columns, c.Columns) && other.References == c.References
		}) {
			continue // a duplicate
		}
		keys = append(keys, c)
		for _, column := range c.Columns {
			uses[column]++
		}
	}
	for _, c := range keys {
		to := m.target(c)
		if len(c.Columns) == 1 && uses[c.Columns[0]] == 1 && m.own(t, c, to) {
			continue
		}
		m.shared(t, c, to)
	}
}

// target returns the type that a foreign key refers to, or nil.
func (m *importer) target(c *catalog.Constraint) *table {
	schema, name := c.Target()
	if schema != public {
		return nil
	}
	return m.byTable[name]
}

// fits reports whether the columns of a foreign key have the types of the key. A single column may have another type, which @col then
// contains.
func (m *importer) fits(t *table, c *catalog.Constraint, to *table) bool {
	for i, name := range c.Columns {
		from, key := t.ofColumn(name), to.ofColumn(to.key[i])
		if from == nil || key == nil || from.list || (m.leaf(from).scalar != m.leaf(key).scalar && len(c.Columns) > 1) {
			return false
		}
	}
	return true
}

// leaf follows references to the field that has the values of a field.
func (m *importer) leaf(f *field) *field {
	for f.to != nil {
		f = f.to.ofColumn(f.to.key[0])
	}
	return f
}

var keySuffix = regexp.MustCompile(`(?i)_?(id|uuid|fk|key|no|nr)$`)

// own changes a field to the reference in its column. It returns false if the schema language does not support it.
func (m *importer) own(t *table, c *catalog.Constraint, to *table) bool {
	f := t.ofColumn(c.Columns[0])
	key := to.ofColumn(to.key[0])
	if (f.hasDefault && f.dataType != "" && key.scalar != f.scalar) || f.column.Generated != "" || f.column.Identity != "" || isSerialType(f.dataType) {
		return false
	}
	stem := camel(keySuffix.ReplaceAllString(f.column.Name, ""))
	if len(schema.Words(keySuffix.ReplaceAllString(f.column.Name, ""))) == 0 {
		stem = schema.CamelCase(to.name)
	}
	old := f.name
	f.name = ""
	f.name = t.free(stem, old, stem+"Ref")
	if strings.TrimSuffix(f.column.Type, "[]") == strings.TrimSuffix(key.column.Type, "[]") {
		f.dataType = ""
	} else if f.dataType == "" {
		f.dataType = shortType(f.column.Type)
	}
	f.to, f.scalar = to, to.name
	f.usual = schema.SnakeCase(f.name) + "_" + key.column.Name
	f.directives = append(f.directives, ref(c, nil, f.required)...)
	return true
}

func isSerialType(dataType string) bool { return strings.HasSuffix(dataType, "serial") }

// shared adds a reference whose key other fields hold.
func (m *importer) shared(t *table, c *catalog.Constraint, to *table) {
	fields := t.ofColumns(c.Columns)
	required := true
	for _, name := range fields {
		required = required && t.field(name).required
	}
	stem := schema.CamelCase(to.name)
	if len(c.Columns) == 1 {
		if s := keySuffix.ReplaceAllString(c.Columns[0], ""); len(schema.Words(s)) > 0 {
			stem = camel(s)
		}
	}
	f := &field{scalar: to.name, to: to, required: required && to != t, has: map[string]bool{}}
	f.name = t.free(stem, stem+"Ref", stem+"By"+upper(fields[len(fields)-1]))
	f.directives = ref(c, fields, f.required)
	t.fields = append(t.fields, f)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// ref writes @ref, or nothing.
func ref(c *catalog.Constraint, fields []string, required bool) []directive {
	action := "RESTRICT"
	switch {
	case strings.Contains(c.Definition, " ON DELETE CASCADE"):
		action = "CASCADE"
	case strings.Contains(c.Definition, " ON DELETE SET NULL") && !required: // of required columns it fails, as RESTRICT does
		action = "SET_NULL"
	}
	var args []string
	usual := "SET_NULL"
	if required {
		usual = "RESTRICT"
	}
	if action != usual {
		args = append(args, "onDelete: "+action)
	}
	if fields != nil {
		args = append(args, "fields: "+quoteAll(fields))
	}
	if len(args) == 0 {
		return nil
	}
	return []directive{{text: "@ref(" + strings.Join(args, ", ") + ")"}}
}

// inverses adds the other ends of the references of a type. For a join table it also adds the lists on both sides.
func (m *importer) inverses(t *table) {
	var refs []*field
	for _, f := range t.fields {
		if f.to != nil && !f.list && !isInverse(f) {
			refs = append(refs, f)
		}
	}
	for _, f := range refs {
		m.inverse(t, f, slices.DeleteFunc(slices.Clone(refs), func(o *field) bool { return o == f || o.to != f.to }))
	}
	if joins := m.joins(t, refs); joins != nil {
		m.through(t, joins[0].to, joins[1].to)
		m.through(t, joins[1].to, joins[0].to)
	}
}

// inverse adds the other end of a reference. others are the references to the same type.
func (m *importer) inverse(t *table, f *field, others []*field) {
	single := schema.CamelCase(t.name)
	one := f.column != nil && m.isUnique(t, []string{f.column.Name})
	end := &field{scalar: t.name, list: !one, required: !one, elements: true, to: t, has: map[string]bool{}}
	name := single
	if !one {
		name = schema.Plural(single)
	}
	candidates := []string{name, name + "By" + upper(f.name)}
	if len(others) > 0 || f.to == t {
		candidates = candidates[1:]
	}
	end.name = f.to.free(candidates...)
	end.directives = []directive{{text: "@inverse(field: " + sdl.Quote(f.name) + ")"}}
	f.to.fields = append(f.to.fields, end)
}

// isUnique reports whether columns are unique.
func (m *importer) isUnique(t *table, columns []string) bool {
	if slices.Equal(t.key, columns) {
		return true
	}
	return slices.ContainsFunc(t.Constraints, func(c catalog.Constraint) bool { return c.Kind == "unique" && slices.Equal(c.Columns, columns) }) ||
		slices.ContainsFunc(m.indexesOf(t), func(i *catalog.Index) bool {
			return ddl.KeepsUnique(i) && slices.Equal(sqltext.UnquoteAll(i.Columns), columns)
		})
}

// joins returns the two references that form the key of a join table, or nil.
func (m *importer) joins(t *table, refs []*field) []*field {
	if len(t.key) != 2 || len(refs) != 2 || refs[0].to == refs[1].to {
		return nil
	}
	for _, f := range refs {
		if f.column == nil || !slices.Contains(t.key, f.column.Name) || f.to == t {
			return nil
		}
	}
	return refs
}

// through adds a list of the rows on the other side of a join table.
func (m *importer) through(join, at, to *table) {
	again := slices.ContainsFunc(at.fields, func(f *field) bool {
		return f.to == to && f.list && slices.ContainsFunc(f.directives, func(d directive) bool { return strings.HasPrefix(d.text, "@manyToMany") })
	})
	name := schema.Plural(schema.CamelCase(to.name))
	if again || at.field(name) != nil {
		return
	}
	at.fields = append(at.fields, &field{name: name, scalar: to.name, to: to, list: true, required: true, elements: true, has: map[string]bool{},
		directives: []directive{{text: "@manyToMany(through: " + sdl.Quote(join.name) + ")"}}})
}

// isInverse reports whether a field is the other end of a reference.
func isInverse(f *field) bool {
	return slices.ContainsFunc(f.directives, func(d directive) bool { return strings.HasPrefix(d.text, "@inverse") })
}
