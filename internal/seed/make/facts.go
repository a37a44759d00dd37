package make

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/hint"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// facts are the constraints of a table in the database. Those of a database that was not made from the schema may go beyond the schema.
type facts struct {
	keys     []foreignKey
	checks   []condition
	domains  map[string][]string // conditions of the domains of columns, with VALUE
	elements map[string][]string // the same for the elements of arrays
	uniques  []uniqueIndex
}

// foreignKey is a foreign key to another table.
type foreignKey struct {
	columns    []string
	target     string // "" for a table outside of the search path
	references []string
}

// condition is a check in SQL.
type condition struct {
	name, sql string
	columns   []string
	message   string // overrides the message with the name
}

func (c *condition) String() string {
	if c.message != "" {
		return c.message
	}
	return "the check " + c.name + " is violated"
}

// uniqueIndex is a unique index, or the index of an exclusion constraint.
type uniqueIndex struct {
	name       string
	columns    []string // "" for an expression
	keys       []string // SQL of the columns and expressions
	predicate  string
	nullsEqual bool
	operators  []string // of an exclusion constraint, one for each key
}

const constraintsQuery = `
SELECT n.name, k.contype::text, k.conname::text, coalesce(pg_get_expr(k.conbin, k.conrelid), ''),
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (num, at) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.at),
       CASE WHEN k.contype = 'f' AND pg_table_is_visible(k.confrelid) THEN (SELECT relname::text FROM pg_class WHERE oid = k.confrelid) ELSE '' END,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (num, at) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.at)
FROM unnest($1::text[]) AS n (name)
JOIN pg_constraint k ON k.conrelid = to_regclass(quote_ident(n.name)) AND k.contype IN ('c', 'f')
WHERE NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
ORDER BY n.name, k.conname`

// uniquesQuery reads indnullsnotdistinct in a way that also works before Postgres 15.
const uniquesQuery = `
SELECT n.name, c.relname::text,
       ARRAY(SELECT coalesce(a.attname::text, '') FROM generate_series(0, i.indnkeyatts - 1) g LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[g] AND a.attnum <> 0 ORDER BY g),
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, g, false) FROM generate_series(1, i.indnkeyatts) g ORDER BY g),
       coalesce(pg_get_expr(i.indpred, i.indrelid), ''), coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
       ARRAY(SELECT format('OPERATOR(%I.%s)', s.nspname, o.oprname) FROM pg_constraint k, unnest(k.conexclop) WITH ORDINALITY u (op, at)
             JOIN pg_operator o ON o.oid = u.op JOIN pg_namespace s ON s.oid = o.oprnamespace WHERE k.conindid = i.indexrelid AND k.contype = 'x' ORDER BY u.at)
FROM unnest($1::text[]) AS n (name)
JOIN pg_index i ON i.indrelid = to_regclass(quote_ident(n.name)) AND (i.indisunique OR i.indisexclusion) AND i.indisready
JOIN pg_class c ON c.oid = i.indexrelid
ORDER BY n.name, c.relname`

// domainsQuery reads the conditions of domains, which may be based on other domains, and of the elements of arrays.
const domainsQuery = `
WITH RECURSIVE d AS (
  SELECT n.name, a.attname, a.atttypid AS type, false AS element
  FROM unnest($1::text[]) AS n (name) JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(n.name)) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT d.name, d.attname, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END, d.element OR t.typtype <> 'd'
  FROM d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd' OR t.typreceive = 'array_recv'::regproc AND t.typelem <> 0
)
SELECT d.name, d.attname::text, d.element, pg_get_expr(k.conbin, 0)
FROM d JOIN pg_constraint k ON k.contypid = d.type AND k.contype = 'c' ORDER BY d.name, d.attname, k.conname`

// partitionsQuery reads which rows the partitions of tables without a default partition accept. By hash, they accept all.
const partitionsQuery = `
SELECT n.name, string_agg('(' || pg_get_partition_constraintdef(l.relid) || ')', ' OR ' ORDER BY l.relid::regclass::text)
FROM unnest($1::text[]) AS n (name)
JOIN pg_partitioned_table p ON p.partrelid = to_regclass(quote_ident(n.name)) AND p.partdefid = 0 AND p.partstrat <> 'h'
CROSS JOIN LATERAL pg_partition_tree(p.partrelid) l
WHERE l.isleaf AND l.relid <> p.partrelid
GROUP BY n.name`

// ReadConstraints reads the constraints of the database, so that generated rows satisfy them. The parser reads their conditions.
func (r *Reader) ReadConstraints(ctx context.Context, db querier, parser *sqltext.Parser, types []*schema.Type) error {
	r.facts, r.parser = map[string]*facts{}, parser
	var names []string
	for _, t := range types {
		r.facts[t.Table] = &facts{domains: map[string][]string{}, elements: map[string][]string{}}
		names = append(names, t.Table)
	}
	for _, read := range []func(context.Context, querier, []string) error{r.readConstraints, r.readUniques, r.readDomains, r.readPartitions} {
		if err := read(ctx, db, names); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) readConstraints(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, constraintsQuery, names) // ForEachRow returns the error
	var table, kind, name, sql, target string
	var columns, references []string
	_, err := pgx.ForEachRow(rows, []any{&table, &kind, &name, &sql, &columns, &target, &references}, func() error {
		f := r.facts[table]
		if kind == "f" {
			f.keys = append(f.keys, foreignKey{slices.Clone(columns), target, slices.Clone(references)})
			return nil
		}
		f.checks = append(f.checks, condition{name: name, sql: sql, columns: slices.Clone(columns)})
		return nil
	})
	return err
}

func (r *Reader) readUniques(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, uniquesQuery, names) // ForEachRow returns the error
	var table string
	var u uniqueIndex
	_, err := pgx.ForEachRow(rows, []any{&table, &u.name, &u.columns, &u.keys, &u.predicate, &u.nullsEqual, &u.operators}, func() error {
		one := u
		one.columns, one.keys, one.operators = slices.Clone(u.columns), slices.Clone(u.keys), slices.Clone(u.operators)
		r.facts[table].uniques = append(r.facts[table].uniques, one)
		return nil
	})
	return err
}

func (r *Reader) readDomains(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, domainsQuery, names) // ForEachRow returns the error
	var table, column, sql string
	var element bool
	_, err := pgx.ForEachRow(rows, []any{&table, &column, &element, &sql}, func() error {
		of := r.facts[table].domains
		if element {
			of = r.facts[table].elements
		}
		of[column] = append(of[column], sql)
		return nil
	})
	return err
}

func (r *Reader) readPartitions(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, partitionsQuery, names) // ForEachRow returns the error
	var table, sql string
	_, err := pgx.ForEachRow(rows, []any{&table, &sql}, func() error {
		f := r.facts[table]
		f.checks = append(f.checks, condition{sql: sql, message: "no partition accepts it"})
		return nil
	})
	return err
}

// learn gives the columns of a table the hints of the constraints in the database.
func (r *Reader) learn(t *blueprint) {
	f := r.facts[t.typ.Table]
	if f == nil {
		return
	}
	t.facts = f
	if conditions := t.conditions(); len(conditions) > 0 {
		for column, h := range hint.Read(r.parser, conditions) {
			if at, ok := t.index[column]; ok {
				t.slots[at].hint = h
			}
		}
	}
	for column, list := range f.domains {
		if at, ok := t.index[column]; ok {
			t.slots[at].hint = t.slots[at].hintOf(r.valueHint(list))
		}
	}
	for column, list := range f.elements {
		if at, ok := t.index[column]; ok {
			t.slots[at].elemHint = r.valueHint(list)
		}
	}
}

// conditions returns the checks that give hints, and records those that only Postgres can evaluate. The usual generators already follow the
// constraints of fields.
func (t *blueprint) conditions() (list []string) {
	own := map[string]bool{}
	for _, f := range t.typ.Fields {
		for _, kind := range []string{"length", "range", "pattern", "format", "elements"} {
			own[f.ConstraintName(kind)] = true
		}
	}
	for _, c := range t.facts.checks {
		if own[c.name] {
			continue
		}
		list = append(list, c.sql)
		if !slices.ContainsFunc(t.checks, func(of check) bool { return of.name == c.name }) {
			t.unknown.checks = append(t.unknown.checks, c)
		}
	}
	return list
}

// hintFor returns the hint of a field, or nil.
func (t *blueprint) hintFor(f *schema.Field) *hint.Hint {
	if at, ok := t.index[f.Column]; ok {
		return t.slots[at].hint
	}
	return nil
}

// hasDomain reports whether the type of a column is a domain with conditions. Its values are drawn from those that satisfy them.
func (t *blueprint) hasDomain(c *slot) bool {
	return t.facts != nil && len(t.facts.domains[c.name]) > 0
}

// hintOf returns the hint of a column combined with another one.
func (c *slot) hintOf(h *hint.Hint) *hint.Hint {
	switch {
	case h == nil:
		return c.hint
	case c.hint == nil:
		return h
	}
	return h.With(c.hint)
}

// valueHint returns the hint of the conditions of a domain. Postgres writes the value as VALUE, which is parsed as a column.
func (r *Reader) valueHint(conditions []string) *hint.Hint {
	for column, h := range hint.Read(r.parser, conditions) {
		if strings.EqualFold(column, "value") {
			return h
		}
	}
	return nil
}
