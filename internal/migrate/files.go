package migrate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// file is one migration of the folder.
type file struct {
	version int64
	name    string
	inGo    bool // a migration of goose's that is Go code, which a binary of the project's own runs
	// text and script are set by load.
	text   string
	script *script
}

// readFolder lists the migrations of a folder by version. Like goose, it ignores files whose name does not begin with a
// version and an underscore. It does not read the files.
func readFolder(fsys fs.FS, dir string, logger *slog.Logger) ([]*file, error) {
	op := "read the migrations in " + cmp.Or(dir, "the folder")
	entries, err := fs.ReadDir(fsys, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &fault.Error{Code: fault.NotFound, Op: op, Message: "the folder does not exist",
			Hint: "create it and a first migration with `krowoc migrate create NAME`", Err: err}
	} else if err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Err: err}
	}
	var files []*file
	for _, entry := range entries {
		name := entry.Name()
		version, err := goose.NumericComponent(name)
		switch {
		case entry.IsDir() || strings.HasSuffix(name, "_test.go"):
		case err != nil:
			if path.Ext(name) == ".sql" {
				logger.Warn("ignored a file that is not a migration: its name does not begin with a version and an underscore", "file", path.Join(dir, name))
			}
		default:
			files = append(files, &file{version: version, name: name, inGo: path.Ext(name) == ".go"})
		}
	}
	slices.SortStableFunc(files, func(a, b *file) int { return cmp.Compare(a.version, b.version) })
	for i := 1; i < len(files); i++ {
		if a, b := files[i-1], files[i]; a.version == b.version {
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("%s and %s have the same version", a.name, b.name),
				"rename the newer one to the next free number")
		}
	}
	return files, nil
}

// load reads and parses the files that are about to run, so that all of their mistakes are known before
// any of them runs. A migration in Go is refused.
func load(fsys fs.FS, dir string, files []*file) error {
	var mistakes diag.List
	for _, f := range files {
		if f.inGo {
			return fault.New(fault.Invalid, "read the migrations in "+cmp.Or(dir, "the folder"), f.name+" is a migration in Go, but only SQL is supported",
				"apply it with your own goose binary, or rewrite it in SQL")
		}
		text, err := fs.ReadFile(fsys, f.name)
		if err != nil {
			return &fault.Error{Code: fault.Invalid, Op: "read " + path.Join(dir, f.name), Err: err}
		}
		f.text = string(text)
		var m *mistake
		if f.script, m = parse(f.text); m != nil {
			mistakes = append(mistakes, f.mistake(dir, m.line, m.message, m.remedy))
		}
	}
	return mistakes.Err("read the migrations")
}

func (f *file) mistake(dir string, line int, message, remedy string) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "migration-syntax", Position: diag.Position{File: path.Join(dir, f.name), Line: line, Column: 1},
		Source: f.sourceLine(line), Message: message, Remedy: remedy,
	}
}

// sourceLine returns a line of the file, counted from 1, without its end.
func (f *file) sourceLine(n int) string {
	for line := range strings.Lines(f.text) {
		if n--; n == 0 {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}
