package factory

import "github.com/spf13/pflag"

// PassThrough is the annotation of a command whose arguments are those of another program.
const PassThrough = "pass-through"

// YesFlag adds --yes, which answers every question of a command.
func YesFlag(flags *pflag.FlagSet, yes *bool) {
	flags.BoolVar(yes, "yes", false, "do not ask for confirmation")
}
