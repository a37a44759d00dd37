package newcmd_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/newcmd"
	"github.com/krowoc/krowoc/internal/cli/term"
)

func run(t *testing.T, dir string, command func(*factory.Factory) *cobra.Command, args ...string) error {
	t.Helper()
	terminal, _, _ := term.Test(nil)
	cmd := command(factory.New(terminal, factory.Build{}, dir, nil))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	return cmd.ExecuteContext(t.Context())
}

func exists(dir string, names ...string) bool {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func TestFlagsChooseTheFiles(t *testing.T) {
	dir := t.TempDir()
	if err := run(t, dir, newcmd.New, "shop", "--yes", "--template", "minimal", "--frontend", "none", "--ci", "gitlab"); err != nil {
		t.Fatal(err)
	}
	if !exists(dir, "shop/krowoc.yaml", "shop/schema.graphql", "shop/.gitlab-ci.yml") || exists(dir, "shop/web") || exists(dir, "shop/.github/workflows") {
		t.Error("the files are not those of the flags")
	}
	usage := (*factory.UsageError)(nil)
	if err := run(t, dir, newcmd.New, "shop", "--yes"); !errors.As(err, &usage) {
		t.Errorf("an existing folder: %v", err)
	}
	for _, args := range [][]string{{"Shop", "--yes"}, {"other", "--yes", "--template", "huge"}, {"other", "--yes", "--ci", "jenkins"}} {
		if err := run(t, dir, newcmd.New, args...); !errors.As(err, &usage) {
			t.Errorf("%q: %v", args, err)
		}
	}
	if exists(dir, "other") {
		t.Error("a refused project leaves a folder")
	}
}

func TestInitKeepsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "old")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t, dir, newcmd.NewInit, "--yes", "--ci", "none"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(readme); err != nil || string(text) != "mine" || !exists(dir, "krowoc.yaml") {
		t.Errorf("%q, %v", text, err)
	}
	if usage := (*factory.UsageError)(nil); !errors.As(run(t, dir, newcmd.NewInit, "--yes"), &usage) {
		t.Error("a project is initialised twice")
	}
}
