package migrate

import (
	"fmt"
	"strings"
	"time"
)

// directives are what the lines `-- +krowoc …` of a file say, which are comments to goose.
type directives struct {
	lockTimeout, statementTimeout *time.Duration // nil is the run's, 0 is none
	outOfOrder                    bool           // may be applied after newer files
}

const directivePrefix = "-- +krowoc"

// directive acts on such a line.
func (d *directives) directive(line string) *mistake {
	rest, ok := strings.CutPrefix(line, directivePrefix)
	if !ok {
		return nil
	}
	words := strings.Fields(rest)
	if len(words) == 1 && words[0] == "allow_out_of_order" {
		d.outOfOrder = true
		return nil
	}
	timeout := map[string]**time.Duration{"lock_timeout": &d.lockTimeout, "statement_timeout": &d.statementTimeout}
	if len(words) != 2 || timeout[words[0]] == nil {
		return &mistake{message: fmt.Sprintf("`%s` is no directive", line),
			remedy: "`-- +krowoc` is followed by `lock_timeout 2s`, `statement_timeout 1m` or `allow_out_of_order`"}
	}
	value, err := time.ParseDuration(words[1])
	if words[1] != "0" && (err != nil || value < time.Millisecond) {
		return &mistake{message: fmt.Sprintf("%q is no duration", words[1]), remedy: "write 500ms, 2s or 1m, or 0 for no limit"}
	}
	*timeout[words[0]] = &value
	return nil
}
