package seeds_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/testkit"
)

// TestMonthlyPartitions runs the recipe of docs/prompt-platform.md, step by step, on the seeded database.
func TestMonthlyPartitions(t *testing.T) {
	pool := platform(t)
	const (
		digest      = "SELECT md5(string_agg(e::text, ';' ORDER BY id)) || count(*) FROM executions e"
		constraints = `SELECT string_agg(concat_ws(' ', conname, pg_get_constraintdef(oid)), E'\n' ORDER BY conname)
			FROM pg_constraint WHERE conrelid = 'executions'::regclass AND contype <> 'n'`
		columns = `SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)), E'\n' ORDER BY attnum)
			FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = 'executions'::regclass AND attnum > 0`
		indexes = `SELECT string_agg(replace(pg_get_indexdef(indexrelid), 'ON ONLY', 'ON'), E'\n' ORDER BY indexrelid::regclass::text)
			FROM pg_index WHERE indrelid = 'executions'::regclass AND indisvalid`
	)
	same := map[string]string{digest: "", constraints: "", columns: "", indexes: ""}
	for sql := range same {
		same[sql] = testkit.Value(t, pool, sql)
	}
	steps := blocks(section(t, "## Monthly partitions"), "sql")
	if len(steps) < 6 {
		t.Fatalf("only %d steps are documented", len(steps))
	}
	for i, step := range steps {
		testkit.Exec(t, pool, step)
		if i < 2 {
			continue // the constraint that step 2 drops is still there
		}
		for sql, want := range same {
			if got := testkit.Value(t, pool, sql); got != want {
				t.Fatalf("after\n%s\n%s is\n%s\nand was\n%s", step, sql, got, want)
			}
		}
	}

	const tables = "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'executions'::regclass"
	if got := testkit.Value(t, pool, tables); !strings.HasPrefix(got, "executions_2026_10 executions_2026_11 executions_2026_12 executions_2027_01 ") {
		t.Errorf("the partitions are %s", got)
	}
	for table, want := range map[string]string{
		"executions_2026_11": "SELECT count(*) FROM executions WHERE started_at >= '2026-11-01T00:00:00Z'",
		"executions_history": "SELECT count(*) FROM executions WHERE started_at < '2026-10-01T00:00:00Z'",
	} {
		if got, want := testkit.Value(t, pool, "SELECT count(*) FROM "+table), testkit.Value(t, pool, want); got != want || got == "0" {
			t.Errorf("%s has %s rows, want %s", table, got, want)
		}
	}
	partitionsWork(t, pool)
}

// partitionsWork sees that the partitioned table takes rows, finds them and keeps its references.
func partitionsWork(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	const add = `INSERT INTO executions (user_id, prompt_id, model_id, provider_id, started_at)
		SELECT owner_id, id, 'gpt-5', 'openai', $1::timestamptz FROM prompts WHERE title LIKE 'Incident summary%'`
	testkit.Exec(t, pool, add, "2026-12-24T18:00:00Z")
	if got := testkit.Value(t, pool, "SELECT tableoid::regclass FROM executions WHERE started_at > '2026-12-01T00:00:00Z'"); got != "executions_2026_12" {
		t.Errorf("a run in December went to %s", got)
	}
	if _, err := pool.Exec(t.Context(), add, "2031-01-01T00:00:00Z"); err == nil {
		t.Error("a run of a month without a partition was taken")
	}
	if _, err := pool.Exec(t.Context(), strings.Replace(add, "owner_id", "'nobody'", 1), "2026-12-24T18:00:00Z"); err == nil {
		t.Error("a run by nobody was taken")
	}

	const small = "SET enable_seqscan = off; SET enable_bitmapscan = off" // since the partitions of the fixtures are
	for _, query := range strings.Split(section(t, "## Which index serves which query"), "\n### ")[1:] {
		sql := blocks(query, "sql")[0]
		if !strings.Contains(sql, "FROM executions") || !strings.Contains(sql, "-- no sort") {
			continue
		}
		if plan := genericPlan(t, pool, sql, small); strings.Contains(plan, "Sort") || !strings.Contains(plan, "Index Scan") {
			t.Errorf("across the partitions, Postgres sorts for\n%s\n%s", sql, plan)
		}
	}
	rows, err := pool.Query(t.Context(), "EXPLAIN SELECT sum(cost) FROM executions WHERE started_at >= '2026-11-01T00:00:00Z' AND started_at < '2026-12-01T00:00:00Z'")
	if plan := lines(t, rows, err); !strings.Contains(plan, "executions_2026_11") || strings.Count(plan, " on executions") != 1 {
		t.Errorf("one month is not read from one partition:\n%s", plan)
	}

	testkit.Exec(t, pool, "DELETE FROM prompts WHERE title LIKE 'Incident summary%'")
	if got := testkit.Value(t, pool, "SELECT count(*) FROM executions WHERE prompt_id IS NULL AND started_at > '2026-12-01T00:00:00Z'"); got != "1" {
		t.Errorf("%s runs survived their prompt, want 1", got)
	}
	testkit.Exec(t, pool, "DROP TABLE executions_2026_10")
}
