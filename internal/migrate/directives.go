package migrate

import (
	"fmt"
	"strings"
	"time"
)

// directives are the settings in the `-- +krowoc …` lines of a file. To goose these lines are comments.
type directives struct {
	lockTimeout, statementTimeout *time.Duration // nil uses the run's, 0 is no limit
	outOfOrder                    bool           // may be applied after newer files
	baseline                      bool           // replaces all migrations up to its version
}

// DirectivePrefix is the beginning of a directive line.
const DirectivePrefix = "-- +krowoc"

// IgnoreWord begins a directive that silences a finding of lint.
const IgnoreWord = "ignore"

// ImportedWord begins a directive that names the migration of another tool from which a file was imported.
const ImportedWord = "imported"

// directive parses a line if it is a directive.
func (d *directives) directive(line string) *mistake {
	rest, ok := strings.CutPrefix(line, DirectivePrefix)
	if !ok {
		return nil
	}
	words := strings.Fields(rest)
	flags := map[string]*bool{"allow_out_of_order": &d.outOfOrder, "baseline": &d.baseline}
	if len(words) == 1 && flags[words[0]] != nil {
		*flags[words[0]] = true
		return nil
	}
	if len(words) > 0 && (words[0] == IgnoreWord || words[0] == ImportedWord) {
		return nil // for lint and import
	}
	timeout := map[string]**time.Duration{"lock_timeout": &d.lockTimeout, "statement_timeout": &d.statementTimeout}
	if len(words) != 2 || timeout[words[0]] == nil {
		return &mistake{message: fmt.Sprintf("the directive `%s` is unknown", line),
			remedy: "use one of these after `-- +krowoc`: `lock_timeout 2s`, `statement_timeout 1m`, `allow_out_of_order`, `baseline` or `ignore RULE: reason`"}
	}
	value, err := time.ParseDuration(words[1])
	if words[1] != "0" && (err != nil || value < time.Millisecond) {
		return &mistake{message: fmt.Sprintf("the duration %q is invalid", words[1]), remedy: "use a duration of at least 1ms, such as 500ms, 2s or 1m, or 0 for no limit"}
	}
	*timeout[words[0]] = &value
	return nil
}
