// Package authcmd implements `krowoc auth`.
package authcmd

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "auth", Short: "Show who may do what, manage API keys and end sessions"}
	key := &cobra.Command{Use: "key", Short: "Create, list and revoke the API keys of machines"}
	key.AddCommand(newCreate(f), newList(f), newRevoke(f))
	token := &cobra.Command{Use: "token", Short: "Inspect access tokens"}
	token.AddCommand(newInspect(f))
	cmd.AddCommand(newMatrix(f), newExplain(f), key, token, newRevokeSessions(f), newWhoAmI(f))
	return cmd
}

// withDatabase calls work with the database of the environment, once its schema krowoc is up to date.
func withDatabase(ctx context.Context, f *factory.Factory, work func(*app.App, *app.Database) error) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	return f.WithDatabase(ctx, a, func(db *app.Database) error {
		if _, err := own.Check(ctx, db); err != nil {
			return err
		}
		return work(a, db)
	})
}

// maxCredential is how many bytes of a credential are read from standard input.
const maxCredential = 64 << 10

// credential returns an argument, or standard input if it is "-".
func credential(f *factory.Factory, argument string) (string, error) {
	if argument != "-" {
		return strings.TrimSpace(argument), nil
	}
	text, err := io.ReadAll(io.LimitReader(f.Term.In, maxCredential))
	if err != nil {
		return "", fault.Wrap("read standard input", err)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return "", fault.New(fault.Invalid, "read standard input", "it is empty", "pipe a token into the command")
	}
	return strings.TrimSpace(string(text)), nil
}
