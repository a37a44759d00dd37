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
	ExitInterrupted = 130 // Ctrl-C, with everything put back
	ExitNoReader    = 141 // who read the output went away; as a shell says of SIGPIPE
)

// exitCodes maps what an error is to what the process returns; every other code is ExitFailed.
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
