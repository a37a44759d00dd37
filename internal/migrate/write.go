package migrate

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Draft is a migration to write.
type Draft struct {
	Version       string // digits; empty is the next one
	Name          string // the file name after the version
	Note          string // a comment for readers of the file; may be empty
	NoTransaction bool
	Directives    []string // the `-- +krowoc` lines without that prefix
	Up, Down      []string // statements without semicolons, optionally with comments above
}

// Text returns the content of the file.
func (d Draft) Text() string {
	var b strings.Builder
	if d.NoTransaction {
		b.WriteString("-- +goose NO TRANSACTION\n")
	}
	for _, directive := range d.Directives {
		b.WriteString(DirectivePrefix + " " + directive + "\n")
	}
	if d.Note != "" {
		b.WriteString("-- " + d.Note + "\n")
	}
	section := func(name string, statements []string) {
		b.WriteString("-- +goose " + name + "\n")
		for i, s := range statements {
			if i > 0 && (strings.Contains(s, "\n") || strings.Contains(statements[i-1], "\n")) {
				b.WriteByte('\n')
			}
			comments, s := cutComments(s)
			b.WriteString(comments)
			switch {
			case s == "": // only a comment, such as the reason why there is no rollback
			case goosePiece(s):
				b.WriteString(s + ";\n")
			default:
				b.WriteString("-- +goose StatementBegin\n" + s + ";\n-- +goose StatementEnd\n")
			}
		}
	}
	section("Up", d.Up)
	b.WriteByte('\n')
	section("Down", d.Down)
	return b.String()
}

// cutComments splits a statement after its leading comments.
func cutComments(s string) (comments, sql string) {
	at := 0
	for at < len(s) {
		n, blank := sqltext.Token(s[at:])
		if !blank || n < 0 {
			break
		}
		at += n
	}
	if comments = strings.TrimSpace(s[:at]); comments != "" {
		comments += "\n"
	}
	return comments, s[at:]
}

// goosePiece reports whether goose reads sql as one statement: only the last line ends with a semicolon, and no line looks like
// a comment.
func goosePiece(sql string) bool {
	parsed, m := parse("-- +goose Up\n" + sql + ";\n")
	return m == nil && len(parsed.up) == 1 && parsed.up[0].text == sql+";"
}

// Number returns the drafts with the versions that Write would give them in dir.
func Number(dir string, drafts []Draft, now time.Time) ([]Draft, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fileFault("number the migrations", err)
	}
	files, err := readFolder(os.DirFS(dir), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	numbered := slices.Clone(drafts)
	for i := range numbered {
		d := &numbered[i]
		if d.Version, err = nextVersion(files, now, Auto); err != nil {
			return nil, fault.Wrap("number the migrations", err)
		}
		files = append(files, &file{version: d.Number(), name: d.FileName()})
	}
	return numbered, nil
}

// FileName returns the name of the file of a numbered draft.
func (d Draft) FileName() string { return d.Version + "_" + slugOf(d.Name) + ".sql" }

// Number returns the version as a number, or 0 if it is empty.
func (d Draft) Number() int64 {
	n, _ := strconv.ParseInt(d.Version, 10, 64) // "" is 0
	return n
}

const writeOp = "write the migrations"

// Write writes all drafts or none into dir with the next versions, and returns their paths.
func Write(dir string, drafts []Draft, now time.Time) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fileFault(writeOp, err)
	}
	files, err := readFolder(os.DirFS(dir), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			for _, p := range paths {
				err = errors.Join(err, os.Remove(p))
			}
			paths = nil
		}
	}()
	for _, d := range drafts {
		f, err := d.file(files, now)
		if err != nil {
			return paths, err
		}
		files = append(files, f)
		path := filepath.Join(dir, f.name)
		if err := createFile(path, d.Text()); err != nil {
			return paths, fileFault(writeOp, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// file returns the name and version of a draft's file among the files of its folder.
func (d Draft) file(files []*file, now time.Time) (*file, error) {
	slug := slugOf(d.Name)
	if slug == "" || len(slug) > maxNameLength {
		return nil, fault.New(fault.Invalid, writeOp, fmt.Sprintf("the migration name %q must have 1 to %d letters or digits; it has %d", d.Name, maxNameLength, len(slug)))
	}
	version := d.Version
	if version == "" {
		var err error
		if version, err = nextVersion(files, now, Auto); err != nil {
			return nil, fault.Wrap(writeOp, err)
		}
	}
	number, err := strconv.ParseInt(version, 10, 64)
	return &file{version: number, name: version + "_" + slug + ".sql"}, fault.Wrap(writeOp, err)
}

// createFile writes a new file. After an error, what it has written of it is removed.
func createFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
