package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// An upsert creates a row or, if one with the same unique value exists, changes that row, in one statement: INSERT … ON CONFLICT DO UPDATE. The
// rules for CREATE apply to the new row in both cases, so that they tell nothing of existing rows. Those for UPDATE apply to the existing row before and
// after.

// uniqueKey is fields of an object that no two rows have in common.
type uniqueKey struct {
	name   string // in the API: slug, teamId_userId
	fields []inputField
}

// upsertKeys returns what an upsert of rows of an object can find an existing row by: the key and unique fields that some caller may set.
func upsertKeys(o *object) (list []uniqueKey) {
	groups := [][]*schema.Field{o.typ.Key}
	for _, f := range o.typ.Fields {
		if f.Unique {
			groups = append(groups, []*schema.Field{f})
		}
	}
	for _, u := range o.typ.Uniques {
		groups = append(groups, u.Fields)
	}
	for _, group := range groups {
		key, ok := uniqueKeyOf(o, group)
		known := slices.ContainsFunc(list, func(k uniqueKey) bool { return k.name == key.name })
		if ok && !known {
			list = append(list, key)
		}
	}
	return list
}

func uniqueKeyOf(o *object, fields []*schema.Field) (key uniqueKey, ok bool) {
	var names []string
	for _, f := range fields {
		for _, k := range keyFields(f) {
			i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.column == k.column && in.writable(schema.Create) })
			if i < 0 {
				return key, false
			}
			key.fields, names = append(key.fields, o.inputs[i]), append(names, o.inputs[i].name)
		}
	}
	key.name = join(names, "_")
	return key, len(names) > 0 && isEnumValue(key.name)
}

// isEnumValue reports whether GraphQL allows a value of an enum to have a name.
func isEnumValue(name string) bool { return name != "true" && name != "false" && name != "null" }

// upsertFields returns the fields that an upsert can change.
func upsertFields(o *object) (list []inputField) {
	for _, in := range o.inputs {
		if in.writable(schema.Create) && in.writable(schema.Update) && isEnumValue(in.name) {
			list = append(list, in)
		}
	}
	return list
}

// conflict is what an upsert does about an existing row.
type conflict struct {
	key uniqueKey
	assignment
}

// upsertRow plans a root field that creates or changes a row.
func (b *builder) upsertRow(m mutation, f selected) (err error) {
	o := m.object
	b.writes(o.typ, schema.Update)
	b.reads(o.typ)
	step := Step{object: o, upsert: true, Location: b.location}
	err = b.unpoliced(func() (err error) {
		if step.Write, err = b.statement(func() (string, error) { return b.upsert(o, f) }); err != nil {
			return err
		}
		step.Counted = b.counts
		step.Candidate, err = b.statement(func() (string, error) { return b.upsertCandidate(o, f) })
		return err
	})
	if err != nil {
		return err
	}
	if step.Read, err = b.readStep(m.object, f, &b.plan.Cost, func(i int, _ *field) (string, error) { return b.keyToRead(o, f, i, false) }); err != nil {
		return err
	}
	for _, op := range []schema.Operation{schema.Create, schema.Update} {
		list, err := b.eventsWhen(mutation{object: o, operation: op}, f, func() string {
			return fmt.Sprintf("%s::text = '%t'", b.param(Param{Kind: RowKey, index: len(o.key)}), op == schema.Create)
		})
		if err != nil {
			return err
		}
		step.Events = append(step.Events, list...)
	}
	b.plan.Steps = append(b.plan.Steps, step)
	return nil
}

// upserted returns what an upsert sets in a new row, and in an existing one, which has an alias.
func (b *builder) upserted(o *object, f selected, old string) (a assignment, c conflict, err error) {
	if a, err = b.created(o, b.data(f)); err != nil {
		return a, c, err
	}
	if len(a.links) > 0 {
		return a, c, invalid(a.links[0].src.APIName()+" cannot be set by an upsert", "set it with update"+o.typ.APIName())
	}
	on, _ := b.argument(f.Field, "onConflict")
	target, _ := on.field("target")
	c.key = o.uniques[slices.IndexFunc(o.uniques, func(k uniqueKey) bool { return k.name == target.known })]
	if err = c.key.isSet(a); err != nil {
		return a, c, err
	}
	update, _ := on.field("update")
	if err = c.take(o, a, update.knownItems()); err != nil {
		return a, c, err
	}
	if err = b.operated(o, on.field, &c.assignment, old); err != nil {
		return a, c, err
	}
	return a, c, b.compute(o, &c.assignment, func(f *schema.Field) *schema.Expr { return f.OnUpdate }, old)
}

// isSet returns a fault if a new row has no value for a part of the key.
func (k uniqueKey) isSet(a assignment) error {
	for _, in := range k.fields {
		value, set := a.value(in.column)
		if !set || value == "NULL" {
			return &ValueError{Fault: invalid("data has no "+in.name+", by which onConflict finds an existing row", "set it"), Field: in.name}
		}
	}
	return nil
}

// take has an existing row take the values of fields of a new one.
func (c *conflict) take(o *object, a assignment, names []any) error {
	for _, name := range names {
		i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.name == name })
		in := o.inputs[i]
		isGiven := slices.ContainsFunc(a.given, func(g inputField) bool { return g.name == in.name })
		if _, twice := c.value(in.column); twice {
			continue
		}
		if !isGiven {
			return &ValueError{Fault: invalid("data has no "+in.name+", which onConflict.update names", "set it, or leave it out of both"), Field: in.name}
		}
		c.set(in.column, "excluded."+ident(in.column))
		c.given = append(c.given, in)
	}
	return nil
}

// existing returns the condition under which the caller may find an existing row by its unique value, and change it.
func (b *builder) existing(o *object, c conflict, old string) (string, error) {
	allowed, err := b.permission(o, schema.Update, c.given, old)
	if err != nil {
		return "", err
	}
	all := []string{"(" + allowed + ")"}
	known, err := b.operable(o, c.assignment, old)
	if err != nil {
		return "", err
	}
	if known != "" {
		all = append(all, known)
	}
	for _, in := range c.key.fields {
		rule, err := b.fieldRule(o, in.field, old)
		if err != nil {
			return "", err
		}
		if rule != "" {
			all = append(all, rule)
		}
	}
	return join(all, " AND "), nil
}

// The parts of an upsert.
const (
	proposedRow = `"the proposed row"`
	isNew       = `"is new"`
)

// upsert returns the key of the row, whether it is new, and whether the rules allow it. It returns no row if an existing one is not to be changed.
func (b *builder) upsert(o *object, f selected) (string, error) {
	old, alias := b.alias(), b.alias()
	a, c, err := b.upserted(o, f, old)
	if err != nil {
		return "", err
	}
	existing, err := b.existing(o, c, old)
	if err != nil {
		return "", err
	}
	proposed, err := b.createCandidate(o, b.data(f))
	if err != nil {
		return "", err
	}
	created, err := b.permission(o, schema.Create, a.given, alias)
	if err != nil {
		return "", err
	}
	changed, err := b.permission(o, schema.Update, c.given, alias)
	allowed := fmt.Sprintf("CASE WHEN %s.%s THEN %s ELSE (%s) AND (SELECT %s FROM %s) END", alias, isNew, created, changed, ident(Allowed), proposedRow)
	sql := fmt.Sprintf("WITH %s AS (%s), %s AS (%s) ", proposedRow, proposed, writtenRows, c.insertSQL(o, a, old, existing))
	counts, source := b.upsertCounts(o, a, c, alias)
	return sql + fmt.Sprintf("SELECT %s, %s.%s::text, %scoalesce(%s, false) FROM %s", keyTexts(o, alias), alias, isNew, counts, allowed, source), err
}

// insertSQL returns the statement that writes the row and returns it.
func (c conflict) insertSQL(o *object, a assignment, old, where string) string {
	var target, set []string
	for _, in := range c.key.fields {
		target = append(target, ident(in.column))
	}
	for i, column := range c.columns {
		set = append(set, column+" = "+c.values[i])
	}
	if len(set) == 0 { // the row is to be locked and returned all the same
		set = append(set, target[0]+" = "+old+"."+target[0])
	}
	return fmt.Sprintf("INSERT INTO %s %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s WHERE %s RETURNING %[2]s.*, %[2]s.xmax = 0 AS %[8]s",
		ident(o.typ.Table)+" AS", old, join(a.columns, ", "), join(a.values, ", "), join(target, ", "), join(set, ", "), where, isNew)
}

// upsertCounts returns a column of counts as counting.column does, and the written row with the old values that it needs.
func (b *builder) upsertCounts(o *object, a assignment, c conflict, alias string) (column, source string) {
	source = writtenRows + " " + alias
	created, changed := countsOf(o, schema.Create, a), countsOf(o, schema.Update, c.assignment)
	b.counts = created != nil
	if !b.counts {
		return "", source
	}
	otherwise := "'[]'"
	if changed != nil {
		otherwise = strings.TrimSuffix(changed.column(alias), ", ")
		source = fmt.Sprintf("(SELECT w.*%s FROM %s w LEFT JOIN %s old ON %s) %s",
			changed.selected("old"), writtenRows, ident(o.typ.Table), sameKey(o, "old", "w"), alias)
	}
	return fmt.Sprintf("CASE WHEN %s.%s THEN %s ELSE %s END, ", alias, isNew, strings.TrimSuffix(created.column(alias), ", "), otherwise), source
}

// selected returns the old values among the columns of a row, which the statement still sees as it was.
func (c *counting) selected(row string) (columns string) {
	for _, column := range c.columns() {
		columns += ", " + row + "." + ident(column) + " AS " + c.oldColumn(column)
	}
	return columns
}

// sameKey returns the condition that two rows have the same key.
func sameKey(o *object, a, b string) string {
	var where []string
	for _, k := range o.key {
		where = append(where, a+"."+ident(k.column)+" = "+b+"."+ident(k.column))
	}
	return join(where, " AND ")
}

// upsertCandidate returns the new row as it would be and, if there is one, the existing row.
func (b *builder) upsertCandidate(o *object, f selected) (string, error) {
	old, empty := b.alias(), b.alias()
	a, c, err := b.upserted(o, f, old)
	if err != nil {
		return "", err
	}
	existing, err := b.existing(o, c, old)
	if err != nil {
		return "", err
	}
	none := candidateOf{from: "(SELECT (NULL::" + ident(o.typ.Table) + ").*) " + empty, alias: empty, before: "true"}
	created, err := b.candidateRow(o, schema.Create, a, none)
	if err != nil {
		return "", err
	}
	var where []string
	for _, in := range c.key.fields {
		value, _ := a.value(in.column)
		where = append(where, old+"."+ident(in.column)+" = "+value)
	}
	for i, column := range c.columns { // what the new row would have
		if j := slices.Index(a.columns, column); c.values[i] == "excluded."+column {
			c.values[i] = a.values[j]
		}
	}
	one := candidateOf{from: ident(o.typ.Table) + " " + old + " WHERE " + join(where, " AND "), alias: old, before: existing}
	changed, err := b.candidateRow(o, schema.Update, c.assignment, one)
	return created + " UNION ALL " + changed, err
}
