package mancmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/mancmd"
	"github.com/krowoc/krowoc/internal/cli/term"
)

func TestPagesAreThoseOfTheRelease(t *testing.T) {
	dir := t.TempDir()
	terminal, _, _ := term.Test(nil)
	build := factory.Build{Version: "1.2.0", Date: "2026-01-02T03:04:05Z"}
	root := &cobra.Command{Use: "krowoc", Short: "Take a schema to a platform"}
	root.AddCommand(mancmd.New(factory.New(terminal, build, dir, nil)), &cobra.Command{Use: "sow", Short: "Sow rows", Run: func(*cobra.Command, []string) {}})
	root.SetArgs([]string{"man", "--dir", "pages/man1"}) // the folder is below the working directory, and is created
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "pages", "man1", "krowoc-sow.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"krowoc 1.2.0", "Jan 2026", "Sow rows"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("%q is missing:\n%s", part, page)
		}
	}
	if strings.Contains(string(page), "Auto generated") {
		t.Error("the page names the day of its generation, so that two builds differ")
	}
}
