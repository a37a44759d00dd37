// Package term is the terminal of commands: the three standard streams and their capabilities, and functions that write results, errors
// and progress. Results go to Out, everything else goes to Err. It is the only package that styles text.
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

// Format is an output format of commands.
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

// Terminal contains the streams and their capabilities.
type Terminal struct {
	Streams
	InTTY, OutTTY, ErrTTY bool
	Width                 int // columns; 80 if unknown
	Format                Format
	Now                   func() time.Time

	running   atomic.Pointer[Progress] // the progress that was started last
	styles    Styles                   // for Out
	errStyles Styles                   // for Err
}

// New returns a terminal for the streams. It respects NO_COLOR (https://no-color.org), CI, TERM=dumb and COLUMNS, which it reads with
// lookup.
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

// Test returns a non-interactive terminal that writes to buffers, and the buffers.
func Test(in io.Reader) (t *Terminal, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return New(Streams{In: in, Out: out, Err: err}, func(string) (string, bool) { return "", false }), out, err
}

func isTTY(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && xterm.IsTerminal(int(f.Fd()))
}

// Styles are the text styles. Without colour they have no effect.
type Styles struct {
	Bold, Faint, Heading, Good, Warn, Bad, Accent lipgloss.Style

	colour bool
}

func newStyles(w io.Writer, colour bool) Styles {
	r := lipgloss.NewRenderer(w)
	r.SetHasDarkBackground(true) // do not query the terminal: its response could end up in a prompt
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

// Result writes the result of a command: value as JSON with --output json, and text otherwise.
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
