package randomdb

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// columnType is a type of columns with expressions for it. In them, $ stands for the column.
type columnType struct {
	sql      string
	defaults []string
	checks   []string
	btree    bool     // has an order
	opclass  string   // for other indexes: "gin", "gin (jsonb_path_ops)", "gist"
	computed []string // expressions of generated columns from a column of this type, as TYPE: EXPRESSION
}

var (
	numberChecks = []string{"$ > 0", "$ BETWEEN 1 AND 10", "$ <> 0", "$ >= 0 AND $ < 1000", "$ IN (1, 2, 3)", "$ % 2 = 0", "$ IS NULL OR $ > 5"}
	textChecks   = []string{
		"length($) > 0", "char_length($) <= 40", "$ <> ''", "$ ~ '^[a-z]+$'", "$ = lower($)", "$ IN ('a', 'b', 'it''s')", "$ LIKE 'a%'", "btrim($) <> ''",
		"$ = ANY (ARRAY['x'::text, 'y'::text])", "$ !~ E'\\n'", "length($) BETWEEN 1 AND 20", "position('@' in $) > 1",
	}
	builtin = []columnType{
		{sql: "integer", defaults: []string{"0", "42", "-1"}, checks: numberChecks, btree: true, computed: []string{"integer: $ * 2"}},
		{sql: "bigint", defaults: []string{"0", "9007199254740993"}, checks: numberChecks, btree: true},
		{sql: "smallint", defaults: []string{"1"}, checks: numberChecks, btree: true},
		{sql: "text", defaults: []string{"''", "'it''s'", "E'two\\nlines'", "'null'", "NULL"}, checks: textChecks, btree: true, computed: []string{"text: lower($)", "integer: length($)"}},
		{sql: "varchar(40)", defaults: []string{"'draft'"}, checks: textChecks, btree: true},
		{sql: "varchar", defaults: []string{"'x'"}, checks: textChecks, btree: true},
		{sql: "char(3)", defaults: []string{"'EUR'"}, btree: true},
		{sql: `text COLLATE "C"`, defaults: []string{"'c'"}, btree: true},
		{sql: "boolean", defaults: []string{"true", "false"}, checks: []string{"$", "NOT $"}, btree: true},
		{sql: "numeric(12,2)", defaults: []string{"0", "9.99", "0.00"}, checks: numberChecks[:4], btree: true, computed: []string{"numeric(12,2): round($ * 1.2, 2)"}},
		{sql: "numeric", defaults: []string{"1.50"}, checks: numberChecks[:4], btree: true},
		{sql: "double precision", defaults: []string{"0", "1.5", "'NaN'", "'Infinity'"}, checks: []string{"$ <> 0", "$ >= 0", "$ <> 'NaN'"}, btree: true},
		{sql: "real", defaults: []string{"0.1"}, btree: true},
		{sql: "money", btree: true},
		{sql: "timestamptz", defaults: []string{"now()", "CURRENT_TIMESTAMP", "'2020-01-01 00:00:00+00'", "now() + interval '1 day'"}, btree: true},
		{sql: "timestamp", defaults: []string{"now()", "LOCALTIMESTAMP", "'2020-01-01 00:00:00'"}, btree: true},
		{sql: "timestamp(3)", defaults: []string{"CURRENT_TIMESTAMP"}, btree: true},
		{sql: "date", defaults: []string{"CURRENT_DATE", "'2020-02-29'"}, checks: []string{"$ > '1900-01-01'"}, btree: true},
		{sql: "time", defaults: []string{"'12:00'"}, btree: true},
		{sql: "timetz", btree: true},
		{sql: "interval", defaults: []string{"'1 day'", "'PT1H'"}, checks: []string{"$ > interval '0'"}, btree: true},
		{sql: "uuid", defaults: []string{"gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"}, btree: true},
		{sql: "jsonb", defaults: []string{"'{}'", "'[]'", `'{"a": [1, null]}'`}, checks: []string{"jsonb_typeof($) = 'object'", "$ <> '{}'"}, btree: true, opclass: "gin"},
		{sql: "json", defaults: []string{"'{}'"}},
		{sql: "bytea", defaults: []string{`'\xdeadbeef'`}, btree: true},
		{sql: "inet", defaults: []string{"'127.0.0.1'"}, btree: true},
		{sql: "cidr", btree: true},
		{sql: "macaddr", btree: true},
		{sql: "point"},
		{sql: "int4range", btree: true, opclass: "gist"},
		{sql: "tstzrange", defaults: []string{"'empty'"}, opclass: "gist"},
		{sql: "tsvector", opclass: "gin"},
		{sql: "xml"},
		{sql: "bit(8)", btree: true},
		{sql: "varbit", btree: true},
		{sql: "oid", btree: true},
		{sql: "text[]", defaults: []string{"'{}'", "ARRAY[]::text[]", "ARRAY['a', 'b,c']"}, checks: []string{"cardinality($) > 0", "'x' <> ALL ($)"}, opclass: "gin"},
		{sql: "integer[]", defaults: []string{"'{1,2}'"}, opclass: "gin"},
		{sql: "integer[][]", defaults: []string{"'{{1,2},{3,4}}'"}},
		{sql: "uuid[]"},
		{sql: "jsonb[]"},
		{sql: "timestamptz[]"},
		{sql: "varchar(10)[]"},
	}
)

// extensions creates extensions whose types people use.
func (d *database) extensions() {
	for _, e := range []struct{ name, sql, opclass string }{{"citext", "citext", ""}, {"hstore", "hstore", "gin"}, {"ltree", "ltree", "gist"}} {
		if d.chance(4) {
			d.add("CREATE EXTENSION %s", e.name)
			d.types = append(d.types, columnType{sql: e.sql, opclass: e.opclass, btree: e.name == "citext"})
		}
	}
	if d.chance(4) {
		d.add(`CREATE EXTENSION "uuid-ossp"`)
		d.types = append(d.types, columnType{sql: "uuid", defaults: []string{"uuid_generate_v4()"}, btree: true})
	}
}

// enum creates an enum; every second one has names that GraphQL does not allow.
func (d *database) enum() {
	labels := []string{"draft", "published", "archived"}
	if d.chance(2) {
		labels = []string{"in progress", "PG-13", "2xl", "true", "it's", "DONE", "done"}
	}
	d.rand.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	name := d.fresh(d.names)
	var quoted []string
	for _, l := range labels {
		quoted = append(quoted, pg.QuoteLiteral(l))
	}
	d.add("CREATE TYPE %s AS ENUM (%s)", name, strings.Join(quoted, ", "))
	d.types = append(d.types,
		columnType{sql: name, defaults: quoted, checks: []string{"$ <> " + quoted[0], "$ IN (" + quoted[1] + ", " + quoted[2] + ")"}, btree: true},
		columnType{sql: name + "[]", defaults: []string{"'{}'", "ARRAY[" + quoted[0] + "]::" + name + "[]"}, opclass: "gin"})
}

func (d *database) domain() {
	name := d.fresh(d.names)
	base := pick(d, builtin[:8])
	sql := "CREATE DOMAIN " + name + " AS " + base.sql
	if len(base.checks) > 0 {
		sql += " CHECK (" + strings.ReplaceAll(pick(d, base.checks), "$", "VALUE") + ")"
	}
	d.add("%s", sql)
	d.types = append(d.types, columnType{sql: name, btree: true})
}

func (d *database) composite() {
	name := d.fresh(d.names)
	d.add(`CREATE TYPE %s AS (street text, "no" integer, tags text[])`, name)
	d.types = append(d.types, columnType{sql: name}, columnType{sql: name + "[]"})
}
