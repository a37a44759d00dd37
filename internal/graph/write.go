package graph

import (
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
)

// assignment is what a write sets.
type assignment struct {
	columns, values []string // quoted names, and SQL
	given           []inputField
	operated        []inputField // of given, what operators change
	links           []change
}

func (a *assignment) set(column, value string) {
	a.columns, a.values = append(a.columns, ident(column)), append(a.values, value)
}

// value returns the SQL of what a column is set to; false where the write does not set it.
func (a *assignment) value(column string) (string, bool) {
	for i, c := range a.columns {
		if c == ident(column) {
			return a.values[i], true
		}
	}
	return "", false
}

// assignments returns what data sets.
func (b *builder) assignments(o *object, data arg, op schema.Operation) (a assignment, err error) {
	var mistakes Mistakes
	for _, d := range data.fields {
		i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.name == d.name && in.writable(op) })
		if i < 0 {
			if err := b.rowsOf(o, d, &a); err != nil && len(mistakes) < MaxMistakes {
				mistakes = append(mistakes, b.location.Wrap(err))
			}
			continue
		}
		in := o.inputs[i]
		value, err := b.assigned(in, d.value)
		if err != nil && len(mistakes) < MaxMistakes {
			mistakes = append(mistakes, b.location.Wrap(err))
		}
		a.set(in.column, value)
		a.given = append(a.given, in)
	}
	if err := b.nestedEnd(o, op, &a); err != nil {
		mistakes = append(mistakes, b.location.Wrap(err))
	}
	if len(mistakes) > 0 {
		return a, mistakes
	}
	return a, b.grow()
}

// rowsOf adds what data says of other rows: nested ones, and those of a list through a join table.
func (b *builder) rowsOf(o *object, d argField, a *assignment) error {
	if ok, err := b.nestedValue(o, d, a); ok {
		return err
	}
	return a.link(o, d)
}

// data returns the argument data of a write; the zero value of one that has none.
func (b *builder) data(f selected) arg {
	data, _ := b.argument(f.Field, "data")
	return data
}

// argumentsOf returns what reads the arguments of a write.
func (b *builder) argumentsOf(f selected) func(name string) (arg, bool) {
	return func(name string) (arg, bool) { return b.argument(f.Field, name) }
}

// link adds the change of a list. Data has one more kind of field: the placeholder of an input without fields.
func (a *assignment) link(o *object, d argField) error {
	i := slices.IndexFunc(o.links, func(l linkField) bool { return l.src.APIName() == d.name })
	if i < 0 {
		return nil
	}
	c, err := linked(o.links[i], d.value)
	a.links, a.given = append(a.links, c), append(a.given, c.input())
	return err
}

// compute adds what the expressions of fields compute that data does not set.
func (b *builder) compute(o *object, a *assignment, expr func(*schema.Field) *schema.Expr, alias string) error {
	for _, in := range o.inputs {
		e := expr(in.src)
		if _, given := a.value(in.column); given || e == nil {
			continue
		}
		value, err := b.computed(o, in, e, alias)
		if err != nil {
			return err
		}
		a.set(in.column, value)
	}
	return nil
}

// assigned returns SQL for a value that a column takes.
func (b *builder) assigned(in inputField, value arg) (string, error) {
	switch {
	case value.null && !in.nullable:
		return "", &ValueError{Fault: invalid(in.name+" cannot be null", "leave it out, or set a value"), Field: in.name}
	case value.null:
		return "NULL", nil
	}
	return b.clientValue(Param{Kind: Variable, input: value.input, form: asColumn, value: in.value, name: in.name})
}

// computed returns SQL for the value of a @default or @onUpdate expression.
func (b *builder) computed(o *object, in inputField, e *schema.Expr, alias string) (string, error) {
	if e.Source == "auth.uid" {
		return b.uid(in.value), nil
	}
	sql, err := celsql.ValueOf(in.value.enum)(e.AST, b.api.model, o.typ, alias, b.celArgument)
	if err != nil {
		return "", &fault.Error{Code: fault.Invalid, Op: "derive the API", Err: err, Message: fmt.Sprintf("%s: %q cannot be translated to SQL: %v", e.Pos, e.Source, err)}
	}
	b.reads(celsql.Reads(e.AST, b.api.model)...)
	switch {
	case in.value.enum != nil:
		sql = "(" + sql + ")::" + ident(in.value.enum.DBName) + in.value.brackets()
	case in.value.scalar == schema.ID && (in.value.dataType == "" || in.value.dataType == "uuid"):
		sql = "(" + sql + ")::uuid"
	}
	return sql, nil
}

// created returns what a create sets.
func (b *builder) created(o *object, data arg) (assignment, error) {
	a, err := b.assignments(o, data, schema.Create)
	if err != nil {
		return a, err
	}
	return a, b.compute(o, &a, defaultExpr, "new")
}

// create inserts a row and checks that the rules allow it.
func (b *builder) create(o *object, data arg) (rowWrite, error) {
	a, err := b.created(o, data)
	if err != nil {
		return rowWrite{}, err
	}
	alias := b.alias()
	allowed, err := b.permission(o, schema.Create, a.given, alias)
	insert := "INSERT INTO " + ident(o.typ.Table)
	if len(a.columns) == 0 {
		insert += " DEFAULT VALUES"
	} else {
		insert += " (" + join(a.columns, ", ") + ") VALUES (" + join(a.values, ", ") + ")"
	}
	counts := countsOf(o, schema.Create, a)
	b.counts = counts != nil
	return rowWrite{o, insert + " RETURNING *", alias, counts.column(alias), a.now(allowed)}, err
}

func (b *builder) createCandidate(o *object, data arg) (string, error) {
	a, err := b.created(o, data)
	if err != nil {
		return "", err
	}
	empty := b.alias() // a row of nulls, which knows the types of the columns
	return b.candidateRow(o, schema.Create, a, candidateOf{from: "(SELECT (NULL::" + ident(o.typ.Table) + ").*) " + empty, alias: empty})
}

// updated returns what an update sets, and the condition that selects the row.
func (b *builder) updated(o *object, f selected, old string) (a assignment, where string, err error) {
	if a, where, err = b.updatedAny(o, f, old); err != nil {
		return a, "", err
	}
	version, err := b.atVersion(o, f, old)
	return a, both(where, version), err
}

// updatedAny is updated, whatever version the row has.
func (b *builder) updatedAny(o *object, f selected, old string) (a assignment, where string, err error) {
	if a, err = b.assignments(o, b.data(f), schema.Update); err != nil {
		return a, "", err
	}
	if err = b.operated(o, b.argumentsOf(f), &a, old); err != nil {
		return a, "", err
	}
	if err = b.compute(o, &a, func(f *schema.Field) *schema.Expr { return f.OnUpdate }, old); err != nil {
		return a, "", err
	}
	if where, err = b.keyed(o, f, old, schema.Update, a.given); err != nil {
		return a, "", err
	}
	known, err := b.operable(o, a, old)
	return a, both(where, known), err
}

// update changes a row that the rules allow to change, and checks that they allow the result.
func (b *builder) update(o *object, f selected) (rowWrite, error) {
	old, alias := b.alias(), b.alias()
	a, where, err := b.updated(o, f, old)
	if err != nil {
		return rowWrite{}, err
	}
	allowed, err := b.permission(o, schema.Update, a.given, alias)
	counts := countsOf(o, schema.Update, a)
	b.counts = counts != nil
	return rowWrite{o, updateSQL(o, a, where, old, counts), alias, counts.column(alias), a.now(allowed)}, err
}

// now returns the condition of the rules on the written row, which is applied later if links follow.
func (a *assignment) now(allowed string) string {
	if len(a.links) > 0 {
		return "true"
	}
	return allowed
}

// updateSQL returns a statement that changes the rows that meet a condition, and returns them as they are then.
func updateSQL(o *object, a assignment, where, alias string, counts *counting) string {
	if len(a.columns) == 0 {
		return fmt.Sprintf("SELECT * FROM %s %s WHERE %s", ident(o.typ.Table), alias, where)
	}
	set := make([]string, len(a.columns))
	for i, c := range a.columns {
		set[i] = c + " = " + a.values[i]
	}
	from, where, returning := counts.source(where, alias)
	return fmt.Sprintf("UPDATE %s %s SET %s%s WHERE %s RETURNING %s.*%s", ident(o.typ.Table), alias, join(set, ", "), from, where, alias, returning)
}

func (b *builder) updateCandidate(o *object, f selected) (string, error) {
	old := b.alias()
	a, where, err := b.updated(o, f, old)
	if err != nil {
		return "", err
	}
	return b.candidateRow(o, schema.Update, a, candidateOf{from: ident(o.typ.Table) + " " + old + " WHERE " + where, alias: old})
}

// delete deletes a row if the rules allow it.
func (b *builder) delete(o *object, f selected) (string, error) {
	alias := b.alias()
	where, err := b.keyed(o, f, alias, schema.Delete, nil)
	if err != nil {
		return "", err
	}
	version, err := b.atVersion(o, f, alias)
	where = both(where, version)
	return fmt.Sprintf("DELETE FROM %s %s WHERE %s RETURNING %s, true", ident(o.typ.Table), alias, where, keyTexts(o, alias)), err
}

// keyed returns the condition that selects the row with the key in the arguments if the rules allow the operation.
func (b *builder) keyed(o *object, f selected, alias string, op schema.Operation, given []inputField) (string, error) {
	var where []string
	for i, k := range o.key {
		value, err := b.keyArgument(o, f, i)
		if err != nil {
			return "", err
		}
		where = append(where, alias+"."+ident(k.column)+" = "+value)
	}
	b.reads(o.typ)
	known, err := b.keyRule(o, alias)
	if err != nil {
		return "", err
	}
	if known != "" {
		where = append(where, known)
	}
	allowed, err := b.permission(o, op, given, alias)
	return join(append(where, allowed), " AND "), err
}

// writtenRows names what a statement has written. A table of that name would be hidden from the rules.
const writtenRows = `"the written rows"`

func keyTexts(o *object, alias string) string {
	var keys []string
	for _, k := range o.key {
		keys = append(keys, alias+"."+ident(k.column)+"::text")
	}
	return join(keys, ", ")
}
