package factory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/term"
)

// UsageError marks an error as one of the command line or the configuration: exit code 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *UsageError) Unwrap() error { return e.Err }

// formatFlag is --output.
type formatFlag struct {
	format *term.Format
	forms  []term.Format
}

func (f formatFlag) String() string {
	if f.format == nil { // the zero value, of which pflag asks what the default is
		return ""
	}
	return string(*f.format)
}

func (f formatFlag) Type() string { return "form" }

func (f formatFlag) Set(value string) error {
	if !slices.Contains(f.forms, term.Format(value)) {
		return fmt.Errorf("must be %s", f.list())
	}
	*f.format = term.Format(value)
	return nil
}

// list names the forms: text, json or junit.
func (f formatFlag) list() string {
	var names []string
	for _, form := range f.forms {
		names = append(names, string(form))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Output adds --output to flags, of a command that has more forms than text and JSON, or of all commands.
func (f *Factory) Output(flags *pflag.FlagSet, more ...term.Format) {
	value := formatFlag{&f.Term.Format, append([]term.Format{term.Text, term.JSON}, more...)}
	flags.VarP(value, "output", "o", "`form` of results and errors, "+value.list())
}

// CommandError is the end of a program that a command has run for the user, whose exit code is the command's own. The program
// has said itself what was wrong.
type CommandError struct{ Code int }

// Error implements error.
func (e *CommandError) Error() string { return fmt.Sprintf("the command ended with code %d", e.Code) }
