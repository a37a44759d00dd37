package adopt

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// flywayPlaceholder is what Flyway replaces in a file, also in texts.
var flywayPlaceholder = regexp.MustCompile(`\$\{[A-Za-z_][^}\s]*\}`)

// placeholders lists the placeholders of a file: V2__x.sql:3: ${schema}. It leaves out lines that are comments, and a file whose settings turn
// placeholders off.
func placeholders(fsys fs.FS, name, body string) (found []string) {
	if keepsPlaceholders([]fs.FS{fsys}, name+".conf") {
		return nil
	}
	for n, line := range strings.Split(body, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			continue
		}
		for _, p := range flywayPlaceholder.FindAllString(line, -1) {
			found = append(found, fmt.Sprintf("%s:%d: %s", name, n+1, p))
		}
	}
	return found
}

// flywayKeepsPlaceholders matches the setting that turns placeholders off, in the formats of flyway.conf and flyway.toml.
var flywayKeepsPlaceholders = regexp.MustCompile(`(?mi)^\s*(?:flyway\.)?placeholderReplacement\s*=\s*"?false"?\s*$`)

// keepsPlaceholders reports whether a settings file in some folders turns placeholders off.
func keepsPlaceholders(folders []fs.FS, names ...string) bool {
	for _, folder := range folders {
		for _, name := range names {
			text, err := fs.ReadFile(folder, name)
			if err == nil && flywayKeepsPlaceholders.Match(text) {
				return true
			}
		}
	}
	return false
}

// shownPlaceholders is how many placeholders an error lists.
const shownPlaceholders = 10

// checkPlaceholders refuses files whose SQL is complete only when Flyway runs it. settings are the folders that may have its settings.
func checkPlaceholders(found []string, settings []fs.FS) error {
	if len(found) == 0 || keepsPlaceholders(settings, "flyway.conf", "flyway.toml", "conf/flyway.conf") {
		return nil
	}
	more := ""
	if n := len(found) - shownPlaceholders; n > 0 {
		found, more = found[:shownPlaceholders], fmt.Sprintf(" and %d more", n)
	}
	return fault.New(fault.Conflict, "", "the files have placeholders, which Flyway replaces when it runs them: "+strings.Join(found, ", ")+more,
		"if Flyway runs them with placeholderReplacement=false, write that line to flyway.conf in the folder; otherwise "+
			"import a copy of the folder in which each placeholder is replaced with its value; "+
			"for a value that differs between databases, import ${NAME} as $NAME and put the statement between `-- +goose ENVSUB ON` and OFF afterwards")
}
