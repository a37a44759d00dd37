package authcmd

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// whoAmIOptions are the flags of `auth whoami`.
type whoAmIOptions struct{ token, key, url string }

func newWhoAmI(f *factory.Factory) *cobra.Command {
	var o whoAmIOptions
	cmd := &cobra.Command{
		Use:     "whoami",
		Short:   "Ask a running server whom it takes a credential for",
		Long:    `Ask a running server whom it takes the holder of a token or an API key for. Without one, it answers what everybody is.`,
		Example: "krowoc auth whoami --key - < key\nkrowoc auth whoami --token eyJhbGciOi… --url https://api.example.com",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			url, err := o.server(f)
			if err != nil {
				return err
			}
			text, err := credential(f, cmp.Or(o.token, o.key))
			if err != nil {
				return err
			}
			who, err := auth.Ask(cmd.Context(), url, text)
			if err != nil {
				return err
			}
			return f.Term.Result(who, func() error { return showWho(f, who) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.token, "token", "", "an access `token`; - reads it from standard input")
	flags.StringVar(&o.key, "key", "", "a `key` of a machine; - reads it from standard input")
	flags.StringVar(&o.url, "url", "", "`URL` of the server (default that of the development session)")
	cmd.MarkFlagsMutuallyExclusive("token", "key")
	return cmd
}

// server returns the URL of the server to ask.
func (o whoAmIOptions) server(f *factory.Factory) (string, error) {
	if o.url != "" {
		return o.url, nil
	}
	a, err := f.App()
	if err != nil {
		return "", err
	}
	state, err := dev.Find(a.StateDir())
	switch {
	case fault.CodeOf(err) == fault.NotFound || err == nil && state.URL == "":
		return "", fault.New(fault.NotFound, "find the server", "no development session serves", "run `krowoc dev`, or name a server with --url")
	case err != nil:
		return "", err
	}
	return state.URL, nil
}

func showWho(f *factory.Factory, w auth.Who) error {
	table := f.Term.NewTable("PROPERTY", "VALUE")
	table.Row("anonymous", w.Anonymous)
	table.Row("uid", cmp.Or(safe(w.UID), "-"))
	table.Row("roles", cmp.Or(safe(strings.Join(w.Roles, ",")), "-"))
	table.Row("tier", cmp.Or(safe(w.Tier), "-"))
	table.Row("service", fmt.Sprint(w.Service))
	if w.Key != "" {
		table.Row("key", safe(w.Key))
	}
	if w.Scope != nil {
		table.Row("operations", limits(w.Scope.Operations))
		table.Row("types", limits(w.Scope.Types))
	}
	return table.Flush()
}
