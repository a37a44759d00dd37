package cli

import (
	"errors"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
)

// The exit codes.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2   // the command line or the configuration is wrong
	ExitCheckFailed = 3   // a check found problems
	ExitInterrupted = 130 // Ctrl-C; everything has been restored
	ExitNoReader    = 141 // the reader of the output has gone; what a shell reports for SIGPIPE
)

// exitCodes maps the code of an error to an exit code. Every other error is ExitFailed.
var exitCodes = map[fault.Code]int{
	"":                ExitDone,
	fault.CheckFailed: ExitCheckFailed,
	fault.Canceled:    ExitInterrupted,
}

// exitCode returns the exit code for an error of a command.
func exitCode(err error) int {
	var usage *factory.UsageError
	var command *factory.CommandError
	switch {
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &command):
		return command.Code
	}
	if code, ok := exitCodes[fault.CodeOf(err)]; ok {
		return code
	}
	return ExitFailed
}
