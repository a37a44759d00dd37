package testkit

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Skip skips a test because something is missing on this machine. If KROWOC_TEST_SKIP is "refuse", as in CI, it fails the test instead.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("KROWOC_TEST_SKIP") == "refuse" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// NeedDocker skips a test if no Docker engine responds.
func NeedDocker(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := exec.CommandContext(ctx, "docker", "info").Run(); err != nil {
		Skip(t, "no Docker engine answers: nothing runs in containers")
	}
}

// Python returns a command that runs Python with Pydantic 2 and mypy: the one in KROWOC_TEST_PYTHON, or python3 if it has both.
func Python(t testing.TB) string {
	t.Helper()
	if command := os.Getenv("KROWOC_TEST_PYTHON"); command != "" {
		return command
	}
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import mypy, pydantic; assert pydantic.VERSION >= '2'").Run(); err != nil {
		Skip(t, "Python with pydantic 2 and mypy is not installed: generated models do not run in Python")
	}
	return "python3"
}
