package factory

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/cli/term"
)

// UsageError marks an error as one of the command line or the configuration: exit code 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *UsageError) Unwrap() error { return e.Err }

// formatFlag is --output.
type formatFlag term.Format

func (f *formatFlag) String() string { return string(*f) }

func (f *formatFlag) Type() string { return "form" }

func (f *formatFlag) Set(value string) error {
	switch term.Format(value) {
	case term.Text, term.JSON:
		*f = formatFlag(value)
		return nil
	}
	return fmt.Errorf("must be text or json")
}
