package devcmd

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/cli/term/dashboard"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// queued is how many lines may wait for the screen. A part that writes more has to wait.
const queued = 4096

// runOnScreen runs the session with a dashboard on the terminal. The session ends when the user leaves the dashboard; the
// terminal then shows the error and the last lines of the session.
func runOnScreen(ctx context.Context, f *factory.Factory, a *app.App, o app.DevOptions, log io.Writer) error {
	session, stop := context.WithCancel(ctx)
	defer stop()
	lines := make(chan dashboard.Line, queued)
	v := &view{log: term.PlainParts(log), t: f.Term, quiet: true}
	plain := term.PlainParts(io.Discard)
	shown, closed := context.WithCancel(context.WithoutCancel(ctx)) // until the screen is gone
	defer closed()
	o.Report = func(e dev.Event) {
		v.show(e)
		if e.Settled != nil {
			return
		}
		select {
		case lines <- dashboard.Line{Time: e.Time, Part: e.Part, Level: e.Level, Text: eventText(plain, e), Request: e.Request}:
		case <-shown.Done():
		}
	}
	o.Control = &dev.Control{}
	a.AnnounceDev() // while the line can still be written above the screen
	ended := make(chan error, 1)
	go func() {
		defer close(lines)
		ended <- a.Dev(session, o)
	}()
	err := dashboard.Run(ctx, dashboard.Options{
		Title: a.Config.Project, Parts: parts(session, o.Control, f.Term.Now), Actions: actions(o.Control),
		In: f.Term.In, Out: f.Term.Out, Environ: f.Environ, Now: f.Term.Now,
	}, lines)
	closed()
	stop()
	sessionErr := <-ended
	if ctx.Err() == nil && fault.CodeOf(sessionErr) == fault.Canceled {
		sessionErr = nil // leaving before the stack is up is not an error
	}
	return errors.Join(sessionErr, err)
}

// eventText is the text of an event on the dashboard, which colours levels itself.
func eventText(w *term.PartWriter, e dev.Event) string {
	e.Request = ""
	plainText := (e.Err == nil) && (e.Ready == nil) && (len(e.Mistakes) == 0)
	if plainText {
		return e.Text
	}
	return body(w, e)
}

// measureEvery is how often CPU and memory are measured. Each time reads every process of the machine.
const measureEvery = 2 * time.Second

// parts returns the function that the dashboard calls each second for the state of the parts.
func parts(ctx context.Context, control *dev.Control, now func() time.Time) func() []dashboard.Part {
	var meter dev.Meter
	var used map[int]dev.Usage
	var measured time.Time
	return func() []dashboard.Part {
		statuses := control.Parts()
		if now().Sub(measured) >= measureEvery {
			var pids []int
			for _, p := range statuses {
				if p.PID != 0 {
					pids = append(pids, p.PID)
				}
			}
			used, measured = meter.Measure(ctx, now(), pids), now()
		}
		list := make([]dashboard.Part, 0, len(statuses))
		for _, p := range statuses {
			part := dashboard.Part{Name: p.Name, State: p.State, URL: p.URL, CPU: -1, Memory: -1}
			if u, known := used[p.PID]; known {
				part.CPU, part.Memory = u.CPU, u.Memory
			}
			list = append(list, part)
		}
		return list
	}
}

// actions are the keys of the dashboard.
func actions(control *dev.Control) []dashboard.Action {
	return []dashboard.Action{
		{Key: "r", Name: "restart", PerPart: true, Run: control.Restart},
		{Key: "o", Name: "open", PerPart: true, Run: func(ctx context.Context, part string) error {
			for _, p := range control.Parts() {
				if p.Name == part && p.URL != "" {
					return browse(ctx, p.URL)
				}
			}
			return fault.New(fault.Invalid, "open "+part, "this part has no page")
		}},
		{Key: "s", Name: "seed again", Confirm: "Load the seeds again? Changes to seeded rows are overwritten.",
			Run: func(ctx context.Context, _ string) error { return control.Seed(ctx) }},
		{Key: "x", Name: "reset", Confirm: "Recreate the database? All rows that are not in the seeds are lost.",
			Run: func(ctx context.Context, _ string) error { return control.Reset(ctx) }},
	}
}

// browsers are the programs that open a page, by system.
var browsers = map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}

// browse opens a page in the user's browser.
func browse(ctx context.Context, url string) error {
	command := append(browsers[runtime.GOOS], url)
	if len(command) == 1 {
		command = []string{"xdg-open", url}
	}
	if err := exec.CommandContext(ctx, command[0], command[1:]...).Run(); err != nil {
		return fault.New(fault.Unavailable, "open "+url, err.Error(), "open the URL in a browser yourself")
	}
	return nil
}
