package dashboard

import (
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// keep is how many rows of the log are kept.
const keep = 10_000

// row is one line of the log as it is shown.
type row struct {
	at      time.Time
	part    string
	level   slog.Level
	text    string
	request string
}

// rows are the log: oldest first.
type rows []row

// add adds the lines of l.
func (r rows) add(l Line) rows {
	for text := range strings.SplitSeq(strings.TrimRight(l.Text, "\n"), "\n") {
		r = append(r, row{l.Time, l.Part, l.Level, plain(text), l.Request})
	}
	if len(r) > keep+keep/10 { // not at each line
		r = append(rows(nil), r[len(r)-keep:]...)
	}
	return r
}

// plain returns what people read of a text. Control sequences are dropped, all of them: whoever writes a log may be hostile, and
// they move the cursor, set titles and more.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, ansi.Strip(strings.ToValidUTF8(text, "\uFFFD")))
}

// filter says which rows are shown.
type filter struct {
	part    string     // "" is all
	least   slog.Level // of levels
	request string     // "" is all
	search  string     // lower case; "" is all
}

func (f filter) lets(r row) bool {
	return (f.part == "" || r.part == f.part) && r.level >= f.least && (f.request == "" || r.request == f.request) &&
		(f.search == "" || strings.Contains(strings.ToLower(r.text), f.search))
}

// last returns the n rows that the filter lets through before the newest skip of them, oldest first.
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

// count returns how many rows the filter lets through.
func (r rows) count(f filter) (n int) {
	for _, row := range r {
		if f.lets(row) {
			n++
		}
	}
	return n
}
