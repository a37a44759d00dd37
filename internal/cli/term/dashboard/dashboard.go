// Package dashboard is the terminal interface of a running stack. It shows the parts and their log lines, and has keys for actions. It does
// not depend on the kinds of parts.
package dashboard

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Line is a log entry of a part.
type Line struct {
	Time    time.Time
	Part    string
	Level   slog.Level
	Text    string // one or more lines; control sequences are removed
	Request string // ID of the request that it belongs to, or ""
}

// Part is a row of the table.
type Part struct {
	Name, State string // ready, starting, failed, …
	URL         string
	CPU         float64 // percent of one core; negative if unknown
	Memory      int64   // bytes; negative if unknown
}

// Action is an action of a key, for the chosen part or the whole stack.
type Action struct {
	Key, Name string
	Confirm   string // a question to confirm first; empty means none
	PerPart   bool
	Run       func(ctx context.Context, part string) error
}

// Options configure the dashboard.
type Options struct {
	Title   string
	Parts   func() []Part // called every second
	Actions []Action
	In      io.Reader
	Out     io.Writer
	Environ []string
	Now     func() time.Time
}

// linesMsg contains the lines since the last redraw. endMsg means that no more lines follow.
type (
	linesMsg []Line
	endMsg   struct{}
	partsMsg []Part
	doneMsg  struct {
		action string
		err    error
	}
)

// The shortest interval of redraws, and the interval of reading the parts.
const (
	batch     = 40 * time.Millisecond
	askEvery  = time.Second
	maxQueued = 2000 // lines of one batch; further lines replace the oldest ones
)

// Run shows the dashboard until ctx ends, lines is closed or the user quits. It then restores the terminal.
func Run(ctx context.Context, o Options, lines <-chan Line) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The program does not get ctx but is asked to quit: a killed program keeps reading the terminal after it has returned.
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

// feed passes lines in batches and the state of the parts to the program, until ctx ends or lines is closed.
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
