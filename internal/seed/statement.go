package seed

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// group is a group of rows of a table that set the same columns and are identified by the same key, so that one INSERT and one UPDATE can
// write all of them.
type group struct {
	table  *table
	rows   []*row
	match  []int
	given  []int // columns that are also set in an existing row
	insert []int // columns that are set only in a new row
}

// groups groups rows by table, columns and key, in the order of first appearance.
func groups(rows []*row) []*group {
	var list []*group
	bySignature := map[string]*group{}
	for _, r := range rows {
		signature := r.signature()
		g := bySignature[signature]
		if g == nil {
			g = &group{table: r.table, match: r.match}
			for c := range r.values {
				switch r.values[c].state {
				case given:
					g.given = append(g.given, c)
				case insertOnly:
					g.insert = append(g.insert, c)
				}
			}
			bySignature[signature] = g
			list = append(list, g)
		}
		g.rows = append(g.rows, r)
	}
	return list
}

// signature returns an equal string for all rows of a group.
func (r *row) signature() string {
	b := make([]byte, 0, 64)
	b = append(append(b, r.table.Table...), 0)
	for _, c := range r.match {
		b = binary.AppendUvarint(b, uint64(c))
	}
	b = append(b, 0xff)
	for c := range r.values {
		b = append(b, byte(r.values[c].state))
	}
	return string(b)
}

// statement is an SQL statement that writes groups. It returns one row with an outcome per group.
type statement struct {
	sql    string
	args   []any
	groups []*group
}

// outcome is the result of a statement for a group. Rows are numbered from 1.
type outcome struct {
	inserted []int64
	keys     []string // of these rows, as recorded in the ledger
	updated  []int64
	fields   []string // the differing fields of these rows, comma-separated; on request
	all      []string // the keys of existing rows; on request
}

// asked selects the optional results of a statement.
type asked struct {
	now    string // the time that @onUpdate sets
	dryRun bool   // return the differing fields
	keys   bool
}

// newStatement builds the statement. It compares existing rows and updates only those that differ, and it inserts missing rows. A second
// load therefore does not write, fire triggers or use sequences. All parts see the database as it was before the statement, and foreign
// keys are checked at its end.
func newStatement(list []*group, a asked) statement {
	s := statement{groups: list}
	var with, says []string
	for i, g := range list {
		source, updated, missing := fmt.Sprint("s", i), fmt.Sprint("u", i), fmt.Sprint("n", i)
		with = append(with, fmt.Sprintf("%s AS (%s)", source, s.values(g)))
		columns := [5]string{"'{}'::bigint[]", "'{}'::text[]", "'{}'::bigint[]", "'{}'::text[]", "'{}'::text[]"}
		if differs, sets := g.differences(), g.touched(a.now); len(differs) > 0 {
			with = append(with, fmt.Sprintf("%s AS (%s)", updated, g.update(source, differs, sets)))
			columns[2] = list64(updated+" AS s", "s."+ordinal)
			if a.dryRun {
				with = append(with, fmt.Sprintf("d%d AS (%s)", i, g.describeDifferences(source, differs)))
				columns[3] = listText(fmt.Sprint("d", i, " AS s"), "s.fields")
			}
		}
		inserted := fmt.Sprint("i", i)
		with = append(with, fmt.Sprintf("%s AS (%s)", missing, g.missing(source)), fmt.Sprintf("%s AS (%s)", inserted, g.insertSQL(missing)))
		came := fmt.Sprintf("%s AS t JOIN %s AS s ON %s", inserted, missing, g.matches())
		columns[0], columns[1] = list64(came, "s."+ordinal), listText(came, g.table.keyExpr(g.match))
		if a.keys {
			columns[4] = listText(fmt.Sprintf("%s AS t JOIN %s AS s ON %s", pg.QuoteIdent(g.table.Table), source, g.matches()), g.table.keyExpr(g.match))
		}
		says = append(says, columns[:]...)
	}
	s.sql = "WITH " + strings.Join(with, ",\n") + "\nSELECT " + strings.Join(says, ", ")
	return s
}

func list64(from, expr string) string {
	return fmt.Sprintf("(SELECT coalesce(array_agg(%s ORDER BY s.%s), '{}') FROM %s)", expr, ordinal, from)
}

func listText(from, expr string) string { return list64(from, expr+"::text") }

// ordinal is the column with the number of a row in its group. No column of a table has this name.
const ordinal = `"krowoc row"`

// values returns the rows of a group as a query with typed columns. Each column is sent as an array of texts and cast to its type in the
// database.
func (s *statement) values(g *group) string {
	var casts, arrays, names []string
	for i, c := range g.all() {
		texts := make([]*string, len(g.rows))
		for j, r := range g.rows {
			if v := &r.values[c]; !v.null {
				texts[j] = &v.text
			}
		}
		s.args = append(s.args, texts)
		column := &g.table.columns[c]
		casts = append(casts, fmt.Sprintf("v%d::%s AS %s", i, column.db.castType, pg.QuoteIdent(column.name)))
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", len(s.args)))
		names = append(names, fmt.Sprintf("v%d", i))
	}
	return fmt.Sprintf("SELECT %[1]s, %[2]s FROM unnest(%[3]s) WITH ORDINALITY AS v (%[4]s, %[1]s)", ordinal, strings.Join(casts, ", "), strings.Join(arrays, ", "), strings.Join(names, ", "))
}

func (g *group) all() []int { return slices.Concat(g.given, g.insert) }

// difference is a column that is set in an existing row, and the condition that it differs.
type difference struct {
	column               int
	field, name, differs string
}

// differences returns the differences of a group. It is empty if the rows have only a key.
func (g *group) differences() []difference {
	var list []difference
	for _, c := range g.given {
		if slices.Contains(g.match, c) {
			continue
		}
		column := &g.table.columns[c]
		name, cast := pg.QuoteIdent(column.name), ""
		if column.db.asText {
			cast = "::text"
		}
		list = append(list, difference{c, column.field.Name, name, fmt.Sprintf("t.%s%s IS DISTINCT FROM s.%s%s", name, cast, name, cast)})
	}
	return list
}

// update returns the statement that updates the existing rows that differ.
func (g *group) update(source string, list []difference, touched []string) string {
	var sets, differs []string
	for _, d := range list {
		sets, differs = append(sets, d.name+" = s."+d.name), append(differs, d.differs)
	}
	return fmt.Sprintf("UPDATE %s AS t SET %s FROM %s AS s WHERE %s AND (%s) RETURNING s.%s",
		pg.QuoteIdent(g.table.Table), strings.Join(append(sets, touched...), ", "), source, g.matches(), strings.Join(differs, " OR "), ordinal)
}

// describeDifferences returns a query for the differing fields of existing rows.
func (g *group) describeDifferences(source string, list []difference) string {
	var fields, differs []string
	for _, d := range list {
		fields = append(fields, fmt.Sprintf("CASE WHEN %s THEN %s END", d.differs, pg.QuoteLiteral(d.field)))
		differs = append(differs, d.differs)
	}
	return fmt.Sprintf("SELECT s.%s, concat_ws(',', %s) AS fields FROM %s AS s JOIN %s AS t ON %s WHERE %s",
		ordinal, strings.Join(fields, ", "), source, pg.QuoteIdent(g.table.Table), g.matches(), strings.Join(differs, " OR "))
}

// missing returns a query for the missing rows.
func (g *group) missing(source string) string {
	return fmt.Sprintf("SELECT s.* FROM %s AS s WHERE NOT EXISTS (SELECT FROM %s AS t WHERE %s)", source, pg.QuoteIdent(g.table.Table), g.matches())
}

// keyExpr returns the key of a row t for the ledger: its primary key, or the columns that identify it.
func (t *table) keyExpr(match []int) string {
	columns := t.keys[0]
	if slices.ContainsFunc(columns, func(c int) bool { return t.columns[c].db.castType == "" }) {
		columns = match
	}
	var parts []string
	for _, c := range columns {
		column := &t.columns[c]
		value := "t." + pg.QuoteIdent(column.name)
		if strings.HasSuffix(column.db.castType, "with time zone") { // regardless of the session's time zone
			value = "(" + value + " AT TIME ZONE 'UTC')"
		}
		parts = append(parts, pg.QuoteLiteral(column.name)+", "+value+"::text")
	}
	return "jsonb_build_object(" + strings.Join(parts, ", ") + ")"
}

// touched returns the assignments of columns with @onUpdate(expr: "request.time") that the rows do not set.
func (g *group) touched(now string) []string {
	var sets []string
	for c := range g.table.columns {
		column := &g.table.columns[c]
		if column.field.OnUpdate == nil || strings.TrimSpace(column.field.OnUpdate.Source) != "request.time" ||
			column.db.castType == "" || g.rows[0].values[c].state == given {
			continue
		}
		sets = append(sets, fmt.Sprintf("%s = %s::%s", pg.QuoteIdent(column.name), pg.QuoteLiteral(now), column.db.castType))
	}
	return sets
}

// insertSQL returns a statement that inserts rows and returns the inserted rows.
func (g *group) insertSQL(source string) string {
	table := pg.QuoteIdent(g.table.Table)
	var names []string
	overriding := ""
	for _, c := range g.all() {
		names = append(names, pg.QuoteIdent(g.table.columns[c].name))
		if g.table.columns[c].db.always {
			overriding = " OVERRIDING SYSTEM VALUE"
		}
	}
	columns := strings.Join(names, ", ")
	return fmt.Sprintf("INSERT INTO %s (%s)%s SELECT %s FROM %s AS s RETURNING *", table, columns, overriding, columns, source)
}

func (g *group) matches() string {
	var parts []string
	for _, c := range g.match {
		name := pg.QuoteIdent(g.table.columns[c].name)
		parts = append(parts, fmt.Sprintf("t.%s = s.%s", name, name))
	}
	return strings.Join(parts, " AND ")
}
