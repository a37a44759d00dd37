package seed

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// linker links the rows of all files. It resolves references, determines the key of each row, and checks required and unique values.
type linker struct {
	rows     []*row
	named    map[*table]map[string]*row
	mistakes diag.List
}

func link(rows []*row) diag.List {
	l := &linker{rows: rows, named: map[*table]map[string]*row{}}
	l.names()
	for _, r := range rows {
		l.identify(r)
	}
	for _, r := range rows {
		for c := range r.values {
			l.resolve(r, c)
		}
		l.agree(r)
	}
	for _, r := range rows {
		l.hashID(r)
		l.require(r)
	}
	l.unique()
	return l.mistakes
}

// report records a problem of the row.
func (l *linker) report(r *row, p *problem) { l.mistakes = append(l.mistakes, r.source.at(r.node, p)) }

// reportAt records a problem of a value of the row.
func (l *linker) reportAt(r *row, v *value, p *problem) {
	l.mistakes = append(l.mistakes, r.source.at(v.node, p))
}

// names indexes the rows by name.
func (l *linker) names() {
	for _, r := range l.rows {
		if r.name == "" {
			continue
		}
		if l.named[r.table] == nil {
			l.named[r.table] = map[string]*row{}
		}
		if first := l.named[r.table][r.name]; first != nil {
			l.report(r, wrong("duplicate-row", "give it another name", "%s has the same name as the row at %s", r.label(), first.place()))
			continue
		}
		l.named[r.table][r.name] = r
	}
}

// place returns the file and line of the row.
func (r *row) place() string { return fmt.Sprintf("%s:%d", r.source.name, r.node.Line+r.source.shift) }

// identify chooses the columns that identify the row in the database. It derives the ID of a row that has a name but no ID.
func (l *linker) identify(r *row) {
	if r.broken {
		return
	}
	primary, id := r.table.keys[0], r.table.idColumn()
	if r.name != "" && id >= 0 && r.values[id].state == absent {
		r.values[id] = value{state: given, text: stableID(r.table.Table, r.name), node: r.node}
	}
	if r.gives(primary) {
		r.match = primary
		return
	}
	for _, key := range r.table.keys[1:] {
		if r.gives(key) {
			r.match = key
			return
		}
	}
	remedies := make([]string, 0, len(r.table.keys)+1)
	if r.name == "" && id >= 0 {
		remedies = append(remedies, "give it a name")
	}
	for _, key := range r.table.keys {
		remedies = append(remedies, "give "+r.table.describe(key))
	}
	l.report(r, wrong("no-key", strings.Join(remedies, ", or "), "%s has no key by which a later load can find it", r.label()))
}

// idColumn returns the column of the ID that is the primary key and can be derived from a name, or -1.
func (t *table) idColumn() int {
	id := -1
	for _, c := range t.keys[0] {
		if f := t.columns[c].field; f.Type.Scalar != schema.ID || !takesUUID(f) || t.isReference(c) {
			continue
		}
		if id >= 0 {
			return -1
		}
		id = c
	}
	return id
}

// takesUUID reports whether the column of an ID can contain a UUID.
func takesUUID(f *schema.Field) bool {
	kind := strings.ToLower(f.DataType)
	return kind == "" || kind == "uuid" || kind == "text" || strings.Contains(kind, "char")
}

// isReference reports whether a column belongs to a foreign key.
func (t *table) isReference(c int) bool {
	return slices.ContainsFunc(t.Fields, func(f *schema.Field) bool {
		return f.Relation != nil && f.Relation.Kind == schema.RefOne && slices.Contains(f.Relation.Columns, t.columns[c].name)
	})
}

// hashID derives the ID of a row that is identified by other unique values. The row gets it only if it is new.
func (l *linker) hashID(r *row) {
	id := r.table.idColumn()
	if r.match == nil || id < 0 || r.values[id].state != absent {
		return
	}
	r.values[id] = value{state: insertOnly, text: stableID(r.table.Table, r.table.describe(r.match), r.text(r.match))}
}

// resolve sets a reference to the key of the row that it names.
func (l *linker) resolve(r *row, c int) { l.follow(r, c, &r.values[c]) }

// follow is like resolve, but for any value of the column.
func (l *linker) follow(r *row, c int, v *value) {
	switch v.state {
	case unresolved:
	case resolving:
		v.state = broken
		l.reportAt(r, v, wrong("reference-cycle", "give one of the rows a key of its own",
			"the keys of these rows form a cycle: %s", l.circle(r, c)))
		return
	default:
		return
	}
	v.state = resolving
	ref := v.ref
	target := l.target(r, v)
	if target == nil {
		v.state = broken
		return
	}
	source := target.table.referenced(ref.field, r.table.columns[c].name)
	l.resolve(target, source)
	from := target.values[source]
	switch {
	case v.state == broken || from.state == broken || from.state == resolving || ref.broken:
		v.state = broken
	case from.state == absent || from.null:
		v.state, ref.broken = broken, true
		l.reportAt(r, v, wrong("no-key", "give "+target.label()+" at "+target.place()+" its "+target.table.columns[source].field.Name,
			"the database generates the key of %s, so other rows cannot refer to it", target.label()))
	default:
		v.state, v.text = given, from.text
	}
}

// target returns the row that a reference names. It returns nil for a missing row, and reports that once for all columns.
func (l *linker) target(r *row, v *value) *row {
	ref := v.ref
	if ref.target == nil {
		ref.target = l.named[ref.table][ref.name]
	}
	if ref.target != nil && !ref.target.broken {
		return ref.target
	}
	if ref.target == nil && !ref.broken {
		ref.broken = true
		l.reportAt(r, v, wrong("dangling-reference", noSuchRow(ref.table.Table, ref.name, slices.Sorted(maps.Keys(l.named[ref.table]))),
			"there is no row $%s.%s", ref.table.Table, ref.name))
	}
	return nil
}

// noSuchRow returns a remedy with the existing rows for a missing one.
func noSuchRow(table, row string, names []string) string {
	if len(names) == 0 {
		return "the loaded sets have no named rows of " + table
	}
	return didYouMean(row, names)
}

// agree reports fields that share a column and have different values.
func (l *linker) agree(r *row) {
	for i := range r.claims {
		claim := &r.claims[i]
		l.follow(r, claim.column, &claim.value)
		first := &r.values[claim.column]
		if claim.state == given && first.state == given && (claim.text != first.text || claim.null != first.null) {
			l.reportAt(r, &claim.value, wrong("given-twice", "remove one of them, or give both the same value",
				"another field of %s sets the column %s to a different value", r.label(), r.table.columns[claim.column].name))
		}
	}
}

// circle returns the names of rows whose keys depend on each other. The first and the last one are the same.
func (l *linker) circle(r *row, c int) string {
	var path []string
	for at := r; ; {
		path = append(path, fmt.Sprintf("%s (%s)", at.label(), at.place()))
		if at == r && len(path) > 1 {
			return strings.Join(path, " -> ")
		}
		ref := at.values[c].ref
		at, c = ref.target, ref.target.table.referenced(ref.field, at.table.columns[c].name)
	}
}

// referenced returns the column of t to which a column of a foreign key refers. References contains a key field with several columns once
// per column.
func (t *table) referenced(f *schema.Field, column string) int {
	seen := map[*schema.Field]int{}
	for i, key := range f.Relation.References {
		if f.Relation.Columns[i] == column {
			return t.index[key.Columns()[seen[key]]]
		}
		seen[key]++
	}
	return 0
}

// require reports missing required fields. Missing fields of the key have already been reported.
func (l *linker) require(r *row) {
	if r.broken {
		return
	}
	var before *schema.Field
	for c := range r.values {
		column := &r.table.columns[c]
		if r.values[c].state != absent || column.fallback.kind != required || column.field == before ||
			(r.match == nil && slices.Contains(r.table.Key, column.field)) {
			continue
		}
		before = column.field // one report for all columns of a reference
		l.report(r, wrong("required", column.fallback.remedy, "%s lacks %s, which is required", r.label(), column.field.Name))
	}
}

// unique reports rows that share a primary key or a unique value.
func (l *linker) unique() {
	type key struct {
		table *table
		key   int
		text  string
	}
	seen := make(map[key]*row, len(l.rows))
	for _, r := range l.rows {
		for i, columns := range r.table.keys {
			if !r.gives(columns) || l.isBroken(r, columns) {
				continue
			}
			k := key{r.table, i, r.text(columns)}
			first := seen[k]
			if first != nil && first.name == r.name && r.name != "" {
				continue // names has reported them
			}
			if first != nil {
				l.reportAt(r, &r.values[columns[0]], wrong("duplicate-value", "change one of them, or remove it",
					"%s has the same %s as %s at %s", r.label(), r.table.describe(columns), first.label(), first.place()))
				continue
			}
			seen[k] = r
		}
	}
}

func (l *linker) isBroken(r *row, columns []int) bool {
	return slices.ContainsFunc(columns, func(c int) bool { return r.values[c].state == broken })
}
