package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
)

// vacant rejects a folder with existing files, unless they may be overwritten and are all fixtures.
func vacant(dir, name string, overwrite bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0):
		return nil
	case err != nil:
		return &fault.Error{Code: fault.Invalid, Op: op, Message: name + " is not a readable folder", Hint: "Name a folder with --out.", Err: err}
	case !overwrite:
		return fault.New(fault.Conflict, op, name+" is not empty", "Name another folder with --out, or replace the fixtures in it with --yes")
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.Type().IsRegular() || (ext != ".yaml" && ext != ".yml") {
			return fault.New(fault.Conflict, op, fmt.Sprintf("%s contains %s, which is not a fixture", name, e.Name()), "A dump replaces only folders of fixtures. Name another one with --out.")
		}
	}
	return nil
}

// replaced replaces a folder. It fills a temporary folder and then renames it. After an error, the old folder is unchanged.
func replaced(dir string, fill func(staging string) error) (err error) {
	parent := filepath.Dir(dir)
	_, missing := os.Stat(parent)
	if err := os.MkdirAll(parent, 0o755); err != nil { //nolint:gosec // fixtures are source files
		return err
	}
	work, err := os.MkdirTemp(parent, ".krowoc-dump-")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, os.RemoveAll(work)); err != nil && missing != nil {
			_ = os.Remove(parent) // it is empty, or another program uses it
		}
	}()
	staging, old := filepath.Join(work, "new", filepath.Base(dir)), filepath.Join(work, "old")
	if err := os.MkdirAll(staging, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	if err := fill(staging); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(staging, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}

// partBytes is the size from which a part of a file is checked and written.
const partBytes = 256 << 10

// file is a file that is being written. A part of it is in memory.
type file struct {
	*os.File
	table     []byte                        // its line
	part      bytes.Buffer                  // the line of the table and some of the rows
	read      func(before int, text []byte) // reads a part back
	lines     int                           // that have been written
	templates bool                          // a text contains double braces
}

const heading = "# Written by krowoc seed dump.\n"

// writeFile writes a file of rows of a table.
func writeFile(name, table string, fill func(*file) error) (err error) {
	f := &file{table: []byte(table + ":\n"), lines: 1}
	if f.File, err = os.Create(name); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := fmt.Fprintf(f, "%s%s", heading, f.table); err != nil {
		return err
	}
	f.part.Write(f.table)
	if err := fill(f); err != nil {
		return err
	}
	if err := f.flush(0); err != nil || !f.templates {
		return err
	}
	return f.withoutTemplates(name)
}

// flush writes the part, if it is larger than a size.
func (f *file) flush(size int) error {
	if f.part.Len() <= max(size, len(f.table)) {
		return nil
	}
	text := f.part.Bytes()
	f.read(f.lines, text)
	rows := text[len(f.table):]
	f.templates = f.templates || bytes.Contains(rows, []byte("{{"))
	f.lines += bytes.Count(rows, []byte("\n"))
	f.part = *bytes.NewBuffer(slices.Clone(f.table))
	_, err := f.Write(rows)
	return err
}

// withoutTemplates adds the line that keeps double braces in the texts of a file from being read as templates.
func (f *file) withoutTemplates(name string) (err error) {
	out, err := os.Create(name + ".new")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := out.WriteString(heading + "templates: false\n"); err != nil {
		return err
	}
	if _, err := f.Seek(int64(len(heading)), io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(out, f); err != nil {
		return err
	}
	return os.Rename(out.Name(), name)
}
