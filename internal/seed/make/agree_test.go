package make_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestReferencesAgree generates references that meet in one table: both ways lead to the same row.
func TestReferencesAgree(t *testing.T) {
	t.Parallel()
	s := parse(t, `type User @table @auth(rules: []) { name: String! }
		type Provider @table @auth(rules: []) { name: String! }
		type Model @table @auth(rules: []) { provider: Provider! name: String! }
		type Prompt @table @auth(rules: []) { title: String! owner: User! }
		type Version @table @unique(fields: ["prompt", "number"]) @auth(rules: []) { prompt: Prompt! number: Int! }
		type Execution @table @auth(rules: []) { prompt: Prompt version: Version model: Model! provider: Provider! }
		type Comment @table @auth(rules: []) { prompt: Prompt! author: User! }
		type Review @table @auth(rules: []) { prompt: Prompt! version: Version }
		type Ballot @table @unique(fields: ["prompt", "user"]) @auth(rules: []) { prompt: Prompt! version: Version! user: User! }`)
	pool := built(t, s)
	for _, rows := range []int64{200, 500} { // a second run adds rows
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
	}
	for query, want := range map[string]string{
		"SELECT count(*) FROM executions e JOIN versions v ON v.id = e.version_id WHERE e.prompt_id IS DISTINCT FROM v.prompt_id": "0",
		"SELECT count(*) FROM executions e JOIN models m ON m.id = e.model_id WHERE e.provider_id <> m.provider_id":               "0",
		"SELECT count(*) > 100 FROM executions WHERE prompt_id IS NOT NULL":                                                       "true",
		"SELECT count(DISTINCT provider_id) > 50 FROM executions":                                                                 "true",
		"SELECT count(*) > 50 FROM comments c JOIN prompts p ON p.id = c.prompt_id WHERE c.author_id <> p.owner_id":               "true",
		"SELECT count(*) FROM reviews WHERE prompt_id IS NULL":                                                                    "0",
		"SELECT count(*) FROM ballots": "500",
	} {
		if got := testkit.Value(t, pool, "SELECT ("+query+")::text"); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
