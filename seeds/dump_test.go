package seeds_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/dump"
	"github.com/krowoc/krowoc/internal/testkit"
)

// dumpOf dumps a database, and loads the dump into a new one. Prompt.voteCount is left out: a trigger keeps it.
func dumpOf(t *testing.T, pool *pgxpool.Pool, s *schema.Schema, set func(*dump.Options)) (dir string, loaded *pgxpool.Pool) {
	t.Helper()
	o := dump.Options{DB: pool, Schema: s, MaskKey: []byte("a key for the tests alone"), Omit: []string{"Prompt.voteCount"},
		Out: filepath.Join(t.TempDir(), "dumped"), Name: "seeds/dumped"}
	set(&o)
	summary, err := dump.Dump(t.Context(), o)
	if err != nil {
		t.Fatal(mistakes(err))
	}
	loaded = testkit.NewDatabase(t)
	if err := up(t.Context(), loaded); err != nil {
		t.Fatal(err)
	}
	got, err := seed.Load(t.Context(), seed.Options{DB: loaded, Schema: s, FS: os.DirFS(filepath.Dir(o.Out)), Sets: []string{"dumped"}, Now: time.Now})
	if err != nil {
		t.Fatal(mistakes(err))
	}
	if got.Total().Inserted != summary.Rows() {
		t.Errorf("dumped %d rows, and loaded %s", summary.Rows(), got)
	}
	return o.Out, loaded
}

func mistakes(err error) string {
	var list diag.List
	if errors.As(err, &list) {
		return err.Error() + "\n" + list.Error()
	}
	return err.Error()
}

// withoutBraces takes the variables out of the texts: a fixture may take what is in double braces for a template.
func withoutBraces(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `BEGIN; SET LOCAL session_replication_role = replica;
		UPDATE prompts SET body = replace(body, '{{', '(('); UPDATE prompt_versions SET body = replace(body, '{{', '(('); COMMIT`)
	if err != nil {
		t.Fatal(err)
	}
}

func rowsOf(t *testing.T, pool *pgxpool.Pool, s *schema.Schema) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, typ := range s.Tables {
		var text string
		sql := fmt.Sprintf("SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '') FROM %s AS t", typ.Table)
		if err := pool.QueryRow(t.Context(), sql).Scan(&text); err != nil {
			t.Fatal(err)
		}
		rows[typ.Table] = text
	}
	return rows
}

// TestDumpOfEverything dumps the whole platform with nothing marked as personal, and compares every row that loads of it.
func TestDumpOfEverything(t *testing.T) {
	text, err := os.ReadFile("../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: regexp.MustCompile(`@pii(\(kind: \w+\))?`).ReplaceAllString(string(text), "")})
	if s == nil {
		t.Fatal(list)
	}
	pool := platform(t)
	withoutBraces(t, pool)
	_, loaded := dumpOf(t, pool, s, func(*dump.Options) {})
	if diff := cmp.Diff(rowsOf(t, pool, s), rowsOf(t, loaded, s)); diff != "" {
		t.Errorf("rows (-platform +loaded):\n%s", diff)
	}
}

// TestDumpOfAPart dumps a few prompts with all that belongs to them: nobody's name or address leaves with them.
func TestDumpOfAPart(t *testing.T) {
	pool := platform(t)
	withoutBraces(t, pool)
	dir, loaded := dumpOf(t, pool, types(t), func(o *dump.Options) {
		o.Strict = true // everything that looks like personal data is marked
		o.Roots, o.Limit, o.Children, o.Depth = []string{"prompts where visibility = 'PUBLIC'", "User where tier = 'TEAM'"}, 3, 5, 2
	})
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) != 11 {
		t.Errorf("files: %v, %v", files, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	var people []string
	if err := pool.QueryRow(t.Context(), "SELECT array_agg(id) || array_agg(email) || array_agg(name) || (SELECT array_agg(encode(ciphertext, 'base64')) FROM provider_keys) FROM users").Scan(&people); err != nil {
		t.Fatal(err)
	}
	for _, text := range people {
		if strings.Contains(all.String(), text) {
			t.Errorf("%q leaves in clear", text)
		}
	}
	var wrong int
	if err := loaded.QueryRow(t.Context(), `SELECT count(*) FROM prompts p WHERE vote_count <> (SELECT count(*) FROM votes v WHERE v.prompt_id = p.id)`).Scan(&wrong); err != nil || wrong > 0 {
		t.Errorf("%d prompts with other votes, %v", wrong, err)
	}
}
