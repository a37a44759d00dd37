package sdl_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

const manual = "../../../docs/schema.md"

// Every example in the manual is a schema without a mistake.
func TestExamplesInTheManual(t *testing.T) {
	blocks := strings.Split(read(t, manual), "```graphql\n")[1:]
	if len(blocks) < 10 {
		t.Fatalf("only %d examples", len(blocks))
	}
	for i, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		_, list := sdl.Parse(sdl.Source{Name: fmt.Sprintf("example-%d.graphql", i+1), Text: code})
		list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Code == "no-auth-rules" })
		if len(list) > 0 {
			t.Error(list.Error())
		}
	}
}

// The manual shows every directive with every argument.
func TestManualIsComplete(t *testing.T) {
	text := read(t, manual)
	var directive string
	for line := range strings.Lines(sdl.Directives()) {
		if name, ok := strings.CutPrefix(line, "directive @"); ok {
			directive, _, _ = strings.Cut(strings.TrimSpace(name), "(")
		}
		name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		if directive == "" || !ok || !strings.HasPrefix(line, "  ") || strings.Contains(name, `"`) {
			continue
		}
		if !strings.Contains(text, "@"+directive+"(") || !strings.Contains(text, name) {
			t.Errorf("@%s(%s:) is not in %s", directive, name, manual)
		}
	}
}
