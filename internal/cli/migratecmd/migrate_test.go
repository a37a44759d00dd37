package migratecmd_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/migratecmd"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// project is a folder with pairs of file and text.
func project(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	files = append(files, "krowoc.yaml", "project: shop\n")
	for i := 0; i < len(files); i += 2 {
		file := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	terminal, out, _ := term.Test(nil)
	terminal.Format = term.JSON
	cmd := migratecmd.New(factory.New(terminal, factory.Build{}, dir, nil))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// What the command line gets wrong is refused before a database is looked for.
func TestWrongArguments(t *testing.T) {
	dir := project(t)
	for _, args := range []string{"down --steps 0", "down --to -1", "to", "to soon", "create", "up extra"} {
		_, err := run(t, dir, strings.Fields(args)...)
		if err == nil || fault.CodeOf(err) == fault.Unavailable {
			t.Errorf("%s: %v", args, err)
		}
	}
	if _, err := run(t, dir, "down", "--steps", "0"); !errors.As(err, new(*factory.UsageError)) {
		t.Errorf("%T", err)
	}
}

func TestCreateWritesTheNextVersion(t *testing.T) {
	dir := project(t, "migrations/00007_users.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n")
	if _, err := run(t, dir, "create", "add_books"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "migrations", "00008_add_books.sql"))
	if err != nil || !strings.Contains(string(text), "-- +goose Up") || !strings.Contains(string(text), "-- +goose Down") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestLintFailsOnAnErrorAlone(t *testing.T) {
	const safe = "-- +goose Up\nCREATE TABLE books (id bigint PRIMARY KEY);\n-- +goose Down\nDROP TABLE books;\n"
	const dangerous = "-- +goose Up\nCREATE INDEX books_id ON books (id);\n-- +goose Down\nDROP INDEX books_id;\n"
	if out, err := run(t, project(t, "migrations/00001_books.sql", safe), "lint"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := run(t, project(t, "migrations/00001_books.sql", safe, "migrations/00002_index.sql", dangerous), "lint")
	if fault.CodeOf(err) != fault.CheckFailed {
		t.Errorf("%v\n%s", err, out)
	}
	var report struct {
		Findings []struct {
			Rule, File string
			Line       int
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	found := false
	for _, f := range report.Findings {
		found = found || (strings.HasSuffix(f.File, "00002_index.sql") && f.Line == 2)
	}
	if !found {
		t.Errorf("no finding is on the line of the index:\n%s", out)
	}
}
