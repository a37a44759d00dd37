// Package errorscmd implements `krowoc errors`.
package errorscmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

// Options are the flags of the command.
type Options struct {
	Since    time.Duration
	Category fault.Code // "" for all
	Limit    int
}

// maxLimit is how many errors the list can have.
const maxLimit = 1000

// New returns the command with its verb.
func New(f *factory.Factory) *cobra.Command { return newCommand(f, list) }

// newCommand returns the command, which calls run with its options.
func newCommand(f *factory.Factory, run func(context.Context, *factory.Factory, Options) error) *cobra.Command {
	var o Options
	var since, category string
	cmd := &cobra.Command{
		Use:   "errors",
		Short: "List the errors of the service, the most frequent ones first",
		Long: `List the errors of the service by kind: how often each one occurred, when last, its category, where and why, and how its count
developed. Servers and development sessions write the list into the Postgres schema krowoc. It has no values of users.

Times that are older than three hours count from the beginning of the hour. Errors are kept for 14 days.`,
		Example: "krowoc errors --since 1h\nkrowoc errors --env production --category internal\nkrowoc errors --output json",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Since, err = parseSince(since); err != nil {
				return factory.Usage(err)
			}
			if o.Category, err = parseCategory(category); err != nil {
				return factory.Usage(err)
			}
			if o.Limit < 1 || o.Limit > maxLimit {
				return factory.Usage(fault.New(fault.Invalid, "read --limit", fmt.Sprintf("%d is not from 1 to %d", o.Limit, maxLimit)))
			}
			return run(cmd.Context(), f, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&since, "since", "24h", "list what occurred in this last `duration`, such as 30m, 1h or 7d, at most 14d")
	flags.StringVar(&category, "category", "", "list only this `category`: "+categoryNames()+" (default all)")
	flags.IntVar(&o.Limit, "limit", 20, "list at most `N` errors")
	names := make([]cobra.Completion, len(errorlog.Categories))
	for i, c := range errorlog.Categories {
		names[i] = string(c)
	}
	// It fails only for an unknown flag, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc("category", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newShow(f))
	return cmd
}

func categoryNames() string {
	names := make([]string, len(errorlog.Categories))
	for i, c := range errorlog.Categories {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}

// parseSince parses a number of days or a duration of Go.
func parseSince(text string) (time.Duration, error) {
	const day, longest = 24 * time.Hour, 14 * 24 * time.Hour
	d, err := time.ParseDuration(text)
	if number, isDays := strings.CutSuffix(text, "d"); isDays {
		var days int
		days, err = strconv.Atoi(number)
		d = time.Duration(min(days, 1000)) * day
	}
	if err != nil || d <= 0 || d > longest {
		return 0, fault.New(fault.Invalid, "read --since", fmt.Sprintf("%q is not a duration of at most 14d", text), "write 30m, 1h or 7d")
	}
	return d, nil
}

func parseCategory(text string) (fault.Code, error) {
	code := fault.Code(text)
	if text != "" && !slices.Contains(errorlog.Categories, code) {
		return "", fault.New(fault.Invalid, "read --category", fmt.Sprintf("%q is not a category", text), "use one of "+categoryNames())
	}
	return code, nil
}

// withDatabase calls work with the database of the environment, once it is known to have the list.
func withDatabase(ctx context.Context, f *factory.Factory, work func(*app.Database) error) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	return f.WithDatabase(ctx, a, func(db *app.Database) error {
		if _, err := own.Check(ctx, db); err != nil {
			return err
		}
		return work(db)
	})
}

func list(ctx context.Context, f *factory.Factory, o Options) error {
	return withDatabase(ctx, f, func(db *app.Database) error {
		now := f.Term.Now()
		result, err := errorlog.List(ctx, db.Pool, errorlog.Query{Since: now.Add(-o.Since), Now: now, Category: o.Category, Limit: o.Limit})
		if err != nil {
			return err
		}
		return f.Term.Result(result, func() error { return renderList(f.Term, result) })
	})
}
