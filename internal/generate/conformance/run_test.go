package conformance_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/krowoc/krowoc/internal/testkit"
)

func program(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &stderr)
	}
	return out
}

// goModule makes the folder a module that may use what this one does.
func goModule(t *testing.T, dir string) {
	t.Helper()
	sums, err := os.ReadFile("../../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	module := "module matrix\n\ngo 1.26.0\n\nrequire github.com/jackc/pgx/v5 v5.12.0\n"
	for name, text := range map[string][]byte{"go.mod": []byte(module), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program(t, dir, "go", "mod", "tidy")
	if unformatted := program(t, dir, "gofmt", "-l", "models"); len(unformatted) > 0 {
		t.Errorf("gofmt would change %s", unformatted)
	}
}

// nodeModules compiles the TypeScript, which must be formatted as prettier does.
func nodeModules(t *testing.T, dir string) {
	t.Helper()
	npmInstall(t, dir)
	written, err := os.ReadFile(filepath.Join(dir, "models.ts"))
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff("models.ts", written, "prettier", program(t, dir, "npx", "prettier", "models.ts")); len(d) > 0 {
		t.Errorf("%s", d)
	}
	program(t, dir, "npx", "tsc")
}

// installed are the node_modules of each package.json: tests that have the same one share them.
var installed struct {
	sync.Mutex
	root   string
	folder map[string]string
}

// npmInstall gives a folder the node_modules that its package.json asks for.
func npmInstall(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		testkit.Skip(t, "npm is not installed: what is generated for TypeScript is not run")
	}
	wanted, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	installed.Lock()
	defer installed.Unlock()
	shared := installed.folder[string(wanted)]
	if shared == "" {
		if shared, err = os.MkdirTemp(installed.root, ""); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shared, "package.json"), wanted, 0o600); err != nil {
			t.Fatal(err)
		}
		program(t, shared, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline")
		installed.folder[string(wanted)] = shared
	}
	if err := os.Symlink(filepath.Join(shared, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

// checkedPython returns Python when mypy and black have nothing to say of the models.
func checkedPython(t *testing.T, dir string) string {
	t.Helper()
	python := testkit.Python(t)
	program(t, dir, python, "-m", "mypy", "--strict", "--cache-dir", "/tmp/mypy", "models.py")
	program(t, dir, python, "-m", "black", "--check", "--diff", "--quiet", "models.py")
	return python
}
