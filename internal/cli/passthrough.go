package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// passThrough marks a command whose arguments are those of another program.
const passThrough = "pass-through"

// separate puts -- before the first argument of such a command that is none of our own flags, so that `krowoc db psql -c 'select 1'` works as
// people write it.
func separate(root *cobra.Command, args []string) []string {
	cmd, rest, err := root.Traverse(args)
	if err != nil || cmd.Annotations[passThrough] == "" {
		return args
	}
	for i := 0; i < len(rest); i++ {
		flag, hasValue := ownFlag(cmd, rest[i])
		switch {
		case rest[i] == "--":
			return args
		case flag == nil:
			at := len(args) - len(rest) + i
			return slices.Insert(slices.Clone(args), at, "--")
		case !hasValue && flag.NoOptDefVal == "":
			i++ // its value
		}
	}
	return args
}

// ownFlag returns the flag of a command that an argument names, or nil, and whether the argument contains its value.
func ownFlag(cmd *cobra.Command, arg string) (flag *pflag.Flag, hasValue bool) {
	name, long := strings.CutPrefix(arg, "--")
	name, _, hasValue = strings.Cut(name, "=")
	cmd.InitDefaultHelpFlag()
	switch {
	case long && name != "":
		if flag = cmd.Flag(name); flag == nil {
			flag = cmd.InheritedFlags().Lookup(name)
		}
	case len(arg) == 2 && arg[0] == '-':
		if flag = cmd.Flags().ShorthandLookup(arg[1:]); flag == nil {
			flag = cmd.InheritedFlags().ShorthandLookup(arg[1:])
		}
	}
	return flag, hasValue
}
