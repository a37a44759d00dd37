package dbcmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/dbcmd"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func run(t *testing.T, environ factory.Environ, args ...string) (string, error) {
	t.Helper()
	dir := testkit.Folder(t)
	for name, text := range map[string]string{"krowoc.yaml": "project: shop\n", "schema.graphql": "type Book @table @auth(rules: []) { title: String! }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	terminal, out, _ := term.Test(nil)
	terminal.Format = term.JSON
	cmd := dbcmd.New(factory.New(terminal, factory.Build{}, dir, append(environ, os.Environ()...)))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// The URL has the password: programs connect with it.
func TestURLIsThatOfTheEnvironment(t *testing.T) {
	url := testkit.DatabaseURL(t)
	out, err := run(t, factory.Environ{"KROWOC_DATABASE_URL=" + url}, "url")
	var got struct{ URL string }
	if err != nil || json.Unmarshal([]byte(out), &got) != nil || got.URL != url {
		t.Errorf("%v: %s, not %s", err, out, url)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{"url", "extra"}, {"restore"}, {"test", "drop"}} {
		if out, err := run(t, factory.Environ{"KROWOC_DATABASE_URL=postgres://127.0.0.1:1/none"}, args...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
}
