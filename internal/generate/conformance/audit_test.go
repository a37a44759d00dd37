package conformance_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
)

// The server passes the audits of the GraphQL-over-HTTP specification, MUST and SHOULD alike:
// https://github.com/graphql/graphql-http.
func TestGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("npm"); err != nil {
		testkit.Skip(t, "npm is not installed: the audits of GraphQL over HTTP are not run")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/audit")); err != nil {
		t.Fatal(err)
	}
	npmInstall(t, dir)
	out := strings.TrimSpace(string(program(t, dir, "node", "audit.js", serve(t, platform(t))+"/graphql")))
	lines := strings.Split(out, "\n")
	for _, line := range lines {
		if !strings.HasPrefix(line, "ok ") {
			t.Error(line)
		}
	}
	for _, id := range []string{"572B", "FDE2", "7B9B"} { // errors as application/json have the status 200
		if !strings.Contains(out, "ok "+id+" ") {
			t.Errorf("the audit %s is not among\n%s", id, out)
		}
	}
	if len(lines) < 60 {
		t.Errorf("only %d audits have run", len(lines))
	}
}
