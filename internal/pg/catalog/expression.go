package catalog

import (
	"regexp"
	"strings"
)

var (
	castArray   = regexp.MustCompile(`\(ARRAY\[(` + literal + `(?:, ` + literal + `)*)\]\)::([a-z][a-z ]*)\[\]`)
	castElement = regexp.MustCompile(literal)
)

const literal = `'(?:[^']|'')*'::[a-z][a-z ]*`

// settled returns a definition as Postgres prints it after a dump and a restore. The first time, it prints `v IN ('a', 'b')` of a varchar as
// a cast of the array, and then as an array of casts.
func settled(line string) string {
	if !strings.Contains(line, "(ARRAY[") {
		return line
	}
	return castArray.ReplaceAllStringFunc(line, func(match string) string {
		parts := castArray.FindStringSubmatch(match)
		return "ARRAY[" + castElement.ReplaceAllString(parts[1], "($0)::"+parts[2]) + "]"
	})
}
