package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// separate inserts -- into the arguments of a command that passes its arguments on to another program. It stands before the first argument
// that is not a flag of krowoc, so that `krowoc db psql -c 'select 1'` works.
func separate(root *cobra.Command, args []string) []string {
	cmd, rest, err := root.Traverse(args)
	if err != nil || cmd.Annotations[factory.PassThrough] == "" {
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
	cmd.InitDefaultHelpFlag() // adds the global flags, too
	switch {
	case long && name != "":
		flag = cmd.Flags().Lookup(name)
	case len(arg) == 2 && arg[0] == '-':
		flag = cmd.Flags().ShorthandLookup(arg[1:])
	}
	return flag, hasValue
}
