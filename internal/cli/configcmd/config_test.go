package configcmd_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/configcmd"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/config"
)

func run(t *testing.T, yaml string, environ factory.Environ, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "krowoc.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	terminal, out, _ := term.Test(nil)
	terminal.Format = term.JSON
	cmd := configcmd.New(factory.New(terminal, factory.Build{}, dir, environ))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

func TestShowTellsWhereAValueIsFrom(t *testing.T) {
	out, err := run(t, "project: shop\nlog: {level: warn}\n", factory.Environ{"KROWOC_DATABASE_URL=postgres://me:hunter2@db/shop"}, "show")
	if err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Environment string
		Settings    []struct {
			Key    string
			Value  any
			Origin map[string]any
		}
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	sources := map[string]any{}
	for _, s := range shown.Settings {
		sources[s.Key] = s.Origin["source"]
	}
	if shown.Environment != "development" || sources["log.level"] == sources["database.url"] || sources["log.level"] == sources["log.format"] {
		t.Errorf("%v %v %v", sources["log.level"], sources["database.url"], sources["log.format"])
	}
	if strings.Contains(out, "hunter2") {
		t.Error("the password is shown")
	}
}

func TestCheck(t *testing.T) {
	if out, err := run(t, "project: shop\n", nil, "check"); err != nil || !strings.Contains(out, `"ok": true`) {
		t.Error(err, out)
	}
	_, err := run(t, "project: shop\nlogg: {level: warn}\n", nil, "check")
	if usage := (*factory.UsageError)(nil); !errors.As(err, &usage) {
		t.Errorf("an unknown key is %v", err)
	}
}

func TestSchemaNeedsNoProject(t *testing.T) {
	terminal, out, _ := term.Test(nil)
	cmd := configcmd.New(factory.New(terminal, factory.Build{}, t.TempDir(), nil))
	cmd.SetArgs([]string{"schema"})
	if err := cmd.Execute(); err != nil || out.String() != string(config.JSONSchema()) {
		t.Error(err, out.Len())
	}
}
