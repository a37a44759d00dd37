package migrations_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/testkit"
)

func TestVersionsNeverChange(t *testing.T) {
	pool := platform(t)
	for _, set := range []string{"body = 'other'", "number = 2", "note = 'why'", "author_id = 'ada'", "author_id = NULL, body = 'other'"} {
		_, err := pool.Exec(t.Context(), "UPDATE prompt_versions SET "+set)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "23000" || refused.Hint == "" {
			t.Errorf("SET %s: got %v, want a refusal with a hint", set, err)
		}
	}
	testkit.Exec(t, pool, "UPDATE prompt_versions SET body = body") // an upsert of the same version

	testkit.Exec(t, pool, "DELETE FROM users WHERE id = 'bob'")
	if got := testkit.Value(t, pool, "SELECT author_id IS NULL AND body = 'Summarise {{text}}' FROM prompt_versions"); got != "true" {
		t.Error("a version did not outlive its author unchanged")
	}
	testkit.Exec(t, pool, "DELETE FROM prompts")
	if got := testkit.Value(t, pool, "SELECT count(*) FROM prompt_versions"); got != "0" {
		t.Errorf("%s versions outlived their prompt", got)
	}
}

// TestVotesAreCounted has many people vote and take their votes back at once, each in a transaction of
// their own.
func TestVotesAreCounted(t *testing.T) {
	pool := platform(t)
	const people = 40
	testkit.Exec(t, pool, `INSERT INTO users (id, email, name) SELECT 'p' || n, 'p' || n || '@example.com', 'P' FROM generate_series(1, $1) n`, people)
	var group errgroup.Group
	for n := range people {
		group.Go(func() error {
			return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), "INSERT INTO votes (user_id, prompt_id) SELECT $1, id FROM prompts", fmt.Sprintf("p%d", n+1)); err != nil {
					return err
				}
				if n%4 > 0 {
					return nil
				}
				_, err := tx.Exec(t.Context(), "DELETE FROM votes WHERE user_id = $1", fmt.Sprintf("p%d", n+1))
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	const count = "SELECT vote_count FROM prompts WHERE title = 'Summary'"
	if got := testkit.Value(t, pool, count); got != "30" {
		t.Errorf("%s votes counted, want 30", got)
	}
	if _, err := pool.Exec(t.Context(), "INSERT INTO votes SELECT 'p2', id FROM prompts"); err == nil {
		t.Error("a second vote by the same person was taken")
	}
	testkit.Exec(t, pool, "DELETE FROM users WHERE id IN ('p2', 'p3')")
	if got := testkit.Value(t, pool, count); got != "28" {
		t.Errorf("%s votes counted after two people left, want 28", got)
	}
	testkit.Exec(t, pool, `INSERT INTO prompts (title, body, category, owner_id) VALUES ('Other', 'x', 'DATA', 'bob');
		UPDATE votes SET prompt_id = (SELECT id FROM prompts WHERE title = 'Other') WHERE user_id = 'p4'`)
	if got := testkit.Value(t, pool, "SELECT string_agg(vote_count::text, ' ' ORDER BY title DESC) FROM prompts"); got != "27 1" {
		t.Errorf("a vote that moved left the counts %s, want 27 1", got)
	}
	testkit.Exec(t, pool, "DELETE FROM users WHERE id = 'ada'") // with the prompt and its votes
	if got := testkit.Value(t, pool, "SELECT count(*) FROM votes"); got != "1" {
		t.Errorf("%s votes left, want 1", got)
	}
}

// TestVotesLeaveUpdatedAt: being voted for does not bring an old prompt to the top of its owner's list.
func TestVotesLeaveUpdatedAt(t *testing.T) {
	pool := platform(t)
	before := testkit.Value(t, pool, "SELECT updated_at FROM prompts")
	testkit.Exec(t, pool, "INSERT INTO votes (user_id, prompt_id) SELECT 'bob', id FROM prompts")
	if after := testkit.Value(t, pool, "SELECT updated_at FROM prompts"); after != before {
		t.Errorf("updated_at went from %s to %s", before, after)
	}
}

func TestUUIDv7(t *testing.T) {
	pool := platform(t)
	var last string
	for range 50 {
		text := testkit.Value(t, pool, "SELECT uuid_generate_v7()")
		id, err := uuid.Parse(text)
		if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is no UUIDv7 (%v)", text, err)
		}
		if text[:13] < last {
			t.Errorf("%s after %s: not in the order of time", text, last)
		}
		last = text[:13]
	}
	seconds, _ := uuid.MustParse(testkit.Value(t, pool, "SELECT uuid_generate_v7()")).Time().UnixTime()
	if got := testkit.Value(t, pool, fmt.Sprintf("SELECT abs(extract(epoch FROM now()) - %d) < 5", seconds)); got != "true" {
		t.Errorf("the time in the id is %d seconds since 1970, and now is another", seconds)
	}
}

// TestHistoryOutlivesPrompts: runs and their cost stay when the prompt goes, and go with their user.
func TestHistoryOutlivesPrompts(t *testing.T) {
	pool := platform(t)
	testkit.Exec(t, pool, `
		INSERT INTO providers VALUES ('openai', 'OpenAI', 'https://platform.openai.com');
		INSERT INTO models VALUES ('gpt-5', 'openai', 'GPT-5', 1.25, 10, 400000, 128000, '2025-08-07');
		INSERT INTO executions (user_id, prompt_id, version_id, model_id, provider_id, cost, status)
		SELECT 'bob', p.id, v.id, 'gpt-5', 'openai', 0.25, 'SUCCEEDED' FROM prompts p JOIN prompt_versions v ON v.prompt_id = p.id;
		DELETE FROM prompts`)
	if got := testkit.Value(t, pool, "SELECT prompt_id IS NULL AND version_id IS NULL AND cost = 0.25 FROM executions"); got != "true" {
		t.Errorf("the run did not survive its prompt: %s", got)
	}
	testkit.Exec(t, pool, "DELETE FROM users WHERE id = 'bob'")
	if got := testkit.Value(t, pool, "SELECT count(*) FROM executions"); got != "0" {
		t.Errorf("%s runs survived their user", got)
	}
}
