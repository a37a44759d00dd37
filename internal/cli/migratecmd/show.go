package migratecmd

import (
	"cmp"
	"fmt"
	"time"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/migrate"
)

// progress shows each file when it is done. With --output text the lines are the result, on standard output; with JSON it
// shows nothing.
type progress struct{ t *term.Terminal }

func newProgress(t *term.Terminal) progress { return progress{t} }

func (p progress) report(e migrate.Event) {
	switch e.Kind {
	case migrate.Waiting:
		fmt.Fprintf(p.t.Err, "waiting for the migration lock, held by %s\n", p.holder(e.Holder))
		return
	case migrate.Blocked:
		for _, b := range e.Blockers {
			fmt.Fprintf(p.t.Err, "%s is waiting for %s (pid %d), which has been %s for %s\n", e.File, cmp.Or(b.Application, "another connection"), b.PID, b.State, b.QueryAge.Round(time.Millisecond))
		}
		return
	case migrate.Retrying:
		fmt.Fprintf(p.t.Err, "%s: %v; retrying in %s\n", e.File, e.Err, e.After.Round(time.Millisecond))
		return
	}
	if p.t.Format == term.JSON {
		return
	}
	s := p.t.Styles()
	mark, took := map[migrate.Direction]string{migrate.Up: "↑", migrate.Down: "↓"}[e.Direction], ""
	switch e.Kind {
	case migrate.Done:
		mark, took = s.Good.Render(mark), s.Faint.Render(fmt.Sprintf("%.1f ms", milliseconds(e.Duration)))
	case migrate.Failed:
		mark = s.Bad.Render("✗")
	default:
		return
	}
	fmt.Fprintf(p.t.Out, "%s %s  %s\n", mark, e.File, took)
}

func (p progress) holder(h *migrate.Holder) string {
	where := ""
	if h.Host != "" {
		where = " on " + h.Host
	}
	return fmt.Sprintf("%s (pid %d%s, since %s)", cmp.Or(h.Application, "another connection"), h.PID, where, h.Since.Local().Format(time.DateTime))
}

// preview prints the SQL of a dry run.
func preview(t *term.Terminal, r report) {
	for _, m := range r.Migrations {
		fmt.Fprintf(t.Out, "-- %s, %s\n%s\n", m.File, m.Direction, m.SQL)
	}
	if len(r.Migrations) == 0 {
		fmt.Fprintln(t.Err, "nothing to do")
	}
}

func summarise(t *term.Terminal, r report) {
	switch n := len(r.Migrations); n {
	case 0:
		fmt.Fprintln(t.Err, "nothing to do")
	case 1:
		fmt.Fprintf(t.Err, "1 migration in %.0f ms\n", r.DurationMs)
	default:
		fmt.Fprintf(t.Err, "%d migrations in %.0f ms\n", n, r.DurationMs)
	}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}
