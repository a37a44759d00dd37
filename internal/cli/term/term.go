// Package term is the terminal as commands see it: the three streams, what they can show, and the forms in
// which results, errors and progress are written. Results go to Out, everything else to Err. It is the only
// package that styles text.
package term

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	xterm "golang.org/x/term"
)

// Format is the form in which a command reports.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// Streams are the standard streams of the process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Terminal is the streams together with what they can show.
type Terminal struct {
	Streams
	InTTY, OutTTY, ErrTTY bool
	Width                 int // columns; 80 when nothing tells
	Format                Format
	Now                   func() time.Time

	running   atomic.Pointer[Progress] // the last that was started
	styles    Styles                   // for Out
	errStyles Styles                   // for Err
}

// New inspects the streams. It honours NO_COLOR (https://no-color.org), CI, TERM=dumb and COLUMNS, which
// it reads through lookup.
func New(s Streams, lookup func(string) (string, bool)) *Terminal {
	t := &Terminal{Streams: s, Width: 80, Format: Text, Now: time.Now,
		InTTY: isTTY(s.In), OutTTY: isTTY(s.Out), ErrTTY: isTTY(s.Err)}
	set := func(name string) bool { v, _ := lookup(name); return v != "" }
	if term, _ := lookup("TERM"); term == "dumb" || set("CI") {
		t.InTTY, t.OutTTY, t.ErrTTY = false, false, false
	}
	for _, stream := range []any{s.Out, s.Err} {
		if f, ok := stream.(interface{ Fd() uintptr }); ok {
			if w, _, err := xterm.GetSize(int(f.Fd())); err == nil && w > 0 {
				t.Width = w
				break
			}
		}
	}
	if columns, _ := lookup("COLUMNS"); columns != "" {
		if n, err := strconv.Atoi(columns); err == nil && n > 0 {
			t.Width = n
		}
	}
	colour := !set("NO_COLOR")
	t.styles, t.errStyles = newStyles(s.Out, t.OutTTY && colour), newStyles(s.Err, t.ErrTTY && colour)
	return t
}

// Test returns a terminal over buffers, which is none, together with what is written to it.
func Test(in io.Reader) (t *Terminal, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return New(Streams{In: in, Out: out, Err: err}, func(string) (string, bool) { return "", false }), out, err
}

func isTTY(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && xterm.IsTerminal(int(f.Fd()))
}

// Styles are the few ways in which text is set off. Where colour is off they change nothing.
type Styles struct {
	Bold, Faint, Heading, Good, Warn, Bad, Accent lipgloss.Style

	colour bool
}

func newStyles(w io.Writer, colour bool) Styles {
	r := lipgloss.NewRenderer(w)
	r.SetHasDarkBackground(true) // never ask the terminal: the answer could end up in a prompt
	r.SetColorProfile(termenv.Ascii)
	if colour {
		r.SetColorProfile(termenv.ANSI)
	}
	style := r.NewStyle()
	return Styles{
		Bold: style.Bold(true), Faint: style.Faint(true), Heading: style.Bold(true),
		Good: style.Foreground(lipgloss.Color("2")), Warn: style.Foreground(lipgloss.Color("3")),
		Bad: style.Foreground(lipgloss.Color("1")).Bold(true), Accent: style.Foreground(lipgloss.Color("6")), colour: colour,
	}
}

// Styles returns the styles for Out.
func (t *Terminal) Styles() Styles { return t.styles }

// ErrStyles returns the styles for Err.
func (t *Terminal) ErrStyles() Styles { return t.errStyles }

// Result writes what a command found: value as JSON when that was asked for, and text otherwise.
func (t *Terminal) Result(value any, text func() error) error {
	if t.Format == JSON {
		return writeJSON(t.Out, value)
	}
	return text()
}

func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

func writeJSONLine(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(value)
}
