package dev

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Rows that break a new rule are reported at the line of the rule, with edits that help.
func TestExplainViolation(t *testing.T) {
	t.Parallel()
	const types = `enum Mood { CALM LOUD }
type Author @table { name: String! }
type Book @table @check(name: "books_order", expr: "this.a < this.b") {
  title: String! @length(max: 3)
  pages: Int!
  mood: Mood!
  tags: [String!]!
  author: Author!
  a: Int!
  b: Int!
  titleSlug: String! @unique
}
type Shelf @table(name: "rooms.Shelf") { label: String! }
`
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "schema.graphql"), []byte(types), 0o600); err != nil {
		t.Fatal(err)
	}
	parsed, mistakes := sdl.ParseFS(os.DirFS(root), "schema.graphql")
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(err)
	}
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `CREATE TABLE authors (id int PRIMARY KEY);
		CREATE TABLE books (title text, title_slug text, a int, b int, author_id int); INSERT INTO books VALUES ('long', 'x', 2, 1, 7), ('short', 'x', 2, 1, NULL);
		CREATE SCHEMA rooms; CREATE TABLE rooms."Shelf" (label text); INSERT INTO rooms."Shelf" VALUES (NULL), ('a');
		ALTER TABLE books ADD pages int`)
	s := &session{Options: Options{Root: root}, pool: db}
	for name, tt := range map[string]struct {
		sql  string
		line int
		says []string
	}{
		"a required field":     {"ALTER TABLE books ALTER pages SET NOT NULL", 5, []string{"pages is required, but 2 rows of books have no value", "`pages: Int! @default(value: 0)`", "`pages: Int`"}},
		"its check":            {"ALTER TABLE books ADD CONSTRAINT books_pages_not_null CHECK (pages IS NOT NULL)", 5, []string{"2 rows"}},
		"a new column":         {"ALTER TABLE books ADD mood text NOT NULL", 6, []string{"2 rows", "@default(value: CALM)"}},
		"a list":               {"ALTER TABLE books ADD tags text[] NOT NULL", 7, []string{"@default(value: [])"}},
		"a reference":          {"ALTER TABLE books ALTER author_id SET NOT NULL", 8, []string{"author is required, but 1 row of books has no value", "`author: Author`"}},
		"a key that is absent": {"ALTER TABLE books ADD CONSTRAINT books_author_id_fkey FOREIGN KEY (author_id) REFERENCES authors", 8, []string{"Key (author_id)=(7)"}},
		"a length":             {"ALTER TABLE books ADD CONSTRAINT books_title_length_check CHECK (length(title) <= 3)", 4, []string{"rows of books break this rule"}},
		"a unique field":       {"CREATE UNIQUE INDEX books_title_slug_key ON books (title_slug)", 11, []string{"is duplicated"}},
		"a check of the type":  {"ALTER TABLE books ADD CONSTRAINT books_order CHECK (a < b)", 3, []string{"books_order"}},
		"another schema":       {`ALTER TABLE rooms."Shelf" ALTER label SET NOT NULL`, 13, []string{"1 row of Shelf", `@default(value: "")`}},
		"no violation":         {"ALTER TABLE books ADD", 0, nil},
		"a table of its own":   {"CREATE TABLE other (x int); INSERT INTO other VALUES (NULL); ALTER TABLE other ALTER x SET NOT NULL", 0, nil},
	} {
		_, cause := db.Exec(t.Context(), tt.sql)
		err := s.explainViolation(t.Context(), parsed, cause)
		var list diag.List
		if tt.line == 0 {
			if !errors.Is(err, cause) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.As(err, &list) || len(list) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := list[0]; d.File != "schema.graphql" || d.Line != tt.line || d.Source != strings.Split(types, "\n")[d.Line-1] {
			t.Errorf("%s: %+v", name, d)
		}
		for _, says := range tt.says {
			if !strings.Contains(list.Error(), says) {
				t.Errorf("%s: no %q in\n%v", name, says, list)
			}
		}
	}
}
