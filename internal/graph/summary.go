package graph

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// summary is a subquery with aggregates over rows: one row without keys, and one for each group of rows with equal keys.
type summary struct {
	rows   *scope   // that are summarised
	where  []string // conditions on them
	alias  string   // of the subquery
	keys   []string // SQL of what the rows are grouped by
	values []string // SQL of aggregates
}

// summary returns an empty summary of the rows of a list.
func (b *builder) summary(o *object, rows string, where []string) *summary {
	return &summary{rows: &scope{object: o, alias: rows}, where: where, alias: b.alias()}
}

// value returns a column of the subquery with an aggregate.
func (s *summary) value(sql string) string {
	i := slices.Index(s.values, sql)
	if i < 0 {
		i = len(s.values)
		s.values = append(s.values, sql)
	}
	return s.alias + "." + ident("value "+strconv.Itoa(i+1))
}

// count returns the column with the number of rows.
func (s *summary) count() string { return s.value("count(*)") }

// key returns the column with the i-th key.
func (s *summary) key(i int) string { return s.alias + "." + ident("key "+strconv.Itoa(i+1)) }

// sql returns the subquery under its alias.
func (s *summary) sql() string {
	var columns, groups []string
	for i, sql := range s.keys {
		columns = append(columns, sql+" AS "+ident("key "+strconv.Itoa(i+1)))
		groups = append(groups, strconv.Itoa(i+1))
	}
	for i, sql := range s.values {
		columns = append(columns, sql+" AS "+ident("value "+strconv.Itoa(i+1)))
	}
	sql := "SELECT " + join(columns, ", ") + " FROM " + ident(s.rows.object.typ.Table) + " " + s.rows.alias
	if len(s.where) > 0 {
		sql += " WHERE " + join(s.where, " AND ")
	}
	if len(groups) > 0 {
		sql += " GROUP BY " + join(groups, ", ")
	}
	return "(" + sql + ") " + s.alias
}

// aggregate returns the column with a function of a field.
func (b *builder) aggregate(s *summary, f function, field *field) (string, error) {
	operand, err := b.visible(s.rows.object, field, s.rows.alias)
	return s.value(f.sql(field.value, operand)), err
}

// visible returns SQL for a column that is null where the caller is not allowed to read it.
func (b *builder) visible(o *object, f *field, alias string) (string, error) {
	column := f.on(alias)
	b.opaque(f)
	rule, err := b.fieldRule(o, f, alias)
	if rule == "" {
		return column, err
	}
	return "CASE WHEN " + rule + " THEN " + column + " END", err
}

// aggregateJSON returns SQL for the JSON of the aggregates of a list.
func (b *builder) aggregateJSON(p *page, f selected, c *Cost) (string, error) {
	s := b.summary(p.object, p.scope.alias, p.base)
	var t text
	if err := b.summaryJSON(&t, s, p.object.typ.APIName()+"Aggregate", f.selections, c, nil); err != nil {
		return "", err
	}
	if len(s.values) == 0 {
		return "(SELECT " + t.sql() + ")", nil
	}
	return "(SELECT " + t.sql() + " FROM " + s.sql() + ")", nil
}

// summaryJSON appends the JSON object of a row of a summary. other appends the fields that are not aggregates.
func (b *builder) summaryJSON(t *text, s *summary, typeName string, sets []ast.SelectionSet, c *Cost, other func(*text, selected) error) error {
	return b.membersJSON(t, typeName, sets, c, func(f selected) error {
		switch family, fn, ok := functionOf(f.Name); {
		case f.Name == "count":
			t.expr(s.count() + "::text")
			return nil
		case ok:
			return b.functionJSON(t, s, family, fn, f, c)
		}
		return other(t, f)
	})
}

// functionJSON appends the JSON object with a function of several fields.
func (b *builder) functionJSON(t *text, s *summary, family family, fn function, f selected, c *Cost) error {
	typeName := s.rows.object.typ.APIName() + "Aggregate" + family.name
	return b.membersJSON(t, typeName, f.selections, c, func(f selected) error {
		field := s.rows.object.byName[f.Name]
		column, err := b.aggregate(s, fn, field)
		family.result(field.value).writeJSON(t, column)
		return err
	})
}
