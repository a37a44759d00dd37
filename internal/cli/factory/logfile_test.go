package factory

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
)

// A log begins a new file at its size, loses no line, and is for its user alone.
func TestLogFileRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "server.log")
	l, err := openLogFile(path, 1, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(l, nil))
	const count = 3000
	for i := range count {
		log.Info(strings.Repeat("x", 1000), "i", i)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.log"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v %v", files, err)
	}
	seen := 0
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() > 1<<20 {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if !json.Valid(line) {
				t.Errorf("%s: %.80s", file, line)
			}
			seen++
		}
	}
	if seen != count {
		t.Errorf("%d of %d lines are in the files", seen, count)
	}
}

// A path that cannot be written is an error at once, with what to do.
func TestLogFileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(file, "server.log")} {
		_, err := openLogFile(path, 1, os.Stderr)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "log.file") || fault.HintOf(err) == "" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// failing is a file on a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrInvalid }
func (failing) Close() error              { return nil }

func TestLinesThatCannotBeWrittenGoElsewhere(t *testing.T) {
	var fallback bytes.Buffer
	slog.New(slog.NewJSONHandler(&logFile{failing{}, &fallback}, nil)).Info("serving")
	if !strings.Contains(fallback.String(), "serving") {
		t.Errorf("the line is lost: %q", fallback.String())
	}
}
