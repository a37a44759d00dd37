package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asProgram makes the test binary behave as krowoc with what a release's linker sets: nothing has to be built for a test.
const asProgram = "KROWOC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		version, commit, date = "9.8.7", "abc", "2026-01-01T00:00:00Z"
		main()
	}
	os.Exit(m.Run())
}

// krowoc runs the program in an empty folder.
func krowoc(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), asProgram+"=1")
	return cmd
}

func TestVersionIsWhatTheLinkerSets(t *testing.T) {
	out, err := krowoc(t, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "krowoc 9.8.7 (commit abc, 2026-01-01T00:00:00Z, go") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestExitCodeReachesTheProcess(t *testing.T) {
	cmd := krowoc(t, "no-such-command")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// A pipe that nobody reads is an error of a write, not a signal that ends the process with its work half done.
func TestClosedPipe(t *testing.T) {
	cmd := krowoc(t, "config", "schema")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe.Close()
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code < 0 {
		t.Errorf("ended by %s", cmd.ProcessState)
	}
}

// BenchmarkVersion is the time that every command spends before its own code: the goal is 20 ms. It builds what releases are, and shares the
// compiled packages with them.
func BenchmarkVersion(b *testing.B) {
	program := filepath.Join(b.TempDir(), "krowoc")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for b.Loop() {
		if err := exec.CommandContext(b.Context(), program, "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
