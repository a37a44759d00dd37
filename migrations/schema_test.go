package migrations_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// types is the schema of the platform, which must give no diagnostic of any kind.
func types(t testing.TB) *schema.Schema {
	t.Helper()
	sources, err := sdl.ReadFS(os.DirFS(".."), "schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, mistakes := sdl.Parse(sources...)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return s
}

// TestSchemaMatchesMigrations compares what schema.graphql implies with what the migrations made: neither may
// have a column, key, reference, constraint, index or enum that the other lacks.
func TestSchemaMatchesMigrations(t *testing.T) {
	want, got := implied(types(t)), migrated(t, platform(t))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the database differs from schema.graphql (-schema +database):\n%s", diff)
	}
}

// implied describes the database of a schema, one line for each object.
func implied(s *schema.Schema) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, e := range s.Enums {
		names := make([]string, len(e.Values))
		for i, v := range e.Values {
			names[i] = v.Name
		}
		add("enum %s %s", e.DBName, strings.Join(names, " "))
	}
	for _, t := range s.Tables {
		add("key %s (%s)", t.Table, columns(t.Key...))
		for _, f := range t.Fields {
			impliedByField(f, add)
		}
		for _, u := range t.Uniques {
			add("unique %s on %s (%s)", u.Name, t.Table, columns(u.Fields...))
		}
		for _, c := range t.Checks {
			add("check %s", c.Name)
		}
		for _, x := range t.Indexes {
			keys := make([]string, len(x.Fields))
			for i, f := range x.Fields {
				if keys[i] = columns(f.Field); f.Desc {
					keys[i] += " DESC"
				}
			}
			add("index %s on %s %s (%s) partial %t", x.Name, t.Table, strings.ToLower(string(x.Method)), strings.Join(keys, ", "), x.Where != nil)
		}
	}
	slices.Sort(lines)
	return lines
}

func impliedByField(f *schema.Field, add func(string, ...any)) {
	table := f.Owner.Table
	for i, column := range f.Columns() {
		leaf := f
		for leaf.Relation != nil {
			leaf, i = leaf.Relation.References[i], 0
		}
		kind := postgresType(leaf)
		if f.Type.List {
			kind += "[]"
		}
		d := f.Default
		hasDefault := d != nil && (d.Expr == nil || d.Expr.Source != "auth.uid")
		add("column %s.%s %s not null %t default %t", table, column, kind, f.Type.NonNull, hasDefault)
	}
	if r := f.Relation; r != nil && r.Kind == schema.RefOne {
		onDelete := strings.ReplaceAll(string(r.OnDelete), "_", " ")
		add("reference %s (%s) to %s (%s) on delete %s", table, columns(f), r.Target.Table, columns(r.Target.Key...), onDelete)
	}
	if f.Unique {
		add("unique %s on %s (%s)", f.UniqueName(), table, columns(f))
	}
	c := f.Constraints
	for kind, has := range map[string]bool{
		"length": c.Length != nil, "range": c.Range != nil, "pattern": c.Pattern != "", "format": c.Format != "",
		"elements": f.Type.List && f.Type.ElemNonNull && f.Relation == nil,
	} {
		if has {
			add("check %s", f.ConstraintName(kind))
		}
	}
	for _, check := range f.Checks {
		add("check %s", check.Name)
	}
}

func columns(fields ...*schema.Field) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Columns()...)
	}
	return strings.Join(names, ", ")
}

// postgresType is the type that format_type gives the column of a field.
func postgresType(f *schema.Field) string {
	if f.Type.Enum != nil {
		return f.Type.Enum.DBName
	}
	return map[schema.Scalar]string{
		schema.ID: "uuid", schema.String: "text", schema.Int: "integer", schema.Int64: "bigint", schema.Decimal: "numeric",
		schema.Boolean: "boolean", schema.Date: "date", schema.DateTime: "timestamp with time zone", schema.JSON: "jsonb", schema.Bytes: "bytea",
	}[f.Type.Scalar]
}

// migrated describes the database as implied does.
func migrated(t testing.TB, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		WITH ours AS (
		  SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname NOT LIKE 'goose_%'
		), constraints AS (
		  SELECT ours.relname, c.*,
		    (SELECT string_agg(attname, ', ' ORDER BY n) FROM unnest(conkey) WITH ORDINALITY k(num, n) JOIN pg_attribute ON attrelid = conrelid AND attnum = num) AS keys,
		    (SELECT string_agg(attname, ', ' ORDER BY n) FROM unnest(confkey) WITH ORDINALITY k(num, n) JOIN pg_attribute ON attrelid = confrelid AND attnum = num) AS refs
		  FROM pg_constraint c JOIN ours ON ours.oid = conrelid
		)
		SELECT format('enum %s %s', typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)) FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY typname
		UNION ALL
		SELECT format('column %s.%s %s not null %s default %s', relname, attname, format_type(atttypid, atttypmod), attnotnull::text, atthasdef::text)
		FROM pg_attribute JOIN ours ON ours.oid = attrelid WHERE attnum > 0 AND NOT attisdropped
		UNION ALL
		SELECT CASE contype
		  WHEN 'p' THEN format('key %s (%s)', relname, keys)
		  WHEN 'u' THEN format('unique %s on %s (%s)', conname, relname, keys)
		  WHEN 'c' THEN format('check %s', conname)
		  WHEN 'f' THEN format('reference %s (%s) to %s (%s) on delete %s', relname, keys, confrelid::regclass, refs,
		    CASE confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE confdeltype::text END)
		END FROM constraints WHERE contype <> 'n' -- PostgreSQL 18 has NOT NULL among them
		UNION ALL
		SELECT format('index %s on %s %s (%s) partial %s', i.relname, ours.relname, amname,
		  (SELECT string_agg(pg_get_indexdef(indexrelid, n, false) || CASE WHEN indoption[n - 1] & 1 = 1 THEN ' DESC' ELSE '' END, ', ' ORDER BY n)
		   FROM generate_series(1, indnkeyatts) n),
		  (indpred IS NOT NULL)::text)
		FROM pg_index JOIN ours ON ours.oid = indrelid JOIN pg_class i ON i.oid = indexrelid JOIN pg_am ON pg_am.oid = i.relam
		WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}
