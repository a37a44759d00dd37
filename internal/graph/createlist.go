package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// A create of many rows is one INSERT. Postgres does not tell which of its rows it refuses, and the rules tell only that they refuse one. So the
// rows are written one by one, in a transaction that is rolled back, to tell the client which row is wrong.

// createList plans a root field that creates the rows of a list.
func (b *builder) createList(m mutation, f selected) (err error) {
	rows := b.data(f).items
	if most := b.api.options.MaxPageSize; len(rows) > most {
		return invalid(fmt.Sprintf("data has %d rows; at most %d are allowed", len(rows), most), "send several operations")
	}
	b.writes(m.object.typ, m.operation)
	if b.apart == len(b.plan.Steps) {
		return b.createEach(m, f, rows)
	}
	step := Step{object: m.object, many: true, List: true, Location: b.location}
	err = b.unpoliced(func() (err error) {
		step.Write, err = b.statement(func() (string, error) { return b.createMany(m.object, rows) })
		return err
	})
	if err != nil {
		return err
	}
	step.Counted = b.counts
	count := len(m.object.key)
	if step.Events, err = b.countEvents(m, count); err != nil {
		return err
	}
	step.Read, err = b.statement(func() (string, error) {
		number := b.param(Param{Kind: RowKey, index: count}) + "::text"
		list := batchRows{written: func(s *scope) []string { return b.inKeys(s, 0) }, order: b.asGiven, all: len(rows)}
		json, err := b.batchJSON(m.object, f, number, list)
		return "SELECT " + json, err
	})
	b.plan.Steps = append(b.plan.Steps, step)
	return err
}

// createEach plans a step for each row of a list. Their answers are of no use.
func (b *builder) createEach(m mutation, f selected, rows []arg) error {
	for i, row := range rows {
		b.place = rowName(i)
		err := b.inRow(b.place, func() error {
			step, err := b.writeOne(m, f, row)
			b.plan.Steps = append(b.plan.Steps, step)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rowName is how errors call a row of the argument data.
func rowName(i int) string { return fmt.Sprintf("data[%d]", i) }

// Apart plans an operation whose step with this index creates the rows of a list, with a step for each of these rows in its place. It returns
// how many they are. The answer of such a plan is of no use.
func (a *API) Apart(doc *ast.QueryDocument, op *ast.OperationDefinition, r Request, step int) (plan *Plan, rows int, err error) {
	b := newBuilder(a, kind(r.Caller))
	b.apart = step
	if plan, err = a.plan(b, doc, op, r); err != nil {
		return nil, 0, err
	}
	for _, s := range plan.Steps[step:] {
		if !s.Location.isRowOf(plan.Steps[step].Location) {
			break
		}
		rows++
	}
	return plan, rows, nil
}

// isRowOf reports whether two locations are rows of the same field.
func (l *Location) isRowOf(other *Location) bool {
	areRows := l.Row != "" && other.Row != ""
	sameField := l.Key == other.Key && l.Parent == other.Parent
	return areRows && sameField
}

// newRow is a row of a list with the condition under which the rules allow it.
type newRow struct {
	assignment
	allowed string
}

// The number of a row in the order in which the statement has written it.
const rowNumber = `"row number"`

// createMany inserts rows. It returns their keys, each part as an array; the number of rows; and whether the rules allow all.
func (b *builder) createMany(o *object, data []arg) (string, error) {
	alias := b.alias()
	rows, err := b.newRows(o, data, alias)
	if err != nil {
		return "", err
	}
	allowed := allowedRows(rows, alias)
	if len(rows) == 0 { // who may create no row is told so
		if allowed, err = b.permission(o, schema.Create, nil, alias); err != nil {
			return "", err
		}
	}
	var keys strings.Builder
	for _, k := range o.key {
		fmt.Fprintf(&keys, "coalesce(array_agg(%s.%s::text ORDER BY %[1]s.%[3]s)::text, '{}'), ", alias, ident(k.column), rowNumber)
	}
	var all assignment // a metric counts every new row, whatever it sets
	counts := countsOf(o, schema.Create, all)
	b.counts = counts != nil
	numbered := "SELECT *, row_number() OVER () AS " + rowNumber + " FROM " + writtenRows // which the INSERT returns in the order of its rows
	return fmt.Sprintf("WITH %s AS (%s) SELECT %scount(*)::text, %scoalesce(bool_and(coalesce(%s, false)), true) FROM (%s) %s",
		writtenRows, insertSQL(o, rows), keys.String(), counts.column(""), allowed, numbered, alias), nil
}

// newRows returns what a create of many rows sets in each.
func (b *builder) newRows(o *object, data []arg, alias string) (rows []newRow, err error) {
	var mistakes Mistakes
	for i, d := range data {
		err := b.inRow(rowName(i), func() (err error) {
			row := newRow{}
			if row.assignment, err = b.created(o, d); err != nil {
				return err
			}
			if len(row.links) > 0 {
				return invalid(row.links[0].src.APIName()+" cannot be set for many rows at once", "create each row with create"+o.typ.APIName())
			}
			for range row.given {
				if err := b.grow(); err != nil {
					return err
				}
			}
			row.allowed, err = b.permission(o, schema.Create, row.given, alias)
			rows = append(rows, row)
			return err
		})
		var several Mistakes
		switch {
		case asError(err, &several):
			mistakes = append(mistakes, several...)
		case err != nil:
			return nil, err
		}
	}
	if len(mistakes) > 0 {
		return nil, mistakes[:min(len(mistakes), MaxMistakes)]
	}
	return rows, nil
}

// insertSQL returns a statement that inserts rows and returns them. What a row does not set takes its default.
func insertSQL(o *object, rows []newRow) string {
	var columns []string
	for _, r := range rows {
		for _, c := range r.columns {
			if !slices.Contains(columns, c) {
				columns = append(columns, c)
			}
		}
	}
	switch {
	case len(rows) == 0:
		return "SELECT * FROM " + ident(o.typ.Table) + " WHERE false"
	case len(columns) == 0: // a list of columns cannot be empty
		columns = append(columns, ident(o.key[0].column))
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		values := make([]string, len(columns))
		for j, c := range columns {
			values[j] = "DEFAULT"
			if k := slices.Index(r.columns, c); k >= 0 {
				values[j] = r.values[k]
			}
		}
		lines[i] = "(" + join(values, ", ") + ")"
	}
	return "INSERT INTO " + ident(o.typ.Table) + " (" + join(columns, ", ") + ") VALUES " + join(lines, ", ") + " RETURNING *"
}

// allowedRows returns the condition of the rules on the row with the given alias and its number. Rows that set other fields can have other rules.
func allowedRows(rows []newRow, alias string) string {
	var conditions []string
	numbers := map[string][]string{}
	for i, r := range rows {
		if numbers[r.allowed] == nil {
			conditions = append(conditions, r.allowed)
		}
		numbers[r.allowed] = append(numbers[r.allowed], fmt.Sprint(i+1))
	}
	if len(conditions) == 1 {
		return conditions[0]
	}
	sql := "CASE"
	for _, c := range conditions {
		sql += " WHEN " + alias + "." + rowNumber + " IN (" + join(numbers[c], ", ") + ") THEN " + c
	}
	return sql + " END"
}

// asGiven orders rows as the client has given them, which is the order of the keys that Write returns.
func (b *builder) asGiven(s *scope) orderTerm {
	var arrays, names, where []string
	for i, k := range s.object.key {
		name := fmt.Sprintf("k%d", i)
		arrays = append(arrays, b.param(Param{Kind: RowKey, index: i})+"::text[]")
		names, where = append(names, name), append(where, "given."+name+" = "+s.raw(k.column)+"::text")
	}
	sql := fmt.Sprintf("(SELECT given.n FROM unnest(%s) WITH ORDINALITY given (%s, n) WHERE %s)",
		join(arrays, ", "), join(names, ", "), join(where, " AND "))
	return orderTerm{sql: sql, computed: true, value: valueType{scalar: schema.Int64}}
}
