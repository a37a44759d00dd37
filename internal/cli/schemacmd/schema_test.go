package schemacmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/schemacmd"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

func run(t *testing.T, schema string, format term.Format, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"krowoc.yaml": "project: shop\n", "schema.graphql": schema} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	terminal, out, _ := term.Test(nil)
	terminal.Format = format
	cmd := schemacmd.New(factory.New(terminal, factory.Build{}, dir, nil))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		schema                  string
		types, errors, warnings int
	}{
		{"type A @table @auth(rules: []) { id: Int! }\ntype B @table @auth(rules: []) { a: A }\ntype C { x: Int }", 3, 0, 0},
		{"type A @table { id: Int! }", 1, 0, 1}, // without rules nobody reaches it: a warning
		{"type A @tabel @auth(rules: []) { id: Int! x: Strin }", 0, 2, 0},
	} {
		out, err := run(t, c.schema, term.JSON, "check")
		var got struct {
			OK                      bool
			Types, Errors, Warnings int
			Diagnostics             []map[string]any
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if got.Types != c.types || got.Errors != c.errors || got.Warnings != c.warnings || len(got.Diagnostics) != c.errors+c.warnings {
			t.Errorf("%s: %s", c.schema, out)
		}
		if failed := fault.CodeOf(err) == fault.CheckFailed; failed != (c.errors > 0) || got.OK == failed {
			t.Errorf("%s: %v", c.schema, err)
		}
	}
}

func TestPrint(t *testing.T) {
	out, err := run(t, "type Book @table @auth(rules: [{ allow: PUBLIC }]) { title: String! }", term.Text, "print")
	if err != nil || !strings.Contains(out, "type Book") || !strings.Contains(out, "title: String!") {
		t.Errorf("%v\n%s", err, out)
	}
}
