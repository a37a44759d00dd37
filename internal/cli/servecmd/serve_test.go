package servecmd_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/servecmd"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// What the command line or the configuration gets wrong ends serve before it listens.
func TestMistakesEndServe(t *testing.T) {
	for _, c := range []struct {
		yaml string
		args []string
	}{
		{"project: shop\nserver: {unknown: \":8080\"}\n", nil},
		{"project: shop\n", []string{"--address", "not an address"}},
		{"project: shop\n", []string{"--port", "8080"}},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "krowoc.yaml"), []byte(c.yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		terminal, _, _ := term.Test(nil)
		cmd := servecmd.New(factory.New(terminal, factory.Build{}, dir, nil))
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(c.args)
		err := cmd.ExecuteContext(t.Context())
		if err == nil {
			t.Errorf("%q %q is accepted", c.yaml, c.args)
		}
		if usage := (*factory.UsageError)(nil); len(c.args) == 0 && !errors.As(err, &usage) {
			t.Errorf("%T %v", err, err)
		}
	}
}
