// Package apptest creates the parts of a project for tests of the packages below app.
package apptest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Repository returns the folder of this repository, which is also a project: the prompt platform.
func Repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			err = fs.ErrNotExist
		}
		dir = parent
	}
	t.Fatal(err)
	return ""
}

// Copy copies the files of the prompt platform into a temporary folder and returns it.
func Copy(t testing.TB) string {
	t.Helper()
	dir := testkit.Folder(t)
	CopyTo(t, dir)
	return dir
}

// CopyTo copies the files of the prompt platform into a folder.
func CopyTo(t testing.TB, dir string) {
	t.Helper()
	from := Repository(t)
	for _, name := range []string{"krowoc.yaml", "schema.graphql"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"migrations", "seeds"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(from, name))); err != nil {
			t.Fatal(err)
		}
	}
}

// WriteFiles writes files below a folder. files maps paths with forward slashes to texts.
func WriteFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// New loads the project in a folder with some environment variables. Its server uses any free port.
func New(t testing.TB, dir string, environ ...string) *app.App {
	t.Helper()
	return Load(t, config.Options{Dir: dir, Environ: append(environ, "KROWOC_SERVER_ADDRESS=127.0.0.1:0")})
}

// Load is like New, but with all options of the configuration.
func Load(t testing.TB, o config.Options) *app.App {
	t.Helper()
	c, err := config.Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return &app.App{Config: c, Version: "1.2.3", Logger: testkit.Logger(t), Now: time.Now, Env: os.Getenv}
}

// Migrate applies the migrations of a project to its database.
func Migrate(t testing.TB, a *app.App) {
	t.Helper()
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Pool.Close()
	migrator, err := a.Migrator(db.Pool, nil)
	if err == nil {
		_, err = migrator.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// MigrateAndSeed fills the empty database of a project.
func MigrateAndSeed(t testing.TB, a *app.App) {
	t.Helper()
	Migrate(t, a)
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Pool.Close()
	s, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Seed(t.Context(), db.Pool, s); err != nil {
		t.Fatal(err)
	}
}
