// Command krowoc takes a GraphQL schema to a production Postgres platform.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/krowoc/krowoc/internal/cli"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// Set by the linker in releases; otherwise the build information tells.
var version, commit, date string

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)                            // a second Ctrl-C kills
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // writing to a closed pipe is an error, not the end
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return cli.Main(ctx, cli.Process{
		Args:    os.Args[1:],
		Streams: term.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
		Environ: os.Environ(),
		Dir:     dir,
		Build:   cli.BuildInfo(version, commit, date),
	})
}
