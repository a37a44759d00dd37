package doctor_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/doctor"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const book = "type Book @table @auth(rules: []) { id: Int! title: String! }\n"

// newProject writes a project with a schema, the seeds common and some more files.
func newProject(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{
		"krowoc.yaml":    "project: library\nseeds: {sets: [common]}\ngenerate: [{target: markdown}]\n",
		"schema.graphql": book, "seeds/common/books.yaml": "",
	})
	apptest.WriteFiles(t, dir, files)
	return dir
}

// newApp loads a project whose Postgres is somebody else's, so that nothing of the machine is looked for.
func newApp(t *testing.T, dir string, environ ...string) *app.App {
	t.Helper()
	return apptest.New(t, dir, append([]string{"KROWOC_DATABASE_URL=postgres://127.0.0.1:1/nothing"}, environ...)...)
}

// find returns the finding of a check.
func find(t *testing.T, list []doctor.Finding, name string) doctor.Finding {
	t.Helper()
	for _, f := range list {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no check %s", name)
	return doctor.Finding{}
}

// check runs the checks and returns the finding of one.
func check(t *testing.T, a *app.App, name string, fix bool) doctor.Finding {
	t.Helper()
	return find(t, doctor.Run(t.Context(), a, fix), name)
}

// expect fails the test where a finding has another status, says something else, or has no remedy although it should.
func expect(t *testing.T, f doctor.Finding, status, found string) {
	t.Helper()
	if f.Status != status || !strings.Contains(f.Found, found) || (status != "ok" && f.Remedy == "") {
		t.Errorf("%+v; it should be %s: %s", f, status, found)
	}
}

// said is what a check says.
type said struct{ check, status, found string }

// Each case is a project and what some checks say of it.
func TestChecks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []said
	}{
		{"a project without anything special", nil, []said{
			{"schema", "ok", "1 type"}, {"migrations", "warning", "migrations"}, {"seeds", "ok", "common"}, {"models", "problem", "1 file"}, {"git", "ok", "no repository"},
			{"postgres", "problem", ""}, {"redis", "ok", "not needed"}, {"docker", "ok", "not needed"}, {"front end", "ok", "none"}, {"address", "ok", "127.0.0.1:0"},
		}},
		{"a schema with mistakes, and miniredis", map[string]string{
			"schema.graphql": strings.ReplaceAll(book, "String", "Sting"), "migrations/00001_a.sql": "-- +goose Up\nSELECT 1;\n",
			"krowoc.yaml": "project: library\ngenerate: [{target: markdown}]\ndev: {redis: {enabled: true, engine: embedded}}\n",
		}, []said{{"schema", "problem", "1 mistake"}, {"models", "warning", ""}, {"migrations", "ok", "1 file"}, {"redis", "ok", "miniredis"}}},
		{"a file where the folder of seeds should be", map[string]string{
			"krowoc.yaml": "project: library\nseeds: {dir: fixtures.yaml, sets: [common]}\n", "fixtures.yaml": "books: []\n",
		}, []said{{"seeds", "problem", "fixtures.yaml, which is a file"}}},
		{"a file where the folder of a set should be", map[string]string{
			"krowoc.yaml": "project: library\nseeds: {sets: [common, dev]}\n", "seeds/dev": "books: []\n",
		}, []said{{"seeds", "problem", "seeds/dev is a file"}}},
		{"no schema, and two migrations of one version", map[string]string{
			"krowoc.yaml":            "project: library\nschema: other.graphql\n",
			"migrations/00001_a.sql": "-- +goose Up\nSELECT 1;\n", "migrations/00001_b.sql": "-- +goose Up\nSELECT 1;\n",
		}, []said{{"schema", "problem", "other.graphql"}, {"migrations", "problem", "00001"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list := doctor.Run(t.Context(), newApp(t, newProject(t, test.files)), false)
			for _, want := range test.want {
				expect(t, find(t, list, want.check), want.status, want.found)
			}
		})
	}
}

// Looking changes nothing; fixing does, once.
func TestFix(t *testing.T) {
	t.Parallel()
	dir := newProject(t, map[string]string{"krowoc.yaml": "project: library\nseeds: {sets: [common, dev]}\ngenerate: [{target: markdown}]\n"})
	a := newApp(t, dir)
	expect(t, check(t, a, "seeds", false), "warning", "seeds/dev")
	if _, err := os.Stat(filepath.Join(dir, "seeds", "dev")); err == nil {
		t.Error("the folder is made without --fix")
	}
	for _, f := range doctor.Run(t.Context(), a, true) {
		if fixed := f.Name == "seeds" || f.Name == "models"; f.Fixed != fixed || (fixed && f.Status != "ok") {
			t.Errorf("%+v", f)
		}
	}
	again := doctor.Run(t.Context(), a, true)
	for _, name := range []string{"seeds", "models"} {
		f := find(t, again, name)
		expect(t, f, "ok", "")
		if f.Fixed {
			t.Errorf("%s is fixed twice", name)
		}
	}
	apptest.WriteFiles(t, dir, map[string]string{"schema.graphql": strings.ReplaceAll(book, "title", "name")})
	expect(t, check(t, newApp(t, dir), "models", false), "problem", "1 file")
}

// What cannot be fixed says why.
func TestFixFails(t *testing.T) {
	t.Parallel()
	dir := newRepository(t, map[string]string{".gitignore/a": "a folder has the name"})
	f := check(t, newApp(t, dir), "git", true)
	if f.Fixed || f.Status != "problem" || !strings.Contains(f.Remedy, ".gitignore") || strings.Contains(f.Remedy, "--fix") {
		t.Errorf("%+v", f)
	}
}

// newRepository is newProject in a repository of git.
func newRepository(t *testing.T, files map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		testkit.Skip(t, "git is not installed: doctor looks at no repository")
	}
	dir := newProject(t, files)
	if out, err := exec.CommandContext(t.Context(), "git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// The line for git is added below what is there, also where that has no end of a line.
func TestFixGit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, before, after string }{{"none", "", ".krowoc/\n"}, {"one without a last line end", "dist", "dist\n.krowoc/\n"}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var files map[string]string
			if test.before != "" {
				files = map[string]string{".gitignore": test.before}
			}
			dir := newRepository(t, files)
			expect(t, check(t, newApp(t, dir), "git", false), "problem", ".krowoc")
			if f := check(t, newApp(t, dir), "git", true); !f.Fixed {
				t.Errorf("%+v", f)
			}
			if text, err := os.ReadFile(filepath.Join(dir, ".gitignore")); err != nil || string(text) != test.after {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

func TestPostgresAnswers(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, newProject(t, nil), "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	expect(t, check(t, a, "postgres", false), "ok", "reachable")
}

func TestAddressTaken(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := apptest.Load(t, config.Options{Dir: newProject(t, nil), Environ: []string{"KROWOC_DATABASE_URL=postgres://127.0.0.1:1/nothing", "KROWOC_SERVER_ADDRESS=" + l.Addr().String()}})
	expect(t, check(t, a, "address", false), "warning", l.Addr().String())
}
