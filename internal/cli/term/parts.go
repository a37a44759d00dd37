package term

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/krowoc/krowoc/internal/diag"
)

// PartWriter writes the log lines of a stack's parts. Each line starts with the name of its part.
type PartWriter struct {
	out    io.Writer
	styles Styles
	colour bool
}

// Parts returns a PartWriter for Out, with colour if Out supports it.
func (t *Terminal) Parts() *PartWriter { return &PartWriter{t.Out, t.styles, t.styles.colour} }

// PlainParts returns a PartWriter without colour, for files.
func PlainParts(w io.Writer) *PartWriter { return &PartWriter{w, newStyles(w, false), false} }

// partColours are the colours of parts. Red is reserved for errors.
var partColours = [...]lipgloss.Color{"6", "5", "4", "2", "3"}

// Lines writes a text of one or more lines. Each line starts with before and the name of the part.
func (p *PartWriter) Lines(before, part, text string) error {
	name := fmt.Sprintf("%-8s |", part)
	if p.colour {
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(part)) // never fails
		name = p.styles.Bold.UnsetBold().Foreground(partColours[sum.Sum32()%uint32(len(partColours))]).Render(name)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		fmt.Fprintf(&b, "%s%s %s\n", before, name, strings.TrimRight(line, "\r\n"))
	}
	_, err := io.WriteString(p.out, b.String())
	return err
}

// Error renders an error like Terminal.Error.
func (p *PartWriter) Error(err error) string { return p.styles.report(NewErrorReport(err)) }

// Diagnostics renders a list.
func (p *PartWriter) Diagnostics(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(p.styles.diagnostic(d))
	}
	return b.String()
}

// Bold renders bold text.
func (p *PartWriter) Bold(text string) string { return p.styles.Bold.Render(text) }

// JSONLine writes a value as one line of JSON to Out.
func (t *Terminal) JSONLine(value any) error { return writeJSONLine(t.Out, value) }
