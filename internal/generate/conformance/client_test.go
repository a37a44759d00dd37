package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/tsclient"
	"github.com/krowoc/krowoc/internal/schema"
)

// The client asks the prompt platform, and its types are checked where it is used.
func TestTypescriptClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := platform(t)
	types, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range a.Targets() {
		switch target.Name {
		case "typescript-client":
			writeClient(t, dir, "client.ts", target, types)
		case "typescript":
			writeClient(t, dir, "models.ts", target, types)
		}
	}
	// The platform has no subscriptions.
	const events = `type Query { x: Int } type Subscription { voted(id: ID!): Vote! } type Mutation { vote(count: Int!): Vote } type Vote { count: Int! }`
	writeClient(t, dir, "events.ts", tsclient.Target(func(*schema.Schema) (*ast.Schema, error) {
		return gqlparser.LoadSchema(&ast.Source{Input: events})
	}), types)
	if err := os.CopyFS(dir, os.DirFS("testdata/client")); err != nil {
		t.Fatal(err)
	}
	writeExamples(t, dir)
	npmInstall(t, dir)
	for _, name := range []string{"client.ts", "events.ts"} {
		written, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if d := diff.Diff(name, written, "prettier", program(t, dir, "npx", "prettier", name)); len(d) > 0 {
			t.Errorf("%s", d)
		}
	}
	program(t, dir, "npx", "tsc")
	url := serve(t, a)
	if out := string(program(t, dir, "node", "out/use.js", url)); out != "used\n" {
		t.Error(out)
	}
	if out := string(program(t, dir, "node", "out/examples.js", url)); strings.Count(out, "\n") < 5 || !strings.HasSuffix(out, "\nran\n") {
		t.Error(out)
	}
	bundlesTheError(t, dir)
	if out := string(program(t, dir, "node", "out/follow.js")); !strings.HasPrefix(out, "followed") {
		t.Error(out)
	}
}

// writeExamples writes the examples of the documentation as one program, each in a block of its own.
func writeExamples(t *testing.T, dir string) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/generate.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`import { KrowocError, createClient } from "./client.js";
import { PromptCreateSchema } from "./models.js";
const signal = undefined;
const api = createClient({ url: process.argv[2]! + "/graphql", headers: { "Krowoc-Act-As": "8f1c2b7e-4a55-4e0b-9d3e-5b0a6f1c0001" } });
`)
	blocks := strings.Split(string(page), "```ts\n")[1:]
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		b.WriteString("{\n" + strings.Replace(code, `"https://api.example.com/graphql"`, `process.argv[2]! + "/graphql"`, 1) + "}\n")
	}
	b.WriteString("console.log(\"ran\");\n")
	if err := os.WriteFile(filepath.Join(dir, "examples.ts"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if len(blocks) < 5 {
		t.Errorf("only %d examples", len(blocks))
	}
}

// bundlesTheError requires that an app that imports one part of the client does not get the rest.
func bundlesTheError(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "app.mjs"), []byte(`import { KrowocError } from "./client.ts"; console.log(KrowocError.name);`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := program(t, dir, "npx", "esbuild", "app.mjs", "--bundle", "--minify", "--format=esm"); len(out) > 800 {
		t.Errorf("the bundle has %d bytes: %.900s", len(out), out)
	}
}

func writeClient(t *testing.T, dir, name string, target generate.Target, types *schema.Schema) {
	t.Helper()
	changes, err := generate.Plan(generate.Input{Project: "test", Schema: types}, []generate.Job{{Target: target, Out: filepath.Join(dir, name)}})
	if err == nil {
		err = generate.Write(changes, false)
	}
	if err != nil {
		t.Fatal(err)
	}
}
