// Package migratecmd is `krowoc migrate`.
package migratecmd

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Apply, roll back and create SQL migrations",
		Long: `Apply, roll back and create the SQL migrations of the project: goose's file format and version table, so an
existing goose folder works as it is. Any number of processes may start at once; one applies, the others
wait. A file is applied whole or not at all, unless it says "-- +goose NO TRANSACTION".`,
	}
	cmd.AddCommand(newUp(f), newDown(f), newRedo(f), newTo(f), newStatus(f), newCreate(f), newHash(f), newRepair(f), newDiff(f), newSave(f), newImport(f), newLint(f), newSquash(f), newVerify(f), newDrift(f))
	return cmd
}

func newUp(f *factory.Factory) *cobra.Command {
	var o migrate.Options
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Apply every pending migration",
		Long: `Apply every pending migration, in the order of their versions. A statement that waits too long for a lock
gives way, so that it does not stop the traffic behind it, and its file is tried again.`,
		Example: "krowoc migrate up\nkrowoc migrate up --dry-run\nkrowoc migrate up --env production --rollback-on-failure --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), f, o, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Up(ctx) })
		},
	}
	addDryRun(cmd, &o.DryRun)
	cmd.Flags().BoolVar(&o.AllowMissing, "allow-missing", false, "apply files that are older than applied ones, too")
	cmd.Flags().BoolVar(&o.RollbackOnFailure, "rollback-on-failure", false, "when a file fails, roll back those that this run applied")
	return cmd
}

func newDown(f *factory.Factory) *cobra.Command {
	var o migrate.Options
	var steps int
	var to int64
	var yes bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Roll back the last migration, or more",
		Long: `Roll back the last migration, as many as --steps says, or all above the version that --to names. What that would
delete is counted first, and it asks.`,
		Example: "krowoc migrate down\nkrowoc migrate down --steps 3 --dry-run\nkrowoc migrate down --to 5 --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if steps < 1 || to < 0 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate down", "--steps must be 1 or more, and --to 0 or more"))
			}
			down := func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Down(ctx, steps) }
			if cmd.Flags().Changed("to") {
				down = func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.DownTo(ctx, to) }
			}
			return runAsked(cmd.Context(), f, o, yes, down)
		},
	}
	cmd.Flags().IntVar(&steps, "steps", 1, "how many to roll back")
	cmd.Flags().Int64Var(&to, "to", 0, "roll back all above this `version`; 0 rolls back everything")
	cmd.MarkFlagsMutuallyExclusive("steps", "to")
	addDryRun(cmd, &o.DryRun)
	addYes(cmd, &yes)
	return cmd
}

func newRedo(f *factory.Factory) *cobra.Command {
	var o migrate.Options
	var yes bool
	cmd := &cobra.Command{
		Use:     "redo",
		Short:   "Roll back the last migration and apply it again",
		Example: "krowoc migrate redo --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAsked(cmd.Context(), f, o, yes, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Redo(ctx) })
		},
	}
	addDryRun(cmd, &o.DryRun)
	addYes(cmd, &yes)
	return cmd
}

func newTo(f *factory.Factory) *cobra.Command {
	var o migrate.Options
	var yes bool
	cmd := &cobra.Command{
		Use:   "to VERSION",
		Short: "Bring the database to a version, up or down",
		Long: `Bring the database to a version: up when it is not applied yet, else down to it, which asks. 0 rolls
everything back.`,
		Example: "krowoc migrate to 5\nkrowoc migrate to 0 --yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || version < 0 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate to "+args[0], "a version is a number",
					"`krowoc migrate status` lists them."))
			}
			return runAsked(cmd.Context(), f, o, yes, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.To(ctx, version) })
		},
	}
	addDryRun(cmd, &o.DryRun)
	addYes(cmd, &yes)
	return cmd
}

func addYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVar(yes, "yes", false, "do not ask")
}

func addDryRun(cmd *cobra.Command, dryRun *bool) {
	cmd.Flags().BoolVar(dryRun, "dry-run", false, "print the SQL that would be sent, and change nothing")
}
