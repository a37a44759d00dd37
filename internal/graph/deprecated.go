package graph

import "github.com/krowoc/krowoc/internal/schema/sdl"

// deprecated prints the directive of a field, a value or an input field; "" where there is no reason.
func deprecated(reason string) string {
	if reason == "" {
		return ""
	}
	return " @deprecated(reason: " + sdl.Quote(reason) + ")"
}
