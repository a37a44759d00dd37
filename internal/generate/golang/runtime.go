package golang

import (
	_ "embed"
	"strings"
)

// runtimeSource is the code that every generated package needs, as a file that compiles and is tested itself.
//
//go:embed runtime/runtime.go
var runtimeSource string

// checkSource is the code that expressions of @check need.
//
//go:embed runtime/check.go
var checkSource string

// runtime returns a file of the runtime with the name of the generated package.
func (m *model) runtime(source string) []byte {
	_, body, _ := strings.Cut("\n"+source, "\npackage runtime\n")
	return []byte("package " + m.pkg + "\n" + body)
}
