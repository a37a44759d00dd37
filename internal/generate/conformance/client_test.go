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
		if target.Name == "typescript-client" {
			writeClient(t, dir, "client.ts", target, types)
		}
	}
	// The API has no subscriptions yet; the client has.
	const events = `type Query { x: Int } type Subscription { voted(id: ID!): Vote! } type Mutation { vote(count: Int!): Vote } type Vote { count: Int! }`
	writeClient(t, dir, "events.ts", tsclient.Target(func(*schema.Schema) (*ast.Schema, error) {
		return gqlparser.LoadSchema(&ast.Source{Input: events})
	}), types)
	if err := os.CopyFS(dir, os.DirFS("testdata/client")); err != nil {
		t.Fatal(err)
	}
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
	if out := string(program(t, dir, "node", "out/use.js", serve(t, a))); out != "used\n" {
		t.Error(out)
	}
	if out := string(program(t, dir, "node", "out/follow.js")); !strings.HasPrefix(out, "followed") {
		t.Error(out)
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
