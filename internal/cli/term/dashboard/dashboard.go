// Package dashboard is the terminal interface of a stack that runs: its parts, what they write, and keys to act on them. It knows
// nothing of what the parts are.
package dashboard

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Line is something that a part has written.
type Line struct {
	Time    time.Time
	Part    string
	Level   slog.Level
	Text    string // of one or more lines; what is not text in it is dropped
	Request string // id of the request that it is about, or ""
}

// Part is a row of the table.
type Part struct {
	Name, State string // ready, starting, failed, …
	URL         string
	CPU         float64 // percent of one core; negative where it is not known
	Memory      int64   // bytes; negative where it is not known
}

// Action is something that a key does, to the part that is chosen where it needs one.
type Action struct {
	Key, Name string
	Confirm   string // a question to ask before; empty asks none
	PerPart   bool
	Run       func(ctx context.Context, part string) error
}

// Options say what to show.
type Options struct {
	Title   string
	Parts   func() []Part // asked every second
	Actions []Action
	In      io.Reader
	Out     io.Writer
	Environ []string
	Now     func() time.Time
}

// linesMsg are lines that came since the last redraw; endMsg says that there will be no more.
type (
	linesMsg []Line
	endMsg   struct{}
	partsMsg []Part
	doneMsg  struct {
		action string
		err    error
	}
)

// How often the screen changes, at most, and how often the parts are asked.
const (
	batch     = 40 * time.Millisecond
	askEvery  = time.Second
	maxQueued = 2000 // lines of one batch: what is more pushes out the first
)

// Run shows the dashboard until ctx ends, lines ends or the person leaves. The terminal is then as it was.
func Run(ctx context.Context, o Options, lines <-chan Line) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The program is asked to end rather than given ctx: one that is killed still reads the terminal after it has returned.
	p := tea.NewProgram(newModel(ctx, o), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Environ),
		tea.WithoutSignalHandler(), tea.WithFPS(30))
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		feed(ctx, p, o, lines)
	}()
	_, err := p.Run()
	cancel()
	<-fed
	if errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}

// feed hands lines on in batches, and asks for the parts, until there is nothing more to hand on.
func feed(ctx context.Context, p *tea.Program, o Options, lines <-chan Line) {
	flush, ask := time.NewTicker(batch), time.NewTicker(askEvery)
	defer flush.Stop()
	defer ask.Stop()
	p.Send(partsMsg(o.Parts()))
	var queued linesMsg
	for {
		select {
		case <-ctx.Done():
			p.Quit()
			return
		case l, more := <-lines:
			if !more {
				p.Send(queued)
				p.Send(endMsg{})
				return
			}
			if queued = append(queued, l); len(queued) > maxQueued {
				queued = queued[1:]
			}
		case <-flush.C:
			if len(queued) > 0 {
				p.Send(queued)
				queued = nil
			}
		case <-ask.C:
			p.Send(partsMsg(o.Parts()))
		}
	}
}
