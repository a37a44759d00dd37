package errorlog

import (
	"strings"
	"unicode"
)

// storable removes from a text of several lines what Postgres cannot store, and the characters with which a client could control the
// terminal on which the list is read, or change the order of what is shown there.
func storable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// oneLine is storable for a text that has one line.
func oneLine(s string) string { return strings.ReplaceAll(storable(s), "\n", "") }
