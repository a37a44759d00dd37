package typescript

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

func models(t *testing.T, text string) string {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	files, err := Target().Files(generate.Input{Project: "shop", Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	return string(files[0].Content)
}

// sources are schemas that use few and many helpers.
func sources(t *testing.T) []string {
	t.Helper()
	platform, err := os.ReadFile("../../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"type T @table @auth(rules: []) { id: Int! a: Boolean v: Vector }", string(platform),
		"type T @table @auth(rules: []) { a: Int @check(expr: \"this.a > 1 || this.b.startsWith('x')\") b: String @length(max: 3) }",
	}
}

// A file compiles with noUnusedLocals: what it declares and does not export, it uses.
func TestNothingIsUnused(t *testing.T) {
	for _, source := range sources(t) {
		text := models(t, source)
		for _, m := range regexp.MustCompile(`(?m)^(?:const|type) (\$\w+)`).FindAllStringSubmatch(text, -1) {
			if strings.Count(text, m[1]) < 2 {
				t.Errorf("%s is not used", m[1])
			}
		}
	}
}

// A bundler keeps a call at the top level unless it is marked as pure.
func TestNothingRunsAtTheTopLevel(t *testing.T) {
	call := regexp.MustCompile(`^(?:export )?const \w[\w: <>$\[\]]* = (?:z\.\w+|\$\w+)\(`)
	for _, source := range sources(t) {
		for line := range strings.Lines(models(t, source)) {
			if call.MatchString(strings.ReplaceAll(line, "const $", "const ")) {
				t.Errorf("not marked as pure: %s", line)
			}
		}
	}
}

func TestPrunedKeepsWhatIsUsed(t *testing.T) {
	const runtime = "import * as z from \"zod\";\n\n/** B. */\nexport type B = string;\n\ntype $Limits = {};\nconst $a = ($: $Limits) => {};\n\n/** Unused. */\nconst $b = () => $a();\n"
	for body, want := range map[string]string{
		"$a()": "import * as z from \"zod\";\n\n/** B. */\nexport type B = string;\n\ntype $Limits = {};\nconst $a = ($: $Limits) => {};\n",
		"":     "import * as z from \"zod\";\n\n/** B. */\nexport type B = string;\n",
		"$b()": runtime,
	} {
		if got := pruned(runtime, body); got != want {
			t.Errorf("%q: %s", body, got)
		}
	}
}
