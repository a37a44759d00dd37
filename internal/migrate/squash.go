package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Squash is a baseline: one migration that replaces the oldest ones.
type Squash struct {
	Version  int64    `json:"version"`
	File     string   `json:"file"`     // of the baseline
	Replaces []string `json:"replaces"` // files
	Text     string   `json:"-"`

	Irreversible []string `json:"irreversible,omitempty"` // replaced files without a down section; the baseline has none then
}

const squashOp = "squash the migrations"

// NewSquash combines all files up to a version into one with that version, so a database that has the version has the baseline.
// With transaction, the baseline runs in one transaction and creates indexes without CONCURRENTLY. With irreversible it may replace
// files without a down section, and then has none itself.
func NewSquash(fsys fs.FS, dir string, to int64, name string, transaction, irreversible bool) (Squash, error) {
	files, err := readFolder(fsys, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return Squash{}, err
	}
	last := slices.IndexFunc(files, func(f *file) bool { return f.version == to })
	if last < 1 {
		return Squash{}, fault.New(fault.NotFound, squashOp, fmt.Sprintf("a squash needs at least two files up to an existing version; %d does not qualify", to), "list the versions with `krowoc migrate status`")
	}
	files = files[:last+1]
	if err := load(fsys, dir, files); err != nil {
		return Squash{}, err
	}
	digits, _, _ := strings.Cut(files[last].name, "_")
	s := Squash{Version: to, File: digits + "_" + slugOf(name) + ".sql"}
	var up, down strings.Builder
	for i, f := range files {
		s.Replaces = append(s.Replaces, f.name)
		writeSection(&up, f, Up, transaction)
		undone := files[len(files)-1-i]
		if len(undone.script.down) == 0 && len(undone.script.up) > 0 {
			if !irreversible {
				return Squash{}, fault.New(fault.Conflict, squashOp, undone.name+" has no down section, so the baseline cannot be rolled back",
					"add statements that undo its up section, or `SELECT 1;` if there is nothing to undo; to write a baseline without a down section, pass --irreversible")
			}
			s.Irreversible = append(s.Irreversible, undone.name)
		}
		writeSection(&down, undone, Down, transaction)
	}
	if len(s.Irreversible) > 0 { // the other down sections alone would restore nothing
		down.Reset()
		fmt.Fprintf(&down, "-- Irreversible: no down section in %s.\n", strings.Join(s.Irreversible, ", "))
	}
	head := fmt.Sprintf("%s baseline\n-- Replaces the migrations up to %s.\n", DirectivePrefix, strings.TrimSuffix(files[last].name, ".sql"))
	if !transaction {
		head = "-- +goose NO TRANSACTION\n" + head
	}
	s.Text = head + "-- +goose Up\n" + up.String() + "\n-- +goose Down\n" + down.String()
	return s, nil
}

// writeSection writes one section of a file with its comments.
func writeSection(b *strings.Builder, f *file, d Direction, transaction bool) {
	var lines []string
	section := Direction("")
	for line := range strings.Lines(f.text) {
		line = strings.TrimRight(line, "\r\n")
		note := strings.ToLower(strings.TrimSpace(line))
		_, ignores := strings.CutPrefix(note, DirectivePrefix+" "+IgnoreWord)
		switch {
		case strings.HasPrefix(note, "-- +goose up"):
			section = Up
		case strings.HasPrefix(note, "-- +goose down"):
			section = Down
		case section != d || strings.HasPrefix(note, "-- +goose no transaction") || (strings.HasPrefix(note, DirectivePrefix) && !ignores):
		default:
			lines = append(lines, line)
		}
	}
	text := strings.Trim(strings.Join(lines, "\n"), "\n")
	if text == "" {
		return
	}
	if transaction {
		for _, s := range f.script.statements(d) {
			text = strings.Replace(text, s.text, withoutConcurrently(s.text), 1)
		}
	}
	fmt.Fprintf(b, "\n-- %s\n%s\n", f.name, text)
	if strings.Contains(strings.ToLower(text), "-- +goose envsub on") {
		b.WriteString("-- +goose ENVSUB OFF\n")
	}
}

// withoutConcurrently removes the word from a statement that creates, drops or rebuilds an index.
func withoutConcurrently(sql string) string {
	words := strings.Fields(strings.ToLower(sqltext.Normalise(sql)))
	if len(words) == 0 || !slices.Contains(words, "concurrently") || !slices.Contains([]string{"create", "drop", "reindex"}, words[0]) {
		return sql
	}
	var b strings.Builder
	for rest := sql; len(rest) > 0; {
		n, _ := sqltext.Token(rest)
		if n < 0 {
			return sql
		}
		if strings.EqualFold(rest[:n], "concurrently") {
			rest = strings.TrimLeft(rest[n:], " \t")
			continue
		}
		b.WriteString(rest[:n])
		rest = rest[n:]
	}
	return b.String()
}

// Write replaces the files in dir with the baseline, and updates krowoc.sum if it exists. If anything fails, it restores the
// files.
func (s Squash) Write(dir string) (err error) {
	sums, err := ReadSums(os.DirFS(dir))
	if err != nil {
		return err
	}
	aside, err := os.MkdirTemp(dir, ".squash-")
	if err != nil {
		return fileFault(squashOp, err)
	}
	var moved []string
	path := filepath.Join(dir, s.File)
	defer func() {
		if err == nil {
			err = os.RemoveAll(aside)
			return
		}
		if !slices.Contains(s.Replaces, s.File) || slices.Contains(moved, s.File) {
			err = errors.Join(err, removeIfThere(path))
		}
		for _, name := range moved {
			err = errors.Join(err, os.Rename(filepath.Join(aside, name), filepath.Join(dir, name)))
		}
		err = errors.Join(err, os.Remove(aside))
	}()
	for _, name := range s.Replaces {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(aside, name)); err != nil {
			return fileFault(squashOp, err)
		}
		moved = append(moved, name)
		delete(sums, name)
	}
	if err := atomicfile.Write(path, []byte(s.Text), 0o644); err != nil {
		return fileFault(squashOp, err)
	}
	if sums == nil {
		return nil
	}
	f := &file{name: s.File, version: s.Version}
	if err := load(os.DirFS(dir), dir, []*file{f}); err != nil {
		return err
	}
	sums[s.File] = f.sum()
	return sums.Write(dir)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
