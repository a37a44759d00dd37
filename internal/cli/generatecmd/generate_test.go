package generatecmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/generatecmd"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

func run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	terminal, out, _ := term.Test(nil)
	terminal.Format = term.JSON
	cmd := generatecmd.New(factory.New(terminal, factory.Build{}, dir, nil))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// actions lists what was done to each file.
func actions(t *testing.T, out string) string {
	t.Helper()
	var r struct {
		Files []struct{ File, Action string }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	var list []string
	for _, f := range r.Files {
		list = append(list, f.Action+" "+f.File)
	}
	return strings.Join(list, ", ")
}

func TestCheckWritesNothingAndFails(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "krowoc.yaml"), "project: shop\ngenerate: [{target: sql, out: tables.sql}]\n")
	write(t, filepath.Join(dir, "schema.graphql"), "type Book @table @auth(rules: []) { title: String! }\n")
	out, err := run(t, dir, "--check")
	if fault.CodeOf(err) != fault.CheckFailed || actions(t, out) != "create tables.sql" {
		t.Errorf("%v %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "tables.sql")); err == nil {
		t.Fatal("--check writes")
	}
	if out, err = run(t, dir); err != nil || actions(t, out) != "create tables.sql" {
		t.Errorf("%v %s", err, out)
	}
	if out, err = run(t, dir, "--check"); err != nil || actions(t, out) != "" {
		t.Errorf("%v %s", err, out)
	}
	write(t, filepath.Join(dir, "schema.graphql"), "type Book @table @auth(rules: []) { title: String! pages: Int }\n")
	if out, err = run(t, dir); err != nil || actions(t, out) != "update tables.sql" {
		t.Errorf("%v %s", err, out)
	}
}

func TestEditedFilesAreKept(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "krowoc.yaml"), "project: shop\n")
	write(t, filepath.Join(dir, "schema.graphql"), "type Book @table @auth(rules: []) { title: String! }\n")
	if _, err := run(t, dir); err == nil {
		t.Error("no target is configured, and none is named")
	}
	if _, err := run(t, dir, "sql"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "schema.sql")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+"-- mine\n")
	if _, err := run(t, dir, "sql"); err == nil {
		t.Error("an edited file is overwritten")
	}
	if _, err := run(t, dir, "sql", "--force"); err != nil {
		t.Error(err)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(text) {
		t.Error("--force does not restore the file", err)
	}
}
