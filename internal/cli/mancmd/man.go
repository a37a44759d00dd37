// Package mancmd implements `krowoc man`, with which releases build the manual pages.
package mancmd

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "man",
		Short:   "Write manual pages, one per command",
		Hidden:  true,
		Example: "krowoc man --dir dist/man && man -l dist/man/krowoc.1",
		RunE:    func(cmd *cobra.Command, _ []string) error { return write(f, cmd.Root(), dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", "man", "write to this `folder`, which is created if needed")
	return cmd
}

func write(f *factory.Factory, root *cobra.Command, dir string) error {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(f.WorkDir(), dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create the folder for manual pages: %w", err)
	}
	header := &doc.GenManHeader{Title: "KROWOC", Section: "1", Source: "krowoc " + f.Build.Version, Manual: "Krowoc manual"}
	if date, err := time.Parse(time.RFC3339, f.Build.Date); err == nil {
		header.Date = &date
	}
	root.DisableAutoGenTag = true
	return doc.GenManTree(root, header, dir)
}
