package dashboard

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/cli/term"
)

// keep is the number of log rows kept.
const keep = 10_000

// row is one displayed line of the log.
type row struct {
	at      time.Time
	part    string
	level   slog.Level
	text    string
	request string
}

// rows are the rows of the log, oldest first.
type rows []row

// add adds the lines of l.
func (r rows) add(l Line) rows {
	for text := range strings.SplitSeq(strings.TrimRight(l.Text, "\n"), "\n") {
		r = append(r, row{l.Time, l.Part, l.Level, term.Plain(text), l.Request})
	}
	if len(r) > keep+keep/10 { // in batches, because copying is expensive
		r = append(rows(nil), r[len(r)-keep:]...)
	}
	return r
}

// filter selects the rows to show.
type filter struct {
	part    string     // "" means all
	least   slog.Level // the lowest level
	request string     // "" means all
	search  string     // lower case; "" means all
}

func (f filter) lets(r row) bool {
	return (f.part == "" || r.part == f.part) && r.level >= f.least && (f.request == "" || r.request == f.request) &&
		(f.search == "" || strings.Contains(strings.ToLower(r.text), f.search))
}

// last returns n rows that match the filter, oldest first. It skips the newest skip matching rows.
func (r rows) last(f filter, n, skip int) (shown rows) {
	for i := len(r) - 1; i >= 0 && len(shown) < n; i-- {
		switch {
		case !f.lets(r[i]):
		case skip > 0:
			skip--
		default:
			shown = append(shown, r[i])
		}
	}
	slices.Reverse(shown)
	return shown
}

// count returns the number of rows that match the filter.
func (r rows) count(f filter) (n int) {
	for _, row := range r {
		if f.lets(row) {
			n++
		}
	}
	return n
}
