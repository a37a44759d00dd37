package authcmd

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// key is a key in JSON. A null list does not limit.
type key struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	State      string     `json:"state"` // active, expired or revoked
	UID        string     `json:"uid"`
	Roles      []string   `json:"roles"`
	Tier       string     `json:"tier"` // empty for none
	Service    bool       `json:"service"`
	Operations []string   `json:"operations"`
	Types      []string   `json:"types"`
	Created    time.Time  `json:"created"`
	Expires    *time.Time `json:"expires"`
	LastUsed   *time.Time `json:"lastUsed"`
	Revoked    *time.Time `json:"revoked"`
}

func newKey(k apikey.Key, now time.Time) key {
	return key{k.ID, k.Name, k.State(now), k.UID, k.Roles, k.Tier, k.Service, k.Operations, k.Types, k.Created, k.Expires, k.LastUsed, k.Revoked}
}

// created is what `auth key create --output json` prints.
type created struct {
	Secret string `json:"key"`
	key
}

// createOptions are the flags of `auth key create`.
type createOptions struct {
	grant   apikey.Grant
	expires string
}

func newCreate(f *factory.Factory) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create an API key and print it once",
		Long: `Create an API key for a machine and print it. It cannot be shown again, because the database only contains its hash.

The key acts as --uid, with --roles and --tier, under the rules of the schema. --operations and --types limit it further: an operation is refused if
it touches any other type, also through rules and deletes.`,
		Example: "krowoc auth key create importer --uid 0191e3a4-7c1e-7b3a-9c55-3f1d2a4b5c6d --types Prompt,Team\nkrowoc auth key create reports --roles analyst --operations query --expires 30d",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.grant.Name = args[0]
			return create(cmd, f, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.expires, "expires", "90d", "let the key expire after this `duration`, such as 90d or 12h; never for a key that does not expire")
	flags.StringSliceVar(&o.grant.Operations, "operations", nil, "allow only these `operations`: query, mutation, subscription (default all); repeatable")
	flags.StringSliceVar(&o.grant.Types, "types", nil, "allow only these `types` of the schema (default all); example: Prompt,Team; repeatable")
	flags.StringVar(&o.grant.UID, "uid", "", "act as the user with this `ID`: auth.uid in rules")
	flags.StringSliceVar(&o.grant.Roles, "roles", nil, "have these `roles`: auth.roles in rules; example: editor,admin; repeatable")
	flags.StringVar(&o.grant.Tier, "tier", "", "have this `tier`, a value of the enum with @tiers; example: PRO")
	flags.BoolVar(&o.grant.Service, "service", false, "act as the service: no rule of the schema applies")
	return cmd
}

func create(cmd *cobra.Command, f *factory.Factory, o createOptions) error {
	expires, err := parseExpiry(o.expires, f.Term.Now())
	if err != nil {
		return factory.Usage(err)
	}
	o.grant.Expires = expires
	if err := o.grant.Check(); err != nil {
		return factory.Usage(err)
	}
	for _, name := range o.grant.Operations {
		if !slices.Contains(apikey.Operations, name) {
			return factory.Usage(fault.New(fault.Invalid, "read --operations", fmt.Sprintf("%q is not an operation", name), "use "+strings.Join(apikey.Operations, ", ")))
		}
	}
	ctx := cmd.Context()
	return withDatabase(ctx, f, func(a *app.App, db *app.Database) error {
		if err := checkTypes(a, o.grant.Types); err != nil {
			return err
		}
		if err := checkTier(a, o.grant.Tier); err != nil {
			return err
		}
		k, secret, err := apikey.Create(ctx, db.Pool, o.grant)
		if err != nil {
			return err
		}
		if k.Service {
			fmt.Fprintln(f.Term.Err, f.Term.ErrStyles().Warn.Render("warning: no rule of the schema applies to this key; whoever has it can read and write every row of its types"))
		}
		return f.Term.Result(created{secret, newKey(k, f.Term.Now())}, func() error {
			fmt.Fprintf(f.Term.Err, "created the key %s, which expires %s; store it now, it is not shown again\n", k.ID, expiry(k.Expires))
			_, err := fmt.Fprintln(f.Term.Out, secret)
			return err
		})
	})
}

// parseExpiry returns when a key expires: after a number of days or a duration of Go, or nil for never.
func parseExpiry(text string, now time.Time) (*time.Time, error) {
	if text == "never" {
		return nil, nil
	}
	const day, maxDays = 24 * time.Hour, 36500
	after, err := time.ParseDuration(text)
	if number, isDays := strings.CutSuffix(text, "d"); isDays {
		var days int
		days, err = strconv.Atoi(number)
		after = time.Duration(min(days, maxDays)) * day
	}
	if err != nil || after <= 0 {
		return nil, fault.New(fault.Invalid, "read --expires", fmt.Sprintf("%q is not a duration", text), "write 90d, 12h or never")
	}
	at := now.Add(after)
	return &at, nil
}

func expiry(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return "on " + at.UTC().Format(time.RFC3339)
}

// checkTypes checks that the schema has all types.
func checkTypes(a *app.App, names []string) error {
	if len(names) == 0 {
		return nil
	}
	s, err := a.Schema()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(s.Tables, func(t *schema.Type) bool { return t.Join == nil && t.Name == name }) {
			return factory.Usage(fault.New(fault.Invalid, "read --types", fmt.Sprintf("the schema has no stored type %q", name), "use the names of types with @table"))
		}
	}
	return nil
}

// checkTier checks that the schema has a tier.
func checkTier(a *app.App, tier string) error {
	if tier == "" {
		return nil
	}
	s, err := a.Schema()
	if err != nil {
		return err
	}
	e := s.Tiers()
	if e == nil {
		return factory.Usage(fault.New(fault.Invalid, "read --tier", "the schema has no tiers", "declare them: enum Plan @tiers { FREE "+tier+" }"))
	}
	var names []string
	for _, v := range e.Values {
		names = append(names, v.Name)
	}
	if !slices.Contains(names, tier) {
		return factory.Usage(fault.New(fault.Invalid, "read --tier", fmt.Sprintf("the enum %s has no tier %q", e.Name, tier), "use "+strings.Join(names, ", ")))
	}
	return nil
}

// keys is what `auth key list --output json` prints.
type keys struct {
	Keys []key `json:"keys"`
}

func newList(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the API keys with their limits and last use", Example: "krowoc auth key list --env production", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), f, func(_ *app.App, db *app.Database) error {
				list, err := apikey.List(cmd.Context(), db.Pool)
				if err != nil {
					return err
				}
				result := keys{make([]key, len(list))}
				for n, k := range list {
					result.Keys[n] = newKey(k, f.Term.Now())
				}
				return f.Term.Result(result, func() error { return show(f, result.Keys) })
			})
		},
	}
}

func show(f *factory.Factory, list []key) error {
	table := f.Term.NewTable("ID", "NAME", "STATE", "ACTS AS", "OPERATIONS", "TYPES", "CREATED", "EXPIRES", "LAST USED")
	for _, k := range list {
		table.Row(k.ID, k.Name, k.State, actsAs(k), limits(k.Operations), limits(k.Types), k.Created, strings.TrimPrefix(expiry(k.Expires), "on "), *cmp.Or(k.LastUsed, &time.Time{}))
	}
	return table.Flush()
}

// actsAs says who a key is in rules: the service, to which no rule applies, a user, roles, and a tier.
func actsAs(k key) string {
	who := []string{}
	if k.Service {
		who = append(who, "service")
	}
	if k.UID != "" {
		who = append(who, "user "+k.UID)
	}
	for _, role := range k.Roles {
		who = append(who, "role "+role)
	}
	if k.Tier != "" {
		who = append(who, "tier "+k.Tier)
	}
	return strings.Join(who, ", ")
}

func limits(list []string) string {
	if list == nil {
		return "all"
	}
	return strings.Join(list, ",")
}

func newRevoke(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke an API key on every server within a second", Example: "krowoc auth key revoke 3f9a1c20b7d4 --env production", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd.Context(), f, func(_ *app.App, db *app.Database) error {
				k, err := apikey.Revoke(cmd.Context(), db.Pool, args[0])
				if err != nil {
					return err
				}
				return f.Term.Result(newKey(k, f.Term.Now()), func() error {
					_, err := fmt.Fprintf(f.Term.Out, "revoked the key %s (%s)\n", k.ID, k.Name)
					return err
				})
			})
		},
	}
}
