package request

import "strings"

// Clip returns at most n bytes of a text that a client or another service chose, for a log, a trace or a message. A text that is longer ends
// with an ellipsis. The result is valid UTF-8.
func Clip(text string, n int) string {
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "") + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
