package factory

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// ScratchFlags adds the flags that say where scratch databases are made; url is the name of the one for an existing server.
func ScratchFlags(flags *pflag.FlagSet, o *scratch.Options, url string) {
	flags.StringVar((*string)(&o.Engine), "engine", string(scratch.Native), "how to run the Postgres of the scratch databases: `native` or docker")
	flags.StringVar(&o.URL, url, "", "`URL` of a server to make the scratch databases on")
}

// WithScratch does something on a server for scratch databases.
func (f *Factory) WithScratch(ctx context.Context, a *app.App, o scratch.Options, work func(*scratch.Server) error) (err error) {
	o.Progress = f.Fetching()
	s, err := a.Scratch(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	return work(s)
}
