package doctorcmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/doctorcmd"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A problem fails the command, and comes with what to do about it.
func TestAProblemHasARemedy(t *testing.T) {
	dir := testkit.Folder(t)
	for name, text := range map[string]string{"krowoc.yaml": "project: shop\n", "schema.graphql": "type Book @tabel { title: String! }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	terminal, out, _ := term.Test(nil)
	terminal.Format = term.JSON
	cmd := doctorcmd.New(factory.New(terminal, factory.Build{}, dir, os.Environ()))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(nil)
	if err := cmd.ExecuteContext(t.Context()); fault.CodeOf(err) != fault.CheckFailed {
		t.Errorf("%v", err)
	}
	var report struct {
		OK       bool
		Findings []struct{ Name, Status, Found, Remedy string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.OK {
		t.Fatalf("%v in %s", err, out)
	}
	statuses := map[string]string{}
	for _, f := range report.Findings {
		statuses[f.Name] = f.Status
		if f.Status == "problem" && (f.Found == "" || f.Remedy == "") {
			t.Errorf("%+v", f)
		}
	}
	if statuses["schema"] != "problem" {
		t.Error(statuses)
	}
}
