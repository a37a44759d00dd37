package seeds_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestLoad loads everything twice: the first time writes every row, the second none.
func TestLoad(t *testing.T) {
	rows := map[string]int{
		"providers": 3, "models": 14, "users": 12, "teams": 3, "memberships": 13, "prompts": 60, "prompt_versions": 124,
		"votes": 224, "executions": 2000, "usage_daily": 1255, "provider_keys": 30,
	}
	pool := testkit.NewDatabase(t)
	if err := up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	for _, count := range []func(seed.TableSummary) (done, others int){
		func(s seed.TableSummary) (int, int) { return s.Inserted, s.Updated + s.Unchanged },
		func(s seed.TableSummary) (int, int) { return s.Unchanged, s.Inserted + s.Updated },
	} {
		summary, err := load(t.Context(), pool, types(t))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, table := range summary.Tables {
			done, others := count(table)
			if got[table.Table] = done; others > 0 {
				t.Errorf("%+v", table)
			}
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Errorf("rows by table (-want +got):\n%s", diff)
		}
	}
}

// TestFixturesAgree looks for rows that contradict others. Each query counts the rows for which its title is
// not true.
func TestFixturesAgree(t *testing.T) {
	pool := platform(t)
	for title, sql := range map[string]string{
		"a prompt says what its latest version says": `
			SELECT count(*) FROM prompts p WHERE (p.title, p.body, p.parameters) IS DISTINCT FROM
			  (SELECT (v.title, v.body, v.parameters) FROM prompt_versions v WHERE v.prompt_id = p.id ORDER BY number DESC LIMIT 1)`,
		"versions are numbered from 1 without a gap, in the order of time": `
			SELECT count(*) FROM (
			  SELECT number, row_number() OVER (PARTITION BY prompt_id ORDER BY created_at) AS nth FROM prompt_versions
			) v WHERE number <> nth`,
		"no two versions of a prompt have the same body": `
			SELECT count(*) FROM prompt_versions a JOIN prompt_versions b ON a.prompt_id = b.prompt_id AND a.number < b.number
			WHERE a.body = b.body`,
		"a prompt's updatedAt is not before its versions": `
			SELECT count(*) FROM prompts p JOIN prompt_versions v ON v.prompt_id = p.id
			WHERE p.updated_at < v.created_at OR p.created_at > v.created_at`,
		"a TEAM prompt has a team": `
			SELECT count(*) FROM prompts WHERE visibility = 'TEAM' AND team_id IS NULL`,
		"a prompt's team has its owner for a member": `
			SELECT count(*) FROM prompts p WHERE team_id IS NOT NULL
			AND NOT EXISTS (SELECT FROM memberships m WHERE m.team_id = p.team_id AND m.user_id = p.owner_id)`,
		"a run is of a version of its prompt that was there already": `
			SELECT count(*) FROM executions e JOIN prompt_versions v ON v.id = e.version_id
			WHERE v.prompt_id <> e.prompt_id OR v.created_at > e.started_at`,
		"a run has the variables of its version's body": `
			SELECT count(*) FROM executions e JOIN prompt_versions v ON v.id = e.version_id
			WHERE ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(v.body, '{{(\w+)}}', 'g') m ORDER BY 1)
			   <> ARRAY(SELECT k FROM jsonb_object_keys(e.variables) k ORDER BY 1)`,
		"a run is by somebody who may read the prompt": `
			SELECT count(*) FROM executions e JOIN prompts p ON p.id = e.prompt_id
			WHERE p.owner_id <> e.user_id AND NOT (p.visibility = 'PUBLIC' AND p.status = 'PUBLISHED') AND NOT (
			  p.visibility = 'TEAM' AND EXISTS (SELECT FROM memberships m WHERE m.team_id = p.team_id AND m.user_id = e.user_id))`,
		"a run is of a model of its provider, with a key for it": `
			SELECT count(*) FROM executions e JOIN models m ON m.id = e.model_id
			WHERE m.provider_id <> e.provider_id
			OR NOT EXISTS (SELECT FROM provider_keys k WHERE k.user_id = e.user_id AND k.provider_id = e.provider_id)`,
		"a run costs what its tokens cost": `
			SELECT count(*) FROM executions e JOIN models m ON m.id = e.model_id
			WHERE e.cost <> (e.tokens_in * m.input_price + e.tokens_out * m.output_price) / 1000000`,
		"a run that succeeded has an output and tokens, one that failed has no output": `
			SELECT count(*) FROM executions
			WHERE status = 'SUCCEEDED' AND (output IS NULL OR tokens_in = 0 OR tokens_out = 0 OR latency_ms IS NULL OR error IS NOT NULL)
			OR status = 'FAILED' AND output IS NOT NULL`,
		"an execution's id is a UUIDv7 of the second in which it started": `
			SELECT count(*) FROM executions WHERE substr(id::text, 15, 1) <> '7'
			OR ('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000 <> extract(epoch FROM started_at)::bigint`,
		"the runs are of 90 days": `
			SELECT count(*) FROM executions WHERE started_at NOT BETWEEN '2026-08-23T00:00:00Z' AND '2026-11-20T23:59:59Z'`,
		"a prompt counts its votes": `
			SELECT count(*) FROM prompts p WHERE vote_count <> (SELECT count(*) FROM votes v WHERE v.prompt_id = p.id)`,
		"nobody votes for an own prompt, or for a private one": `
			SELECT count(*) FROM votes v JOIN prompts p ON p.id = v.prompt_id
			WHERE v.user_id = p.owner_id OR p.visibility = 'PRIVATE' OR v.created_at < p.created_at`,
		"everybody is invented": `
			SELECT count(*) FROM users WHERE email NOT LIKE '%@example.com'`,
	} {
		var wrong int
		if err := pool.QueryRow(t.Context(), sql).Scan(&wrong); err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		if wrong > 0 {
			t.Errorf("%s: not so for %d rows", title, wrong)
		}
	}
}

// TestFixturesVary sees that a developer meets every state that a prompt or a run can be in.
func TestFixturesVary(t *testing.T) {
	pool := platform(t)
	for sql, least := range map[string]int{
		"SELECT count(DISTINCT (visibility, status)) FROM prompts":                                       7,
		"SELECT count(DISTINCT category) FROM prompts":                                                   10,
		"SELECT count(DISTINCT status) FROM executions":                                                  3,
		"SELECT count(DISTINCT error) FROM executions":                                                   10,
		"SELECT count(DISTINCT model_id) FROM executions":                                                10,
		"SELECT count(DISTINCT output) FROM executions":                                                  500,
		"SELECT count(DISTINCT prompt_id) FROM executions":                                               60,
		"SELECT count(DISTINCT (tier, role)) FROM users":                                                 4,
		"SELECT count(DISTINCT role) FROM memberships":                                                   3,
		"SELECT count(*) FROM (SELECT FROM prompt_versions GROUP BY prompt_id HAVING count(*) > 1) many": 15,
		"SELECT count(*) FROM executions WHERE status = 'FAILED'":                                        40,
	} {
		var got int
		if err := pool.QueryRow(t.Context(), sql).Scan(&got); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if got < least {
			t.Errorf("%s: %d, want at least %d", sql, got, least)
		}
	}
}
