package seed_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// page returns the blocks of a page of docs/, by what stands after the fence, and the files among them.
func page(t testing.TB, name string) (blocks map[string][]string, fixtures fstest.MapFS) {
	t.Helper()
	text, err := os.ReadFile(repository + "/docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	blocks, fixtures = map[string][]string{}, fstest.MapFS{}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+ ?\\S*)$\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks[m[1]] = append(blocks[m[1]], m[2])
		if name, ok := strings.CutPrefix(m[1], "yaml "); ok {
			fixtures[name] = &fstest.MapFile{Data: []byte(m[2])}
		}
	}
	return blocks, fixtures
}

// printed is what krowoc seed prints.
func printed(s seed.Summary) string {
	var b strings.Builder
	for _, t := range s.Tables {
		fmt.Fprintf(&b, "%s\t%d\t%d\t%d\t%d\n", t.Table, t.Inserted, t.Updated, t.Unchanged, t.Deleted)
	}
	for _, m := range s.Generated {
		fmt.Fprintf(&b, "%s\t%d\t0\t%d\t0\n", m.Table, m.Rows, m.Kept)
	}
	return b.String()
}

// TestMakingRows does what docs/seed-generate.md shows and compares what it says.
func TestMakingRows(t *testing.T) {
	blocks, fixtures := page(t, "seed-generate.md")
	s := parse(t, blocks["graphql"][0])
	pool := built(t, s)
	o := options(t, pool, nil)
	o.Schema, o.Sets = s, []string{"demo"}
	var err error
	if o.FS, err = fixtures.Sub("seeds"); err != nil {
		t.Fatal(err)
	}
	if got := "$ krowoc seed demo\n" + printed(must(t)(seed.Load(t.Context(), o))); got != blocks["console"][1] {
		t.Errorf("krowoc seed demo prints\n%s", got)
	}
}

// TestGuide does what docs/seeds.md shows and compares what it says.
func TestGuide(t *testing.T) {
	blocks, fixtures := page(t, "seeds.md")
	pool := testkit.NewDatabase(t)
	execute(t, pool, `
		CREATE TYPE tier AS ENUM ('FREE', 'TEAM');
		CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, tier tier NOT NULL DEFAULT 'FREE');
		CREATE TABLE prompts (id uuid PRIMARY KEY, title text NOT NULL, owner_id uuid NOT NULL REFERENCES users,
			tags text[] NOT NULL DEFAULT '{}', parameters jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE prompts_users (prompt_id uuid REFERENCES prompts, user_id uuid REFERENCES users, PRIMARY KEY (prompt_id, user_id));
		CREATE TABLE votes (user_id uuid REFERENCES users, prompt_id uuid REFERENCES prompts, PRIMARY KEY (user_id, prompt_id))`)

	o := options(t, pool, nil)
	o.Schema = parse(t, blocks["graphql"][0])
	var err error
	if o.FS, err = fixtures.Sub("seeds"); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for range 2 {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		got.WriteString("$ krowoc seed\n" + printed(summary))
	}
	if got.String() != blocks["console"][0] {
		t.Errorf("krowoc seed prints\n%s", got.String())
	}

	o.FS, err = fixtures.Sub("wrong")
	if err != nil {
		t.Fatal(err)
	}
	_, err = seed.Load(t.Context(), o)
	var list diag.List
	if !errors.As(err, &list) || list.Error()+"\n" != blocks["text"][0] {
		t.Errorf("the mistakes are\n%v", list)
	}
}
