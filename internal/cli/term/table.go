package term

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/krowoc/krowoc/internal/diag"
)

// Table collects rows and writes them. On a terminal, it aligns them under a styled header. Elsewhere, it writes one line per row with
// tabs between the cells and without a header, for programs such as cut and awk.
type Table struct {
	t      *Terminal
	header []string
	rows   [][]string
}

// Cell is a text with a style for terminals.
type Cell struct {
	Text  string
	Style lipgloss.Style
}

// NewTable returns an empty table.
func (t *Terminal) NewTable(header ...string) *Table { return &Table{t: t, header: header} }

// Row adds a row. A time.Time is formatted as by Time, a Cell with its style, and any other value as by fmt.Sprint.
func (tb *Table) Row(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = tb.text(cell)
	}
	tb.rows = append(tb.rows, row)
}

func (tb *Table) text(cell any) string {
	switch c := cell.(type) {
	case time.Time:
		return tb.t.Time(c)
	case Cell:
		return c.Style.Render(Plain(c.Text))
	}
	return Plain(fmt.Sprint(cell))
}

// Flush writes the table to Out.
func (tb *Table) Flush() error {
	out := bufio.NewWriter(tb.t.Out)
	if !tb.t.OutTTY {
		for _, row := range tb.rows {
			fmt.Fprintln(out, strings.Join(row, "\t"))
		}
		return out.Flush()
	}
	widths := make([]int, len(tb.header))
	for _, row := range append([][]string{tb.header}, tb.rows...) {
		for i := range min(len(row), len(widths)) {
			widths[i] = max(widths[i], lipgloss.Width(row[i]))
		}
	}
	styled := make([]string, len(tb.header))
	for i, name := range tb.header {
		styled[i] = tb.t.styles.Heading.Render(name)
	}
	for _, row := range append([][]string{styled}, tb.rows...) {
		writeAligned(out, row, widths)
	}
	return out.Flush()
}

func writeAligned(out io.Writer, row []string, widths []int) {
	var b strings.Builder
	for i, cell := range row {
		b.WriteString(cell)
		if i < len(row)-1 && i < len(widths) {
			b.WriteString(strings.Repeat(" ", widths[i]-lipgloss.Width(cell)+2))
		}
	}
	fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
}

// Time formats a time: relative to now on a terminal, such as "3 minutes ago", and as RFC 3339 elsewhere. The zero time is a dash.
func (t *Terminal) Time(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	if !t.OutTTY {
		return at.UTC().Format(time.RFC3339)
	}
	d := t.Now().Sub(at)
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := int(d / unit.length); n == 1 {
			return "1 " + unit.name + " ago"
		} else if n > 1 {
			return fmt.Sprintf("%d %ss ago", n, unit.name)
		}
	}
	if d < -time.Second {
		return at.UTC().Format(time.RFC3339)
	}
	return "now"
}

// Count returns a number with its noun: 1 file, 2 files.
func Count(n int, noun string) string { return diag.Count(n, noun) }
