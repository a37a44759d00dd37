package seeds_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/testkit"
)

// section returns the part of docs/prompt-platform.md below a heading.
func section(t testing.TB, heading string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/prompt-platform.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/prompt-platform.md has no heading %q", heading)
	}
	level := heading[:strings.IndexByte(heading, ' ')+1]
	text, _, _ := strings.Cut(rest, "\n"+level)
	return text
}

// blocks returns the code blocks of a language.
func blocks(text, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// crowded is the platform with enough rows that Postgres prefers an index by itself.
func crowded(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := platform(t)
	testkit.Exec(t, pool, `
		INSERT INTO users (id, email, name) SELECT 'u' || n, 'u' || n || '@example.com', 'U' FROM generate_series(1, 200) n;
		INSERT INTO teams (slug, name, owner_id) SELECT 't-' || n, 'T', 'u' || 1 + n % 200 FROM generate_series(1, 500) n;
		INSERT INTO memberships (team_id, user_id)
		SELECT id, 'u' || 1 + (substr(slug, 3)::int + 7 * n) % 200 FROM teams, generate_series(1, 20) n WHERE slug LIKE 't-%';
		INSERT INTO prompts (title, body, category, owner_id, visibility, status, tags, team_id, vote_count, updated_at)
		SELECT 'Prompt ' || n, 'Body', 'DATA', 'u' || 1 + n % 200,
		  (ARRAY['PRIVATE', 'PRIVATE', 'PUBLIC'])[1 + n % 3]::prompt_visibility, (ARRAY['DRAFT', 'PUBLISHED'])[1 + n / 3 % 2]::prompt_status,
		  ARRAY['tag' || n % 500, 'tag' || n % 499], (SELECT id FROM teams WHERE slug = 't-' || n % 50 AND n % 3 = 0), n % 97,
		  timestamptz '2026-11-01' - n * interval '1 minute'
		FROM generate_series(1, 12000) n;
		INSERT INTO prompt_versions (prompt_id, number, title, body)
		SELECT id, number, title, body FROM prompts, generate_series(1, 2) number WHERE title LIKE 'Prompt %';
		INSERT INTO executions (user_id, prompt_id, version_id, model_id, provider_id, status, started_at)
		SELECT owner_id, v.prompt_id, v.id, 'gpt-5', 'openai', 'SUCCEEDED', updated_at - number * interval '1 hour'
		FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id WHERE p.title LIKE 'Prompt %';
		INSERT INTO usage_daily (user_id, day, provider_id, executions, tokens_in, tokens_out, cost)
		SELECT id, date '2025-01-01' + n, 'google', 1, 1, 1, 1 FROM users, generate_series(1, 200) n;
		INSERT INTO usage_daily (user_id, day, provider_id, executions, tokens_in, tokens_out, cost)
		SELECT 'u1', date '2024-01-01' + n, 'google', 1, 1, 1, 1 FROM generate_series(1, 300) n;
		ANALYZE`)
	return pool
}

// TestDocumentedQueries sees that each query of the page uses the index that the page names.
func TestDocumentedQueries(t *testing.T) {
	pool := crowded(t)
	api := derived(t)
	name := regexp.MustCompile("(?m)^Index: `(\\w+)`")
	queries := strings.Split(section(t, "## Which index serves which query"), "\n### ")[1:]
	if len(queries) < 10 {
		t.Fatalf("only %d queries are documented", len(queries))
	}
	for _, text := range queries {
		title, _, _ := strings.Cut(text, "\n")
		t.Run(title, func(t *testing.T) {
			index := name.FindStringSubmatch(text)
			if index == nil || len(blocks(text, "sql")) != 1 {
				t.Fatal("the page gives no index, or not one SQL query")
			}
			for _, sql := range blocks(text, "sql") {
				plan := genericPlan(t, pool, sql)
				served(t, plan, index[1], sql)
				if strings.Contains(sql, "-- no sort") && strings.Contains(plan, "Sort") {
					t.Errorf("Postgres sorts:\n%s", plan)
				}
			}
			for _, query := range blocks(text, "graphql") {
				plan := planOf(t, pool, api, query)
				served(t, plan, index[1], query)
			}
		})
	}
}

// served reports a plan that does not use the index, or that reads the index's table from end to end.
func served(t *testing.T, plan, index, query string) {
	t.Helper()
	table := regexp.MustCompile(`^(prompt_versions|usage_daily|[a-z]+)_`).FindStringSubmatch(index)[1]
	if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on "+table) {
		t.Errorf("Postgres does not use %s for\n%s\nbut\n%s", index, query, plan)
	}
}

// genericPlan explains a query with a plan that holds for any parameters, after some settings.
func genericPlan(t testing.TB, pool *pgxpool.Pool, sql string, settings ...string) string {
	t.Helper()
	parameters := len(regexp.MustCompile(`\$\d`).FindAllString(sql, -1))
	values := strings.TrimSuffix(strings.Repeat("NULL, ", parameters), ", ")
	if values != "" {
		values = "(" + values + ")"
	}
	pooled, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := pooled.Hijack() // the settings and the prepared statement end with it
	defer func() { _ = conn.Close(t.Context()) }()
	for _, statement := range append(settings, "SET plan_cache_mode = force_generic_plan", "PREPARE documented AS "+sql) {
		if _, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE documented"+values, pgx.QueryExecModeSimpleProtocol)
	return lines(t, rows, err)
}

// planOf explains the statement that the API makes of a query, for a caller with many prompts.
func planOf(t testing.TB, pool *pgxpool.Pool, api *graph.API, query string) string {
	t.Helper()
	variables := map[string]any{"me": "u1", "from": "2024-02-01", "to": "2024-02-28", "tags": []any{"tag7", "tag8"}}
	for name, sql := range map[string]string{
		"team":   "SELECT id FROM teams WHERE slug = 't-1'",
		"prompt": "SELECT id FROM prompts WHERE owner_id = 'u1' LIMIT 1",
	} {
		variables[name] = testkit.Value(t, pool, sql)
	}
	sql, args := statement(t, api, caller.Caller{UID: "u1"}, query, variables)
	rows, err := pool.Query(t.Context(), "EXPLAIN "+sql, args...)
	return lines(t, rows, err)
}

// TestSumUpDays computes the usage of the seeded days anew: nothing may differ from the fixtures.
func TestSumUpDays(t *testing.T) {
	pool := platform(t)
	const digest = `SELECT md5(string_agg(concat_ws(' ', user_id, day, provider_id, executions, failures, tokens_in, tokens_out, trim_scale(cost)),
		';' ORDER BY user_id, day, provider_id)) FROM usage_daily`
	before := testkit.Value(t, pool, digest)
	sumUp := blocks(section(t, "## Summing up a day"), "sql")[0]
	for _, title := range []string{"with the sums there", "without them"} {
		testkit.Exec(t, pool, sumUp, time.Date(2026, 8, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		if after := testkit.Value(t, pool, digest); after != before {
			t.Errorf("%s: the executions do not add up to usage_daily", title)
		}
		testkit.Exec(t, pool, "DELETE FROM usage_daily")
	}
}

// lines joins rows of one text each.
func lines(t testing.TB, rows pgx.Rows, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintln(strings.Join(all, "\n"))
}
