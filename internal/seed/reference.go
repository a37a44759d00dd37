package seed

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// reference is a value of a reference field that names another row of the fixtures. All columns of a foreign key share it.
type reference struct {
	field  *schema.Field
	table  *table // the table in the reference
	name   string // the name of the row
	target *row   // set at the start if the row is known, and otherwise by the linker
	broken bool   // invalid; already reported
}

// reference reads the value of a reference field: $table.row, or the key itself.
func (r *reader) reference(f *field, n *yaml.Node) value {
	v := value{state: broken, node: n}
	remedy := "write $" + f.Relation.Target.Table + ".row, with the name of a row of that table"
	if n.Kind != yaml.ScalarNode {
		r.report(n, wrong("wrong-type", remedy, "%s.%s refers to one row of %s, found %s", f.Owner.Name, f.Name, f.Relation.Target.Table, node.Describe(n)))
		return v
	}
	if ref, ok := strings.CutPrefix(n.Value, "$"); ok && !strings.HasPrefix(ref, "$") {
		if v.ref = r.parseReference(f.Field, f.Relation.Target, n, ref); v.ref != nil {
			v.state = unresolved
		}
		return v
	}
	if len(f.Relation.Columns) != 1 {
		r.report(n, wrong("wrong-type", remedy, "the key of %s has several fields, so %s.%s must name a row", f.Relation.Target.Table, f.Owner.Name, f.Name))
		return v
	}
	key := f.Relation.References[0]
	for key.Relation != nil { // the key of the target is itself a reference
		key = key.Relation.References[0]
	}
	literal := *n
	literal.Value = strings.TrimPrefix(n.Value, "$") // $$ is an escaped $
	text, p := r.tables.byName[key.Owner.Table].fields[key.Name].text(&literal)
	if p != nil {
		r.report(n, wrong("wrong-type", remedy, "%s.%s refers to a row of %s; %s is neither a reference nor a key", f.Owner.Name, f.Name, f.Relation.Target.Table, node.Describe(n)))
		return v
	}
	v.state, v.text = given, text
	return v
}

// parseReference parses the table.row after the dollar sign. The linker checks later whether the row exists.
func (r *reader) parseReference(f *schema.Field, target *schema.Type, n *yaml.Node, ref string) *reference {
	tableName, rowName, dot := strings.Cut(ref, ".")
	t, known := r.tables.byName[tableName]
	switch {
	case !dot || rowName == "":
		r.report(n, wrong("bad-reference", "write $"+target.Table+".row; a key that begins with $ is written with $$", "%q is not a reference to a row", node.Clip(n.Value)))
	case !known:
		r.report(n, wrong("unknown-table", didYouMean(tableName, r.tables.names), "the schema has no table %q", node.Clip(tableName)))
	case t.Type != target:
		r.report(n, wrong("wrong-type", "write $"+target.Table+".row", "%s.%s refers to a row of %s, not of %s", f.Owner.Name, f.Name, target.Table, t.Table))
	default:
		return &reference{field: f, table: t, name: rowName}
	}
	return nil
}

// joins converts the list of a many-to-many field to rows of its join table.
func (r *reader) joins(from *row, f *schema.Field, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		if !node.IsNull(n) {
			r.report(n, wrong("wrong-type", "write [$table.row, $table.row]", "%s.%s is a list of references, found %s", f.Owner.Name, f.Name, node.Describe(n)))
		}
		return
	}
	through := r.tables.byName[f.Relation.Through.Table]
	for _, item := range n.Content {
		item = node.Resolve(item)
		text, ok := strings.CutPrefix(item.Value, "$")
		if item.Kind != yaml.ScalarNode || !ok {
			r.report(item, wrong("wrong-type", "write $table.row", "%s.%s is a list of references, found %s", f.Owner.Name, f.Name, node.Describe(item)))
			continue
		}
		ref := r.parseReference(f, f.Relation.Target, item, text)
		if ref == nil {
			continue
		}
		join := &row{table: through, source: r.source, node: item, values: make([]value, len(through.columns))}
		r.rows = append(r.rows, join)
		ref.field = f.Relation.TargetRef
		join.refer(f.Relation.ThisRef, &reference{field: f.Relation.ThisRef, table: from.table, target: from}, item)
		join.refer(f.Relation.TargetRef, ref, item)
	}
}

// refer sets the columns of a reference field.
func (r *row) refer(f *schema.Field, ref *reference, n *yaml.Node) {
	for _, c := range r.table.columnsOf(f) {
		r.values[c] = value{state: unresolved, ref: ref, node: n}
	}
}
