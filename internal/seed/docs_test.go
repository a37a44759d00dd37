package seed_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/seed"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/testkit"
)

// page returns the blocks of a page of docs/, by what stands after the fence, and the files among them.
func page(t testing.TB, name string) (text string, blocks map[string][]string, fixtures fstest.MapFS) {
	t.Helper()
	body, err := os.ReadFile(repository + "/docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	blocks, fixtures = map[string][]string{}, fstest.MapFS{}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+ ?\\S*)$\n(.*?)^```$").FindAllStringSubmatch(string(body), -1) {
		blocks[m[1]] = append(blocks[m[1]], m[2])
		if _, name, ok := strings.Cut(m[1], " "); ok && strings.Contains(name, "/") {
			fixtures[name] = &fstest.MapFile{Data: []byte(m[2])}
		}
	}
	return string(body), blocks, fixtures
}

// TestMakingRows does what docs/seed-generate.md shows and compares what it says.
func TestMakingRows(t *testing.T) {
	_, blocks, fixtures := page(t, "seed-generate.md")
	s := parse(t, blocks["graphql"][0])
	pool := built(t, s)
	o := options(t, pool, nil)
	o.Schema, o.Sets = s, []string{"demo"}
	var err error
	if o.FS, err = fixtures.Sub("seeds"); err != nil {
		t.Fatal(err)
	}
	if got := console(t, o, "krowoc seed demo"); got != blocks["console"][1] {
		t.Errorf("krowoc seed demo prints\n%s", got)
	}
}

// TestGuide does what docs/seeds.md shows and compares what it says.
func TestGuide(t *testing.T) {
	text, blocks, fixtures := page(t, "seeds.md")
	for _, name := range maker.FakeNames() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("it does not say that %s can be faked", name)
		}
	}
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `
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
	if got := console(t, o, "krowoc seed") + console(t, o, "krowoc seed"); got != blocks["console"][0] {
		t.Errorf("krowoc seed prints\n%s", got)
	}
	o.Sets = []string{"demo"}
	if got := console(t, o, "krowoc seed demo"); got != blocks["console demo"][0] {
		t.Errorf("krowoc seed demo prints\n%s", got)
	}
	for sql, want := range map[string]string{
		"SELECT created_at = '2026-02-26T09:30:00Z' AND title = 'Release notes of Krowoc' FROM prompts WHERE title LIKE 'Rel%'": "true",
		"SELECT votes FROM popular": "1",
	} {
		if got := testkit.Value(t, pool, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}

	o.Sets = []string{"dev"}
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

// console is what a load prints.
func console(t *testing.T, o seed.Options, command string) string {
	t.Helper()
	summary, err := seed.Load(t.Context(), o)
	if err != nil {
		t.Fatal(explain(err))
	}
	lines := []string{"$ " + command}
	for _, table := range summary.Tables {
		lines = append(lines, strings.Join([]string{table.Table, strconv.Itoa(table.Inserted), strconv.Itoa(table.Updated), strconv.Itoa(table.Unchanged), strconv.Itoa(table.Deleted)}, "\t"))
	}
	for _, made := range summary.Generated {
		lines = append(lines, fmt.Sprintf("%s\t%d\t0\t%d\t0", made.Table, made.Rows, made.Kept))
	}
	for _, file := range summary.SQL {
		state := "unchanged"
		if file.Ran {
			state = "ran"
		}
		lines = append(lines, file.File+"\t"+state)
	}
	return strings.Join(lines, "\n") + "\n"
}
