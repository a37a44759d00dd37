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

// logsOptions are what the flags of `dev logs` say.
type logsOptions struct {
	Follow bool
	Tail   int    // lines; negative is all
	Part   string // only this part's lines; empty is all
}

// followEvery is how often a followed log is looked at.
const followEvery = 100 * time.Millisecond

func newLogs(f *factory.Factory) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:       "logs [PART]",
		Short:     "Print the log of the development session",
		Long:      "Print the log of the running session, or of the last one. PART is dev, postgres, schema, migrate, seed, api, or a service or process.",
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
			return logs(cmd.Context(), f.Term.Out, dir, o)
		},
	}
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on printing until the session ends or Ctrl-C")
	cmd.Flags().IntVar(&o.Tail, "tail", -1, "print only the last `N` lines")
	return cmd
}

// logs copies the log to w.
func logs(ctx context.Context, w io.Writer, dir string, o logsOptions) error {
	file, err := os.Open(dev.LogPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "read the session's log", "there is none", "Start a session with `krowoc dev`.")
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

// follow prints what is added until the session has ended; Ctrl-C is how a person leaves, and no error.
func follow(ctx context.Context, w io.Writer, dir string, reader *bufio.Reader, part string) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		_, ended := dev.Find(dir) // before reading, so that the last lines are not missed
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

// eachLine calls fn with every line of a part up to the end of what is there.
func eachLine(r *bufio.Reader, part string, fn func(string) error) error {
	for {
		line, err := r.ReadString('\n')
		if line != "" && (part == "" || hasPart(line, part)) {
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

// hasPart reports whether a line of the log ("15:04:05.000 api      | …") is of a part.
func hasPart(line, part string) bool {
	fields := strings.Fields(line)
	return len(fields) > 1 && fields[1] == part
}
