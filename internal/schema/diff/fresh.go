package diff

import (
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// fresh compares how recent a log-in must be. Clients that do not know the error for a log-in that is too old fail where one is asked for.
func (c *comparison) fresh(path string, old, f schema.Fresh) {
	if ops := tightened(old, f); ops != "" {
		c.add("fresh-tightened", path, Breaking, Safe, Safe, "%s now asks for a log-in within %s", ops, schema.FormatDuration(f.Within))
	}
	if ops := tightened(f, old); ops != "" {
		c.add("fresh-relaxed", path, Dangerous, Safe, Safe, "%s no longer asks for a log-in within %s", ops, schema.FormatDuration(old.Within))
	}
}

// tightened returns the operations for which b asks for a more recent log-in than a.
func tightened(a, b schema.Fresh) string {
	var list []string
	for _, op := range schema.Operations {
		if within := b.For(op); within > 0 && within < orAnyTime(a.For(op)) {
			list = append(list, string(op))
		}
	}
	return strings.Join(list, ", ")
}

// orAnyTime returns a duration, or one without end where no log-in is asked for.
func orAnyTime(within time.Duration) time.Duration {
	if within == 0 {
		return 1<<63 - 1
	}
	return within
}
