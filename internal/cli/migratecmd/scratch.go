package migratecmd

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
)

// addScratch adds the flags that say where scratch databases are made.
func addScratch(flags *pflag.FlagSet, o *app.ScratchOptions) {
	flags.StringVar((*string)(&o.Engine), "engine", string(app.Native), "how to run the Postgres of the scratch databases: `native` or docker")
	flags.StringVar(&o.URL, "url", "", "`URL` of a server to make the scratch databases on")
}

// withScratch runs work with a scratch server.
func withScratch(ctx context.Context, f *factory.Factory, a *app.App, o app.ScratchOptions, work func(*app.Scratch) error) (err error) {
	o.Progress = f.Fetching()
	s, err := a.Scratch(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	return work(s)
}
