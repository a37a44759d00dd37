package completioncmd_test

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/completioncmd"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

func complete(t *testing.T, args ...string) (string, error) {
	t.Helper()
	terminal, out, _ := term.Test(nil)
	root := &cobra.Command{Use: "krowoc", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(completioncmd.New(factory.New(terminal, factory.Build{}, t.TempDir(), nil)))
	root.SetArgs(append([]string{"completion"}, args...))
	err := root.Execute()
	return out.String(), err
}

func TestEachShellHasAScriptOfItsOwn(t *testing.T) {
	for shell, part := range map[string]string{
		"bash": "complete -o default", "zsh": "#compdef krowoc", "fish": "complete -c krowoc", "powershell": "Register-ArgumentCompleter -CommandName 'krowoc'",
	} {
		script, err := complete(t, shell)
		if err != nil || !strings.Contains(script, part) {
			t.Errorf("%s: %v, without %q", shell, err, part)
		}
	}
}

func TestOtherShellsAreRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"tcsh"}, {"bash", "zsh"}} {
		if script, err := complete(t, args...); err == nil || script != "" {
			t.Errorf("%q: %v %q", args, err, script)
		}
	}
}
