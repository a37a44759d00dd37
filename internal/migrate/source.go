package migrate

import (
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// Source is a parsed migration file, for packages that read migrations and do not run them.
type Source struct {
	Version                       int64
	Name                          string // of the file, in its folder
	Text                          string // the complete file
	Up, Down                      []SourceStatement
	HasDown                       bool // the file has statements to roll it back
	NoTransaction                 bool
	Baseline                      bool             // it replaces older migrations, which existing databases have applied
	LockTimeout, StatementTimeout bool             // the file sets one of its own
	Mistake                       *diag.Diagnostic // why the file cannot be parsed; the statements are then missing
}

// SourceStatement is one statement as goose splits the file. It can contain several SQL statements.
type SourceStatement struct {
	Text   string
	Lines  []int // the number in the file of each line of Text
	Indent int   // number of runes before it on its first line
}

// SourceNames returns the names of a folder's migrations in SQL, ordered by version. It warns about migrations in Go.
func SourceNames(fsys fs.FS, dir string, logger *slog.Logger) ([]string, error) {
	files, err := readFolder(fsys, dir, logger)
	names := make([]string, 0, len(files))
	for _, f := range files {
		if f.inGo {
			logger.Warn("ignored a migration in Go: only SQL can be read", "file", path.Join(dir, f.name))
			continue
		}
		names = append(names, f.name)
	}
	return names, err
}

// ReadSource reads a migration. Variables of ENVSUB become their values or their defaults, or else their names.
func ReadSource(fsys fs.FS, dir, name string, env func(string) (string, bool)) (Source, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Source{}, &fault.Error{Code: fault.Invalid, Op: "read " + path.Join(dir, name), Err: err}
	}
	f := &file{name: name, text: string(text)}
	return f.source(dir, environment(env)), nil
}

func (f *file) source(dir string, env environment) Source {
	s := Source{Name: f.name, Text: f.text}
	parsed, m := parse(f.text)
	if !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
		m = &mistake{1, "the file is not UTF-8 text", "save it as UTF-8, without NUL bytes"}
	}
	if m != nil {
		mistake := f.mistake(dir, m.line, m.message, m.remedy)
		s.Mistake = &mistake
		return s
	}
	s.NoTransaction, s.Baseline = parsed.noTransaction, parsed.baseline
	s.LockTimeout = parsed.lockTimeout != nil && *parsed.lockTimeout > 0
	s.StatementTimeout = parsed.statementTimeout != nil && *parsed.statementTimeout > 0
	s.Up, s.Down = sourceStatements(parsed.up, env), sourceStatements(parsed.down, env)
	s.HasDown = len(s.Down) > 0
	return s
}

func sourceStatements(statements []statement, env environment) []SourceStatement {
	out := make([]SourceStatement, len(statements))
	for i, s := range statements {
		out[i] = SourceStatement{Text: s.text, Lines: s.lines, Indent: s.indent}
		lines := strings.Split(s.text, "\n")
		for j, line := range lines {
			if !s.envsub[j] {
				continue
			}
			lines[j] = env.expandForReading(line)
		}
		out[i].Text = strings.Join(lines, "\n")
	}
	return out
}
