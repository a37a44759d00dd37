package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli"
)

var (
	// invocation is a command line in a block of the docs (after a prompt or an indent) or in an inline code span.
	invocation = regexp.MustCompile("(?m)(?:^\\s*(?:\\$ )?|`|- run: |run: )krowoc ([a-z][^`\n]*)")
	longFlag   = regexp.MustCompile(`(?:^|\s)--([a-z][a-z-]+)`)
)

// TestCommandsInTheDocs: every command line in README.md and the guides calls a command that exists, with flags that it has.
func TestCommandsInTheDocs(t *testing.T) {
	guides, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range append(guides, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range invocation.FindAllStringSubmatch(string(text), -1) {
			found++
			checkInvocation(t, path, m[1])
		}
	}
	if found < 100 {
		t.Errorf("only %d command lines were found", found)
	}
}

func checkInvocation(t *testing.T, path, line string) {
	line, _, _ = strings.Cut(line, " # ")
	line, _, _ = strings.Cut(line, " -- ")
	for _, end := range []string{" && ", " | ", "; ", "\""} {
		line, _, _ = strings.Cut(line, end)
	}
	cmd, _, err := cli.NewRoot().Find(strings.Fields(line))
	if err != nil {
		t.Errorf("%s: krowoc %s: %v", filepath.Base(path), line, err)
		return
	}
	rest := strings.Fields(strings.TrimPrefix("krowoc "+line, cmd.CommandPath()))
	isGroup := cmd.HasSubCommands() && !strings.Contains(cmd.Use, " ")
	if isGroup && (len(rest) > 0) && !strings.HasPrefix(rest[0], "-") {
		t.Errorf("%s: krowoc %s: %q is no verb of %s", filepath.Base(path), line, rest[0], cmd.CommandPath())
	}
	for _, m := range longFlag.FindAllStringSubmatch(line, -1) {
		if flagOf(cmd, m[1]) == nil && m[1] != "help" {
			t.Errorf("%s: krowoc %s: %s has no flag --%s", filepath.Base(path), line, cmd.CommandPath(), m[1])
		}
	}
}

func flagOf(cmd *cobra.Command, name string) *pflag.Flag {
	if flag := cmd.Flags().Lookup(name); flag != nil {
		return flag
	}
	return cmd.Root().PersistentFlags().Lookup(name)
}
