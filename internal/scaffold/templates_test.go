package scaffold_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/cli"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/scaffold"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Every combination of choices gives a project that passes its own CI, and whose front end and models build.
func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, template := range scaffold.Templates {
		for _, frontend := range scaffold.Frontends {
			for _, ci := range scaffold.CIs {
				t.Run(strings.Join([]string{template, frontend, ci}, " "), func(t *testing.T) {
					t.Parallel()
					dir := testkit.Folder(t)
					args := []string{"new", "made", "--yes", "--template", template, "--frontend", frontend, "--ci", ci}
					if ci == "none" { // once for each of the others
						args = append(args, "--module", "example.com/made")
					}
					inFolder(t, dir, args...)
					dir = filepath.Join(dir, "made")
					inFolder(t, dir, "ci")
					if ci != "none" {
						return
					}
					asksAPI(t, dir, scaffold.Options{Template: template}.Plural())
					run(t, dir, "go", "mod", "tidy")
					run(t, dir, "go", "vet", "./...")
					if frontend == "react" { // TestFrontEnd uses it
						if _, err := exec.LookPath("npm"); err != nil {
							testkit.Skip(t, "npm is not installed: the front end is not built")
						}
						web := filepath.Join(dir, "web")
						run(t, web, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline")
						run(t, web, "npm", "run", "build")
					}
				})
			}
		}
	}
}

// asksAPI demands that the API of `krowoc dev` has rows of the example.
func asksAPI(t *testing.T, dir, list string) {
	t.Helper()
	at := devSession(t, dir).JoinPath("graphql")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.String(), strings.NewReader(`{"query": "{ `+list+` { totalCount nodes { title } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.HasPrefix(string(text), `{"data":{"`+list+`":{"totalCount":`) || !strings.Contains(string(text), `"title":"`) {
		t.Errorf("the API answers %s %s (%v)", response.Status, text, err)
	}
}

func inFolder(t *testing.T, dir string, args ...string) {
	t.Helper()
	var out, stderr bytes.Buffer
	if code := cli.Main(t.Context(), cli.Process{
		Args: args, Streams: term.Streams{Out: &out, Err: &stderr}, Environ: factory.Environ(os.Environ()), Dir: dir,
	}); code != cli.ExitDone {
		t.Fatalf("krowoc %s: code %d\n%s%s", strings.Join(args, " "), code, &out, &stderr)
	}
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
