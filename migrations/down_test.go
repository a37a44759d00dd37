package migrations_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/testkit"
)

// TestDownRestores applies each migration, takes it back and applies it again: after the down the catalog is
// exactly what it was before the up.
func TestDownRestores(t *testing.T) {
	files, err := filepath.Glob("[0-9]*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	pool := testkit.NewDatabase(t)
	m, err := migrator(pool)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		version := int64(i + 1)
		before := snapshot(t, pool)
		if _, err := m.UpTo(t.Context(), version); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		applied := snapshot(t, pool)
		if cmp.Equal(before, applied) {
			t.Errorf("%s changes nothing that the snapshot sees", file)
		}
		if _, err := m.DownTo(t.Context(), version-1); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := cmp.Diff(before, snapshot(t, pool)); diff != "" {
			t.Errorf("%s: its down does not restore what was before (-before +after):\n%s", file, diff)
		}
		if _, err := m.UpTo(t.Context(), version); err != nil {
			t.Fatalf("%s, a second time: %v", file, err)
		}
		if diff := cmp.Diff(applied, snapshot(t, pool)); diff != "" {
			t.Errorf("%s: its second up differs from the first (-first +second):\n%s", file, diff)
		}
	}
}

// snapshot describes everything in the Postgres schema public, one line for each object, except goose's own table. The schema krowoc
// stays when migrations are rolled back.
func snapshot(t testing.TB, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose_%')
		SELECT concat_ws(' ', 'relation', relname, relkind, relpersistence, reloptions, relacl, relrowsecurity, obj_description(oid, 'pg_class')) FROM ours
		UNION ALL
		SELECT concat_ws(' ', 'column', relname, row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname, format_type(atttypid, atttypmod),
		  'notnull', attnotnull, 'default', pg_get_expr(adbin, adrelid), attidentity, attgenerated, attcollation, attstorage, attacl, col_description(attrelid, attnum))
		FROM pg_attribute JOIN ours ON ours.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE attnum > 0 AND NOT attisdropped
		UNION ALL
		SELECT concat_ws(' ', 'constraint', relname, conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
		FROM pg_constraint JOIN ours ON ours.oid = conrelid
		UNION ALL
		SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid, indisprimary, indisclustered)
		FROM pg_index JOIN ours ON ours.oid = indrelid
		UNION ALL
		SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(pg_trigger.oid), tgenabled)
		FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
		UNION ALL
		SELECT concat_ws(' ', 'function', pg_get_functiondef(oid), proacl) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL
		SELECT concat_ws(' ', 'type', typname, typtype, array_agg(enumlabel ORDER BY enumsortorder))
		FROM pg_type LEFT JOIN pg_enum ON enumtypid = pg_type.oid
		WHERE typnamespace = 'public'::regnamespace AND typname !~ '^_?goose_' GROUP BY typname, typtype
		UNION ALL
		SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension
		UNION ALL
		SELECT concat_ws(' ', 'schema', nspname, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' AND nspname <> 'krowoc'
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
