// Package versioncmd implements `krowoc version`.
package versioncmd

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// report is what --output json prints.
type report struct {
	factory.Build
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, commit and build of krowoc",
		Example: "krowoc version\nkrowoc version --output json",
		RunE: func(*cobra.Command, []string) error {
			r := report{f.Build, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			return f.Term.Result(r, func() error {
				_, err := fmt.Fprintln(f.Term.Out, r)
				return err
			})
		},
	}
}

// String returns `krowoc 1.2.0 (commit 0123456789ab, 2026-01-02T03:04:05Z, go1.26 linux/amd64)`.
func (r report) String() string {
	details := ""
	if r.Commit != "" {
		details += "commit " + r.Commit[:min(12, len(r.Commit))] + ", "
	}
	if r.Date != "" {
		details += r.Date + ", "
	}
	return fmt.Sprintf("krowoc %s (%s%s %s)", r.Version, details, r.Go, r.Platform)
}
