package errorscmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

// shortFingerprint is how much of a fingerprint a table shows.
const shortFingerprint = 8

func renderList(t *term.Terminal, l errorlog.Listing) error {
	fmt.Fprintln(t.Err, t.ErrStyles().Faint.Render(summary(l)))
	if len(l.Errors) == 0 {
		return nil
	}
	table := t.NewTable("ERROR", "COUNT", "LAST SEEN", "CATEGORY", "WHERE", "MESSAGE", "TREND")
	for _, e := range l.Errors {
		table.Row(e.Fingerprint[:shortFingerprint], e.Count, e.LastSeen, category(t, e), where(e), e.Message, Sparkline(e.Trend))
	}
	return table.Flush()
}

// summary says how many errors of which categories there were.
func summary(l errorlog.Listing) string {
	var total int64
	var parts []string
	for _, c := range l.Categories {
		total += c.Count
		if c.Count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.Count, c.Category))
		}
	}
	since := " since " + l.Since.UTC().Format("2006-01-02 15:04 UTC")
	if total == 0 {
		return "no errors" + since
	}
	return term.Count(int(total), "error") + since + ": " + strings.Join(parts, ", ")
}

func category(t *term.Terminal, e errorlog.Error) term.Cell {
	style := t.Styles().Warn
	if e.Category.OfServer() {
		style = t.Styles().Bad
	}
	return term.Cell{Text: string(e.Category), Style: style}
}

func where(e errorlog.Error) string { return string(e.Edge) + " " + e.Place }

func renderError(t *term.Terminal, e errorlog.Error) error {
	table := t.NewTable("FIELD", "VALUE")
	table.Row("error", e.Fingerprint)
	table.Row("category", category(t, e))
	table.Row("where", where(e))
	table.Row("message", e.Message)
	table.Row("count", fmt.Sprintf("%d, of them %d in 24 hours", e.Total, e.Count))
	table.Row("trend", Sparkline(e.Trend))
	table.Row("first seen", e.FirstSeen)
	table.Row("last seen", e.LastSeen)
	table.Row("first release", e.FirstRelease)
	table.Row("last release", e.LastRelease)
	if err := table.Flush(); err != nil {
		return err
	}
	for _, s := range e.Samples {
		fmt.Fprintln(t.Out)
		sample := t.NewTable("SAMPLE", "")
		sample.Row("time", s.Time)
		for _, field := range [][2]string{
			{"release", s.Release}, {"environment", s.Environment}, {"operation", s.Operation}, {"page", s.Page},
			{"request ID", s.RequestID}, {"correlation ID", s.CorrelationID}, {"trace ID", s.TraceID},
		} {
			if field[1] != "" {
				sample.Row(field[0], field[1])
			}
		}
		if err := sample.Flush(); err != nil {
			return err
		}
		if s.Stack != "" {
			fmt.Fprintln(t.Out, term.PlainLines(s.Stack))
		}
	}
	return nil
}

// Sparkline draws counts as bars, the highest of which is full; a dot is none.
func Sparkline(counts []int64) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	most := slices.Max(append([]int64{1}, counts...))
	var b strings.Builder
	for _, n := range counts {
		if n == 0 {
			b.WriteRune('·')
			continue
		}
		b.WriteRune(bars[(n*int64(len(bars))-1)/most])
	}
	return b.String()
}
