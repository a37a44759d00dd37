package make_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

const cycle = `type Team @table @auth(rules: []) { name: String! lead: User! } type User @table @auth(rules: []) { name: String! team: Team! }`

// asWriter connects as a role that may write rows, but owns no table.
func asWriter(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	role := strings.Map(func(c rune) rune {
		if c == '/' {
			return '_'
		}
		return c
	}, appRole(t))
	testkit.Exec(t, pool, "CREATE ROLE "+role+" LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO "+role+"; GRANT USAGE ON SCHEMA public, krowoc TO "+role)
	return as(t, pool, role)
}

// TestRequiredCycle fills tables that refer to one another, as the owner, or by deferrable foreign keys.
func TestRequiredCycle(t *testing.T) {
	t.Parallel()
	s := parse(t, cycle)
	for name, deferrable := range map[string]bool{"owner": false, "deferrable": true} {
		t.Run(name, func(t *testing.T) {
			pool := built(t, s)
			if deferrable {
				testkit.Exec(t, pool, "ALTER TABLE teams ALTER CONSTRAINT teams_lead_id_fkey DEFERRABLE")
				pool = asWriter(t, pool)
			}
			for _, rows := range []int64{20, 30} {
				must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
			}
			if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || (count(DISTINCT lead_id) > 5) FROM teams"); got != "30 true" {
				t.Error(got)
			}
		})
	}
}

// TestNamesTheCycle that cannot be closed.
func TestNamesTheCycle(t *testing.T) {
	t.Parallel()
	s := parse(t, cycle)
	for name, c := range map[string]struct{ sql, hint string }{
		"not the owner": {"SELECT 1", "Connect as the owner of the tables. Make the foreign key of User.team deferrable: ALTER TABLE \"users\" ALTER CONSTRAINT … DEFERRABLE."},
		"no prediction": {"CREATE UNIQUE INDEX ON teams (lower(name))", "Insert a row into each of these tables first, or make User.team nullable."},
	} {
		t.Run(name, func(t *testing.T) {
			pool := built(t, s)
			testkit.Exec(t, pool, c.sql)
			if name == "not the owner" {
				pool = asWriter(t, pool)
			}
			_, err := seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20}))
			if err == nil || !strings.Contains(err.Error(), "the tables users -> teams -> users refer to one another in a cycle") || fault.HintOf(err) != c.hint {
				t.Errorf("%v; hint %s", err, fault.HintOf(err))
			}
		})
	}
}
