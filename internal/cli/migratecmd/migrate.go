// Package migratecmd implements `krowoc migrate`.
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
		Short: "Write, check, apply and roll back SQL migrations",
		Long: `Write, check, apply and roll back the SQL migrations of the project. Krowoc uses the file format and the version table of goose,
so an existing goose folder works unchanged.

Several processes can run "migrate up" at the same time: one applies the migrations and the others wait. A file is applied
completely or not at all, unless it contains "-- +goose NO TRANSACTION" or ends its transaction itself.`,
	}
	cmd.AddCommand(newUp(f), newDown(f), newRedo(f), newTo(f), newStatus(f), newCreate(f), newHash(f), newRepair(f), newDiff(f), newSave(f), newImport(f), newLint(f), newSquash(f), newVerify(f), newDrift(f))
	return cmd
}

func newUp(f *factory.Factory) *cobra.Command {
	var o migrate.Options
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Apply all pending migrations",
		Long: `Apply all pending migrations in the order of their versions. A statement that waits too long for a lock is canceled, so that it
does not block other queries, and its file is retried.`,
		Example: "krowoc migrate up\nkrowoc migrate up --dry-run\nkrowoc migrate up --env production --rollback-on-failure --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return migrateDatabase(cmd.Context(), f, "up", o, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Up(ctx) })
		},
	}
	addDryRun(cmd, &o.DryRun)
	cmd.Flags().BoolVar(&o.AllowMissing, "allow-missing", false, "also apply files that are older than the newest applied one")
	cmd.Flags().BoolVar(&o.RollbackOnFailure, "rollback-on-failure", false, "when a file fails, roll back the files that this run applied")
	return cmd
}

func newDown(f *factory.Factory) *cobra.Command {
	var o migrate.Options
	var steps int
	var to int64
	var yes bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Roll back the last migration, or several",
		Long: `Roll back the last migration. --steps rolls back several, and --to all above a version. The command first counts the rows and
values that this would delete, and asks for confirmation.

A file whose down section is empty cannot be rolled back. --irreversible deletes its record only; what it made stays.`,
		Example: "krowoc migrate down\nkrowoc migrate down --steps 3 --dry-run\nkrowoc migrate down --to 5 --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (steps < 1) || (to < 0) {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate down", "--steps must be at least 1, and --to at least 0"))
			}
			down := func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Down(ctx, steps) }
			if cmd.Flags().Changed("to") {
				down = func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.DownTo(ctx, to) }
			}
			return migrateConfirmed(cmd.Context(), f, "down", o, yes, down)
		},
	}
	cmd.Flags().IntVar(&steps, "steps", 1, "roll back the last `N` migrations")
	cmd.Flags().Int64Var(&to, "to", 0, "roll back all migrations above this `version`; 0 rolls back everything")
	cmd.MarkFlagsMutuallyExclusive("steps", "to")
	addIrreversible(cmd, &o.Irreversible)
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
			return migrateConfirmed(cmd.Context(), f, "redo", o, yes, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Redo(ctx) })
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
		Short: "Migrate the database up or down to a version",
		Long: `Migrate the database to a version. When the version is not applied yet, the command applies all migrations up to it. Otherwise
it asks for confirmation and rolls back all migrations above it. Version 0 rolls back everything.`,
		Example: "krowoc migrate to 5\nkrowoc migrate to 0 --yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if (err != nil) || (version < 0) {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate to "+args[0], "the version must be a whole number of at least 0",
					"`krowoc migrate status` lists all versions"))
			}
			return migrateConfirmed(cmd.Context(), f, "to", o, yes, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.To(ctx, version) })
		},
	}
	addIrreversible(cmd, &o.Irreversible)
	addDryRun(cmd, &o.DryRun)
	addYes(cmd, &yes)
	return cmd
}

func addYes(cmd *cobra.Command, yes *bool) {
	factory.YesFlag(cmd.Flags(), yes)
}

func addIrreversible(cmd *cobra.Command, irreversible *bool) {
	cmd.Flags().BoolVar(irreversible, "irreversible", false, "also roll back files without a down section: only their record is deleted, and what they made stays")
}

func addDryRun(cmd *cobra.Command, dryRun *bool) {
	cmd.Flags().BoolVar(dryRun, "dry-run", false, "print the SQL and change nothing")
}
