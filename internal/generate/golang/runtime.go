package golang

import (
	_ "embed"
	"strings"
)

// runtimeSource is what every generated package needs, as a file of its own that compiles and is tested.
//
//go:embed runtime/runtime.go
var runtimeSource string

// runtime returns it with the package's name.
func (m *model) runtime() []byte {
	_, body, _ := strings.Cut(runtimeSource, "package runtime\n")
	return []byte("package " + m.pkg + "\n" + body)
}

func (m *model) checks(goType, string, func(goField) bool) []string { return nil }
