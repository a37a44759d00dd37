package verify

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// A file often adds a constraint to a table that has rows. Generated rows satisfy it where that is simple: a check that Postgres evaluates
// before the insert, a reference to a table that exists already, and a unique key.

// rejected returns the columns of the checks that the next file makes and that reject a row. What cannot be evaluated rejects nothing.
func (v *verifier) rejected(ctx context.Context, r row) (columns []string) {
	if r.later == nil {
		return nil
	}
	for _, k := range r.later.Constraints {
		definition, isCheck := strings.CutPrefix(k.Definition, "CHECK ")
		if k.Kind != "check" || !isCheck || slices.ContainsFunc(r.t.Constraints, func(has catalog.Constraint) bool { return has.Definition == k.Definition }) {
			continue
		}
		definition = strings.TrimSuffix(strings.TrimSuffix(definition, " NOT VALID"), " NO INHERIT")
		var values []string
		for _, name := range k.Columns {
			if column := r.t.Column(name); column != nil {
				values = append(values, fmt.Sprintf("(%s)::%s AS %s", r.tried(*column), column.Type, pg.QuoteIdent(name)))
			}
		}
		if len(values) == 0 || len(values) < len(k.Columns) {
			continue
		}
		var rejects bool
		sql := fmt.Sprintf("SELECT %s IS FALSE FROM (SELECT %s) t", definition, strings.Join(values, ", "))
		if err := v.db.QueryRow(ctx, sql).Scan(&rejects); err == nil && rejects {
			columns = append(columns, k.Columns...)
		}
	}
	return columns
}

// tried returns the expression of the value that a column is about to have.
func (r row) tried(column catalog.Column) string {
	value, given := r.value(column)
	if !given && column.Default != "" {
		return column.Default
	}
	if !given {
		return "NULL"
	}
	return value
}

// reference returns a query for the values that a column can reference, now or after the next file.
func (r row) reference(column string) string {
	if source := referencesOf(r.t)[column]; source != "" || r.later == nil {
		return source
	}
	for _, k := range r.later.Constraints {
		if k.Kind != "foreign key" || !slices.Contains(k.Columns, column) {
			continue
		}
		if schema, name := k.Target(); r.c.Table(schema, name) != nil {
			return referencesOf(r.later)[column]
		}
	}
	return ""
}

// becomesUnique reports whether the next file makes a column part of a unique key, so that its default does for one row only.
func (r row) becomesUnique(column string) bool {
	if r.later == nil {
		return false
	}
	inConstraint := slices.ContainsFunc(r.later.Constraints, func(k catalog.Constraint) bool {
		return (k.Kind == "unique" || k.Kind == "primary key") && slices.Contains(k.Columns, column)
	})
	return inConstraint || slices.ContainsFunc(r.laterCatalog.Indexes, func(i catalog.Index) bool {
		ofTable := (i.Schema == r.later.Schema) && (i.Table == r.later.Name)
		return ofTable && i.Unique && slices.Contains(i.Columns, column)
	})
}

func isText(kind string) bool {
	base, _, _ := strings.Cut(kind, "(")
	return slices.Contains([]string{"text", "character varying", "character", "citext"}, base)
}

var (
	stringLiteral = regexp.MustCompile(`'(?:[^']|'')*'`)
	numberLiteral = regexp.MustCompile(`-?\b\d+(?:\.\d+)?\b`)
)

// longest limits the texts that are generated for a check of a length.
const longest = 1000

// candidates returns values that the checks of a column mention: one of a list, or a number at a limit.
func candidates(column catalog.Column, tables ...*catalog.Table) (list []string) {
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, k := range t.Constraints {
			if k.Kind == "check" && slices.Contains(k.Columns, column.Name) {
				list = append(list, mentioned(column.Type, k.Definition)...)
			}
		}
	}
	return list
}

// mentioned returns the values of a type that a check mentions.
func mentioned(kind, definition string) (list []string) {
	base, _, _ := strings.Cut(kind, "(")
	isInteger := slices.Contains([]string{"smallint", "integer", "bigint"}, base)
	isNumber := isInteger || slices.Contains([]string{"numeric", "real", "double precision"}, base)
	if isText(kind) {
		list = stringLiteral.FindAllString(definition, -1)
	}
	for _, text := range numberLiteral.FindAllString(definition, -1) {
		number, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
		case isNumber && (!isInteger || number == float64(int64(number))):
			for _, near := range []float64{number, number + 1, number - 1} {
				list = append(list, strconv.FormatFloat(near, 'f', -1, 64))
			}
		case isText(kind) && number > 0 && number <= longest: // a length
			list = append(list, fmt.Sprintf("lpad('%d', %d, 'x')", len(list), int(number)))
		}
	}
	return list
}
