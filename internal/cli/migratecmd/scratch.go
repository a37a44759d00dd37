package migratecmd

import (
	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/app"
)

// addScratch adds the flags that say where scratch databases are made.
func addScratch(flags *pflag.FlagSet, o *app.ScratchOptions) {
	flags.StringVar((*string)(&o.Engine), "engine", string(app.Native), "how to run the Postgres of the scratch databases: `native` or docker")
	flags.StringVar(&o.URL, "url", "", "`URL` of a server to make the scratch databases on")
}
