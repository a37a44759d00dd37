// Command krowoc builds a Postgres platform from one GraphQL schema.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/krowoc/krowoc/internal/cli"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// The linker sets these in releases. In other builds they are empty, and the build information of Go is used.
var version, commit, date string

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)                            // a second Ctrl-C kills the process
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // writing to a closed pipe is an error and does not kill the process
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
