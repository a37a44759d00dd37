package seeds_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
	"github.com/krowoc/krowoc/seeds"
)

// TestDemo loads the demonstration twice and asks what its dashboards would.
func TestDemo(t *testing.T) {
	pool := testkit.NewDatabase(t, testkit.Template(t, "tables", up))
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	load := func() seed.Summary {
		s, err := seed.Load(t.Context(), seed.Options{DB: pool, Schema: types(t), FS: seeds.FS, Sets: []string{"demo"}, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	load()
	now = now.Add(time.Hour)
	again := load()
	if total := again.Total(); total.Inserted+total.Updated != 0 || again.SQL[0].Ran {
		t.Errorf("the second load: %s", again)
	}
	for _, made := range again.Generated {
		if made.Rows != 0 {
			t.Errorf("made again: %+v", made)
		}
	}
	for name, question := range map[string]string{
		"votes are counted": `SELECT bool_and(vote_count = (SELECT count(*) FROM votes WHERE prompt_id = p.id)) FROM prompts p`,
		"usage is that of executions": `SELECT (SELECT concat_ws(' ', sum(executions), sum(tokens_in), sum(tokens_out), sum(cost), sum(failures)) FROM usage_daily) =
			(SELECT concat_ws(' ', count(*), sum(tokens_in), sum(tokens_out), sum(cost), count(*) FILTER (WHERE status = 'FAILED')) FROM executions)`,
		"versions are of the prompt": `SELECT bool_and(v.prompt_id = e.prompt_id) FROM executions e JOIN prompt_versions v ON v.id = version_id`,
		"models are of the provider": `SELECT bool_and(m.provider_id = e.provider_id) FROM executions e JOIN models m ON m.id = model_id`,
		"costs are at the prices":    `SELECT max(abs(cost - (tokens_in * input_price + tokens_out * output_price) / 1e6)) < 0.00001 FROM executions e JOIN models m ON m.id = model_id`,
		"only failures have errors":  `SELECT bool_and((error IS NOT NULL) = (status = 'FAILED')) FROM executions`,
		"a few prompts lead":         `SELECT max(n) > 8 * avg(n) FROM (SELECT count(*) AS n FROM executions GROUP BY prompt_id) p`,
		"more from month to month":   `SELECT count(*) FILTER (WHERE started_at > '2026-10-22') > count(*) FILTER (WHERE started_at < '2026-09-22') * 2 FROM executions`,
		"the presenter is there":     `SELECT email = 'presenter@example.com' AND created_at = '2026-07-24 09:00Z' FROM users WHERE id = 'demo-presenter'`,
		"teams of the CSV have her":  `SELECT count(*) = 1 FROM memberships m JOIN teams t ON t.id = team_id WHERE t.slug = 'showcase' AND user_id = 'demo-presenter'`,
	} {
		if !isTrue(t, pool, question) {
			t.Errorf("%s: %s", name, question)
		}
	}
}

func isTrue(t *testing.T, pool *pgxpool.Pool, question string) (answer bool) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), question).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}
