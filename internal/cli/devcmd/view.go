package devcmd

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/diag"
)

// view shows the events of a session as lines, each behind the name of its part. The terminal gets colour, and the log file
// plain text with times. With --output json the terminal gets one object per event.
type view struct {
	t      *term.Terminal
	screen *term.PartWriter
	log    *term.PartWriter
	least  slog.Level // the lowest level that the terminal shows; the log file gets everything
	quiet  bool       // the terminal shows nothing
}

func newView(t *term.Terminal, log io.Writer, least slog.Level) *view {
	return &view{t: t, screen: t.Parts(), log: term.PlainParts(log), least: least}
}

// event is the JSON form of dev.Event.
type event struct {
	Time        time.Time         `json:"time"`
	Part        string            `json:"part"`
	Level       string            `json:"level"`
	Text        string            `json:"text,omitempty"`
	Request     string            `json:"request,omitempty"`
	Error       *term.ErrorReport `json:"error,omitempty"`
	Diagnostics diag.List         `json:"diagnostics,omitempty"`
	Ready       *dev.State        `json:"ready,omitempty"`
}

// show writes one event. A closed terminal does not end the session.
func (v *view) show(e dev.Event) {
	switch {
	case v.quiet, e.Level < v.least, e.Settled != nil:
	case v.t.Format == term.JSON:
		_ = v.t.JSONLine(jsonEvent(e))
	default:
		_ = v.screen.Lines("", e.Part, body(v.screen, e))
	}
	if e.Settled != nil {
		return
	}
	_ = v.log.Lines(e.Time.Format("15:04:05.000 "), e.Part, body(v.log, e))
}

func body(w *term.PartWriter, e dev.Event) string {
	switch {
	case e.Err != nil:
		return w.Error(e.Err)
	case e.Ready != nil:
		return banner(w, e.Ready)
	case len(e.Mistakes) > 0:
		return w.Diagnostics(e.Mistakes)
	}
	return severity(e.Level) + e.Text + requestMark(e.Request)
}

// severity marks a line as a warning or an error.
func severity(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error: "
	case l >= slog.LevelWarn:
		return "warning: "
	}
	return ""
}

// shortRequest is how many characters of a request ID are shown: enough to tell requests apart.
const shortRequest = 8

// requestMark ends a line that belongs to a request.
func requestMark(id string) string {
	if id == "" {
		return ""
	}
	return " [" + id[max(0, len(id)-shortRequest):] + "]"
}

// banner lists the URLs of the session.
func banner(w *term.PartWriter, r *dev.Ready) string {
	var b strings.Builder
	if len(r.Failed) > 0 {
		fmt.Fprintf(&b, "%s: %s failed, see `krowoc dev logs`; the session applies the files once they are right\n",
			w.Bold(r.Project+" is not complete"), strings.Join(r.Failed, ", "))
	} else {
		fmt.Fprintf(&b, "%s in %s\n", w.Bold(r.Project+" is up"), r.Took.Round(time.Millisecond))
	}
	if r.URL != "" {
		fmt.Fprintf(&b, "  GraphQL   %s/graphql\n  GraphiQL  %s/graphiql\n  Health    %s/healthz\n", r.URL, r.URL, r.URL)
	}
	fmt.Fprintf(&b, "  Postgres  %s\n", r.DatabaseURL)
	for _, l := range r.Links {
		fmt.Fprintf(&b, "  %-9s %s\n", strings.ToUpper(l.Name[:1])+l.Name[1:], l.URL)
	}
	return b.String()
}

func jsonEvent(e dev.Event) event {
	j := event{Time: e.Time, Part: e.Part, Level: strings.ToLower(e.Level.String()), Text: e.Text, Request: e.Request, Diagnostics: e.Mistakes}
	if e.Err != nil {
		report := term.NewErrorReport(e.Err)
		j.Error, j.Text = &report, ""
	}
	if e.Ready != nil {
		j.Ready = &e.Ready.State
	}
	return j
}
