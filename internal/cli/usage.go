package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// unknownCommand is the error for an unknown command or verb.
func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, sub := range parent.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(names, sub.Name())
		}
	}
	hint := fmt.Sprintf("see %s --help", parent.CommandPath())
	if s := diag.Suggest(name, names); s != "" {
		hint = fmt.Sprintf("did you mean %q? %s", parent.CommandPath()+" "+s, hint)
	}
	return fault.New(fault.Invalid, parent.CommandPath(), fmt.Sprintf("unknown command %q", name), hint)
}

// flagError is the error for an unknown flag or an invalid value of a flag.
func flagError(cmd *cobra.Command, err error) error {
	hint := fmt.Sprintf("see %s --help", cmd.CommandPath())
	var missing *pflag.NotExistError
	if errors.As(err, &missing) {
		var names []string
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if !flag.Hidden {
				names = append(names, flag.Name)
			}
		})
		if s := diag.Suggest(missing.GetSpecifiedName(), names); s != "" && missing.GetSpecifiedShortnames() == "" {
			hint = fmt.Sprintf("did you mean --%s? %s", s, hint)
		}
	}
	return &factory.UsageError{Err: &fault.Error{Code: fault.Invalid, Op: cmd.CommandPath(), Message: err.Error(), Hint: hint, Err: err}}
}

// argumentError is the error for unexpected or missing arguments.
func argumentError(cmd *cobra.Command, err error) error {
	message, _, _ := strings.Cut(err.Error(), "\n")
	return &fault.Error{Code: fault.Invalid, Op: cmd.CommandPath(), Message: message,
		Hint: "usage: " + cmd.UseLine(), Err: err}
}
