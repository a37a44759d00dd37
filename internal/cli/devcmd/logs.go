package devcmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// logsOptions are the flags of `dev logs`.
type logsOptions struct {
	Follow bool
	Tail   int    // number of lines; negative for all
	Part   string // print only lines of this part; empty for all
}

// followEvery is how often a followed log is read.
const followEvery = 100 * time.Millisecond

func newLogs(f *factory.Factory) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:       "logs [PART]",
		Short:     "Print the log of the development session",
		Long:      "Print the log of the running session or, if none is running, of the last one.\n\nPART limits the output to one part: dev, postgres, schema, migrate, seed, api, or the name of a service or process.",
		Example:   "krowoc dev logs\nkrowoc dev logs api --follow\nkrowoc dev logs --tail 20",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: []string{"dev", "postgres", "schema", "migrate", "seed", "api"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Part = args[0]
			}
			dir, err := stateDir(f)
			if err != nil {
				return err
			}
			return printLog(cmd.Context(), f.Term.Out, dir, o)
		},
	}
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "keep printing new lines until the session ends or you press Ctrl-C")
	cmd.Flags().IntVar(&o.Tail, "tail", -1, "print only the last `N` lines; -1 prints all")
	return cmd
}

// printLog copies the log to w.
func printLog(ctx context.Context, w io.Writer, dir string, o logsOptions) error {
	file, err := os.Open(dev.LogPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "read the session's log", "no session has run in this project yet", "start one with `krowoc dev`")
	} else if err != nil {
		return fault.Wrap("read the session's log", err)
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	var kept []string
	if err := eachLine(reader, o.Part, func(line string) error { kept = append(kept, line); return nil }); err != nil {
		return err
	}
	if o.Tail >= 0 && len(kept) > o.Tail {
		kept = kept[len(kept)-o.Tail:]
	}
	if _, err := io.WriteString(w, strings.Join(kept, "")); err != nil || !o.Follow {
		return err
	}
	return follow(ctx, w, dir, reader, o.Part)
}

// follow prints new lines until the session has ended. Ctrl-C is the normal way to leave, so it is not an error.
func follow(ctx context.Context, w io.Writer, dir string, reader *bufio.Reader, part string) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		_, ended := dev.Find(dir) // checked before reading, so that no last lines are missed
		err := eachLine(reader, part, func(line string) error { _, err := io.WriteString(w, line); return err })
		if err != nil || ended != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// eachLine calls fn with every line of a part, up to the current end of the log.
func eachLine(r *bufio.Reader, part string, fn func(string) error) error {
	for {
		line, err := r.ReadString('\n')
		wanted := (part == "") || hasPart(line, part)
		if (line != "") && wanted {
			if err := fn(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fault.Wrap("read the session's log", err)
		}
	}
}

// hasPart reports whether a line of the log ("15:04:05.000 api      | …") belongs to a part.
func hasPart(line, part string) bool {
	fields := strings.Fields(line)
	return len(fields) > 1 && fields[1] == part
}
