package factory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/term"
)

// UsageError marks an error as a mistake in the command line or the configuration: exit code 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the marked error.
func (e *UsageError) Unwrap() error { return e.Err }

// formatFlag is --output.
type formatFlag struct {
	format  *term.Format
	formats []term.Format
}

func (f formatFlag) String() string {
	if f.format == nil { // pflag asks the zero value for its default
		return ""
	}
	return string(*f.format)
}

func (f formatFlag) Type() string { return "format" }

func (f formatFlag) Set(value string) error {
	if !slices.Contains(f.formats, term.Format(value)) {
		return fmt.Errorf("must be %s", f.list())
	}
	*f.format = term.Format(value)
	return nil
}

// list names the formats: "text, json or junit".
func (f formatFlag) list() string {
	var names []string
	for _, format := range f.formats {
		names = append(names, string(format))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Output adds --output to the flags of all commands, or of one command that has more formats than text and JSON.
func (f *Factory) Output(flags *pflag.FlagSet, more ...term.Format) {
	value := formatFlag{&f.Term.Format, append([]term.Format{term.Text, term.JSON}, more...)}
	flags.VarP(value, "output", "o", "print results and errors in this `format`: "+value.list())
}

// CommandError reports that a program which a command ran for the user failed. The program has printed its own error, and its
// exit code becomes the exit code of the command.
type CommandError struct{ Code int }

// Error implements error.
func (e *CommandError) Error() string { return fmt.Sprintf("the command ended with code %d", e.Code) }
