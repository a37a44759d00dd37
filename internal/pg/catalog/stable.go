package catalog

import (
	"regexp"
	"strings"
)

const element = `'(?:[^']|'')*'::[a-z][a-z ]*`

var (
	castArray   = regexp.MustCompile(`\(ARRAY\[(` + element + `(?:, ` + element + `)*)\]\)::([a-z][a-z ]*)\[\]`)
	castElement = regexp.MustCompile(element)
)

// stable returns a definition in the form that Postgres gives it when it reads it again. A condition such as code IN ('a', 'b') on a varchar
// casts the array to text at first, and each of its elements once it was read from a dump or a migration.
func stable(definition string) string {
	if !strings.Contains(definition, "(ARRAY[") {
		return definition
	}
	return castArray.ReplaceAllStringFunc(definition, func(array string) string {
		parts := castArray.FindStringSubmatch(array)
		return "ARRAY[" + castElement.ReplaceAllString(parts[1], "($0)::"+parts[2]) + "]"
	})
}

// settle makes the definitions of tables stable.
func (p *parts) settle() {
	for i := range p.constraints {
		p.constraints[i].Definition = stable(p.constraints[i].Definition)
	}
	for i := range p.indexes {
		x := &p.indexes[i]
		x.Definition, x.Predicate = stable(x.Definition), stable(x.Predicate)
	}
}
