package seed

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// group is rows of one table that give the same columns and are found by the same key, so that one INSERT
// and one UPDATE write them all.
type group struct {
	table  *table
	rows   []*row
	match  []int
	given  []int // columns that an existing row gets too
	insert []int // columns that only a new row gets
}

// groups splits rows by table, columns and key, in the order in which each first appears.
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

// signature is equal for rows that belong to one group.
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

// statement is one SQL statement that writes some groups. It returns one row: for each group, how many rows
// were updated and how many inserted.
type statement struct {
	sql    string
	args   []any
	groups []*group
}

// newStatement builds the statement. Existing rows are compared first and written only if something
// differs; rows that are not there are inserted. So a second load writes nothing, fires no trigger and
// draws from no sequence. All parts see the database as it was before the statement, and foreign keys are
// checked at its end. now is the time that @onUpdate sets.
func newStatement(list []*group, now string) statement {
	s := statement{groups: list}
	var with, counts []string
	for i, g := range list {
		with = append(with, fmt.Sprintf("s%d AS (%s)", i, s.values(g)))
		updated := "0::bigint"
		if sql := g.update(fmt.Sprintf("s%d", i), now); sql != "" {
			with = append(with, fmt.Sprintf("u%d AS (%s)", i, sql))
			updated = fmt.Sprintf("(SELECT count(*) FROM u%d)", i)
		}
		with = append(with, fmt.Sprintf("i%d AS (%s)", i, g.insertSQL(fmt.Sprintf("s%d", i))))
		counts = append(counts, updated, fmt.Sprintf("(SELECT count(*) FROM i%d)", i))
	}
	s.sql = "WITH " + strings.Join(with, ",\n") + "\nSELECT " + strings.Join(counts, ", ")
	return s
}

// values makes the rows of a group a query with typed columns: every column travels as an array of texts
// and is cast to the type that the database has for it.
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
	return fmt.Sprintf("SELECT %s FROM unnest(%s) AS v (%s)", strings.Join(casts, ", "), strings.Join(arrays, ", "), strings.Join(names, ", "))
}

func (g *group) all() []int { return slices.Concat(g.given, g.insert) }

// update returns the statement that updates the rows which are there and differ; empty when rows of the
// group have nothing but their key.
func (g *group) update(source, now string) string {
	var sets, differs []string
	for _, c := range g.given {
		if slices.Contains(g.match, c) {
			continue
		}
		name := pg.QuoteIdent(g.table.columns[c].name)
		sets = append(sets, name+" = s."+name)
		cast := ""
		if g.table.columns[c].db.asText {
			cast = "::text"
		}
		differs = append(differs, fmt.Sprintf("t.%s%s IS DISTINCT FROM s.%s%s", name, cast, name, cast))
	}
	if len(sets) == 0 {
		return ""
	}
	sets = append(sets, g.touched(now)...)
	return fmt.Sprintf("UPDATE %s AS t SET %s FROM %s AS s WHERE %s AND (%s) RETURNING 1",
		pg.QuoteIdent(g.table.Table), strings.Join(sets, ", "), source, g.matches(), strings.Join(differs, " OR "))
}

// touched sets the columns with @onUpdate(expr: "request.time") that the rows do not give themselves.
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

// insertSQL returns the statement that inserts the rows which are not there.
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
	return fmt.Sprintf("INSERT INTO %s (%s)%s SELECT %s FROM %s AS s WHERE NOT EXISTS (SELECT FROM %s AS t WHERE %s) RETURNING 1",
		table, columns, overriding, columns, source, table, g.matches())
}

func (g *group) matches() string {
	var parts []string
	for _, c := range g.match {
		name := pg.QuoteIdent(g.table.columns[c].name)
		parts = append(parts, fmt.Sprintf("t.%s = s.%s", name, name))
	}
	return strings.Join(parts, " AND ")
}
