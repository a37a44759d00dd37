package schema

import (
	"slices"
	"strings"
	"time"
)

// Fresh asks callers for a recent log-in, in addition to the rules of a type or a field. The zero value asks for none.
type Fresh struct {
	Within     time.Duration // how long ago the log-in may be at most
	Operations []Operation   // that ask for it; never empty if Within is set
}

// For returns how long ago the log-in of a caller may be for an operation; 0 if the operation does not ask for one.
func (f Fresh) For(op Operation) time.Duration {
	if !slices.Contains(f.Operations, op) {
		return 0
	}
	return f.Within
}

// FormatDuration returns a duration as people write it: 5m, 1h30m.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
