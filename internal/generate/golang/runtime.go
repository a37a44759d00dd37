package golang

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

// The code that every generated package needs, as files that compile and are tested themselves. A package gets them as one file.
var (
	//go:embed runtime/optional.go
	optionalSource string
	//go:embed runtime/scalar.go
	scalarSource string
	//go:embed runtime/validate.go
	validateSource string
)

// checkSource is the code that expressions of @check need.
//
//go:embed runtime/check.go
var checkSource string

// runtime returns files of the runtime as one file with the name of the generated package.
func (m *model) runtime(sources ...string) []byte {
	standard, others := map[string]bool{}, map[string]bool{}
	var bodies strings.Builder
	for _, source := range sources {
		_, source, _ = strings.Cut(source, "\nimport (\n")
		imports, body, _ := strings.Cut(source, ")\n")
		bodies.WriteString(body)
		for line := range strings.Lines(imports) {
			switch {
			case strings.Contains(line, "."):
				others[line] = true
			case line != "\n":
				standard[line] = true
			}
		}
	}
	group := func(lines map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(lines)), "") }
	imports := group(standard)
	if len(others) > 0 {
		imports += "\n" + group(others)
	}
	return []byte("package " + m.pkg + "\n\nimport (\n" + imports + ")\n" + bodies.String())
}
