package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
)

// candidateRow plans a statement that returns the row that a write would leave, without writing it, and whether the rules allow it. It
// answers after Postgres has refused the row: a caller whom the rules refuse must not learn from a conflict that another row exists, and who
// violates a constraint wants to know of all others. Its columns are those of the table and Allowed.
func (b *builder) candidateRow(o *object, op schema.Operation, a assignment, base candidateOf) (string, error) {
	row := b.alias()
	columns, err := b.candidate(o, a, base.alias, op == schema.Create)
	if err != nil {
		return "", err
	}
	generated, err := b.generatedColumns(o, row)
	if err != nil {
		return "", err
	}
	final := b.alias()
	allowed, err := b.permission(o, op, a.given, final)
	if base.before != "" {
		columns = append(columns, "("+base.before+") AS "+allowedBefore)
		allowed = "(" + allowed + ") AND " + final + "." + allowedBefore
	}
	return fmt.Sprintf("SELECT %s.*, coalesce(%s, false) AS %s FROM (SELECT %s.*%s FROM (SELECT %s FROM %s) %s) %s",
		final, allowed, ident(Allowed), row, generated, join(columns, ", "), base.from, row, final), err
}

// candidateOf is the rows that a write would change.
type candidateOf struct {
	from   string // what follows FROM
	alias  string // of the rows
	before string // the condition of the rules on them as they are, where from does not have it
}

// allowedBefore is a column of a candidate: whether the rules allow to change the row as it is.
const allowedBefore = `"allowed before"`

// Allowed is the column of Step.Candidate that says whether the rules allow the row. No column of a type has the name.
const Allowed = "allowed by the rules"

// candidate returns the columns of the row: what the write sets, and for the others those of the row with the alias old. A new row has the
// default values that the schema knows; what only the database can tell is null.
func (b *builder) candidate(o *object, a assignment, old string, isNew bool) (columns []string, err error) {
	seen := map[string]bool{}
	for _, f := range o.typ.Fields {
		for _, c := range f.Columns() {
			if seen[c] || (f.Generated != nil && f.Generated.Expr != nil) {
				continue
			}
			seen[c] = true
			current := old + "." + ident(c)
			value, given := a.value(c)
			if !given && isNew {
				value, err = defaultSQL(f)
				given = value != ""
			}
			switch {
			case err != nil:
				return nil, err
			case given: // the branch that is not taken gives the value the type of the column
				current = "CASE WHEN true THEN " + value + " ELSE " + current + " END AS " + ident(c)
			}
			columns = append(columns, current)
		}
	}
	return columns, nil
}

// defaultSQL returns the default value of a column as SQL; "" where only the database knows it.
func defaultSQL(f *schema.Field) (string, error) {
	switch {
	case f.Default == nil || f.Default.Expr != nil || len(f.Columns()) != 1: // what Expr computes is among the values of the write
		return "", nil
	case f.Default.SQL != "":
		return "(" + f.Default.SQL + ")", nil
	}
	text, err := keyFields(f)[0].value.column(f.Default.Value)
	return literalText(text), err
}

// generatedColumns returns the columns that Postgres computes from the others of a row, for a list of columns that goes on.
func (b *builder) generatedColumns(o *object, row string) (columns string, err error) {
	for _, f := range o.typ.Fields {
		if f.Generated == nil || f.Generated.Expr == nil {
			continue
		}
		sql, err := celsql.ValueOf(f.Type.Enum)(f.Generated.Expr.AST, b.api.model, o.typ, row, b.celArgument)
		if err != nil {
			return "", err
		}
		columns += ", " + sql + " AS " + ident(f.Column)
	}
	return columns, nil
}
