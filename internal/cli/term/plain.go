package term

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Plain returns a text as one line without control sequences: line ends and tabs become spaces. It removes all other control characters and
// those that change the direction of text, because a hostile program or client could use them to move the cursor, set the title of the
// window, or show what is not there.
func Plain(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, ansi.Strip(text))
}

// PlainLines returns a text of several lines, each as by Plain.
func PlainLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Plain(line)
	}
	return strings.Join(lines, "\n")
}
