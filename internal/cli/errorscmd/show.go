package errorscmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

func newShow(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show FINGERPRINT",
		Short: "Show an error with samples of its occurrences",
		Long: `Show an error with its releases, its counts of the last 24 hours and its newest samples. The request ID of a sample finds its lines in
the log, and the trace ID its trace. A beginning of the fingerprint is enough.`,
		Example: "krowoc errors show 3f2a9bc4\nkrowoc errors show 3f2a9bc4 --output json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return show(cmd.Context(), f, args[0]) },
	}
}

func show(ctx context.Context, f *factory.Factory, fingerprint string) error {
	return withDatabase(ctx, f, func(db *app.Database) error {
		found, err := errorlog.Find(ctx, db.Pool, fingerprint, f.Term.Now().Add(-24*time.Hour))
		if err != nil {
			return err
		}
		return f.Term.Result(found, func() error { return renderError(f.Term, found) })
	})
}
