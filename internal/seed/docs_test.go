package seed_test

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestGuide does what docs/seeds.md shows and compares what it says.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(repository + "/docs/seeds.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{} // by what stands after the fence
	fixtures := fstest.MapFS{}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+ ?\\S*)$\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks[m[1]] = m[2]
		if name, ok := strings.CutPrefix(m[1], "yaml "); ok {
			fixtures[name] = &fstest.MapFile{Data: []byte(m[2])}
		}
	}
	pool := testkit.NewDatabase(t)
	execute(t, pool, `
		CREATE TYPE tier AS ENUM ('FREE', 'TEAM');
		CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, tier tier NOT NULL DEFAULT 'FREE');
		CREATE TABLE prompts (id uuid PRIMARY KEY, title text NOT NULL, owner_id uuid NOT NULL REFERENCES users,
			tags text[] NOT NULL DEFAULT '{}', parameters jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE prompts_users (prompt_id uuid REFERENCES prompts, user_id uuid REFERENCES users, PRIMARY KEY (prompt_id, user_id));
		CREATE TABLE votes (user_id uuid REFERENCES users, prompt_id uuid REFERENCES prompts, PRIMARY KEY (user_id, prompt_id))`)

	o := options(t, pool, nil)
	o.Schema = parse(t, blocks["graphql"])
	o.FS, err = fixtures.Sub("seeds")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for range 2 {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		got.WriteString("$ krowoc seed\n")
		for _, table := range summary.Tables {
			got.WriteString(strings.Join([]string{table.Table, strconv.Itoa(table.Inserted), strconv.Itoa(table.Updated), strconv.Itoa(table.Unchanged)}, "\t") + "\n")
		}
	}
	if got.String() != blocks["console"] {
		t.Errorf("krowoc seed prints\n%s", got.String())
	}

	o.FS, err = fixtures.Sub("wrong")
	if err != nil {
		t.Fatal(err)
	}
	_, err = seed.Load(t.Context(), o)
	var list diag.List
	if !errors.As(err, &list) || list.Error()+"\n" != blocks["text"] {
		t.Errorf("the mistakes are\n%v", list)
	}
}
