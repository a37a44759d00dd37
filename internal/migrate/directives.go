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
	baseline                      bool           // stands for all files up to it
}

// DirectivePrefix is what such a line begins with.
const DirectivePrefix = "-- +krowoc"

// IgnoreWord begins a directive that silences a finding of lint.
const IgnoreWord = "ignore"

// ImportedWord begins a directive that says which migration of another tool a file was made of.
const ImportedWord = "imported"

// directive acts on such a line.
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
		return nil // lint reads the one, and import the other
	}
	timeout := map[string]**time.Duration{"lock_timeout": &d.lockTimeout, "statement_timeout": &d.statementTimeout}
	if len(words) != 2 || timeout[words[0]] == nil {
		return &mistake{message: fmt.Sprintf("`%s` is no directive", line),
			remedy: "`-- +krowoc` is followed by `lock_timeout 2s`, `statement_timeout 1m`, `allow_out_of_order`, `baseline` or `ignore RULE: reason`"}
	}
	value, err := time.ParseDuration(words[1])
	if words[1] != "0" && (err != nil || value < time.Millisecond) {
		return &mistake{message: fmt.Sprintf("%q is no duration", words[1]), remedy: "write 500ms, 2s or 1m, or 0 for no limit"}
	}
	*timeout[words[0]] = &value
	return nil
}
