package factory

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// ScratchFlags adds the flags that choose the Postgres for scratch databases. url is the name of the flag for an existing server.
func ScratchFlags(flags *pflag.FlagSet, o *scratch.Options, url string) {
	flags.StringVar((*string)(&o.Engine), "engine", string(scratch.Native), "run the Postgres for scratch databases with this `engine`: native or docker")
	flags.StringVar(&o.URL, url, "", "create scratch databases on the server at `URL` instead; its role needs CREATEDB")
}

// WithScratch calls work with a server on which it can create scratch databases.
func (f *Factory) WithScratch(ctx context.Context, a *app.App, o scratch.Options, work func(*scratch.Server) error) (err error) {
	o.Progress, o.InMemory = f.Fetching(), true // nothing in it outlives the command
	s, err := a.Scratch(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	return work(s)
}
