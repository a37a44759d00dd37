package golang

import (
	_ "embed"
	"strings"
)

// runtimeSource is what every generated package needs, as a file of its own that compiles and is tested.
//
//go:embed runtime/runtime.go
var runtimeSource string

// checkSource is what expressions of @check need.
//
//go:embed runtime/check.go
var checkSource string

// runtime returns a file of the runtime with the package's name.
func (m *model) runtime(source string) []byte {
	_, body, _ := strings.Cut("\n"+source, "\npackage runtime\n")
	return []byte("package " + m.pkg + "\n" + body)
}
