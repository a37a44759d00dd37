// Package lint finds dangerous statements in migrations before they run. It reads Postgres's own syntax trees, tracks what
// earlier statements and files have created, and takes the version of Postgres into account.
package lint

import (
	"io/fs"
	"iter"
	"log/slog"
	"path"
	"runtime"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// OldestPostgres is the default for Options.Postgres.
const OldestPostgres = 14

// Options configure Run.
type Options struct {
	FS  fs.FS  // the folder of the migrations
	Dir string // its path in findings
	// Parser parses the SQL.
	Parser *sqltext.Parser
	// Postgres is the major version on which the migrations will run; 0 is OldestPostgres.
	Postgres int
	// LockTimeout and StatementTimeout tell whether the migrations run with these timeouts set.
	LockTimeout, StatementTimeout bool
	// Only names the files to report findings for; nil is all. Tables that these files create count as new in all of
	// them, because the files are released together.
	Only map[string]bool
	// Settings change the severity of rules; the last match wins.
	Settings  []Setting
	LookupEnv func(string) (string, bool)
	Logger    *slog.Logger
}

// Result is the result of Run.
type Result struct {
	Files    int       `json:"files"` // the number of linted files
	Findings []Finding `json:"findings"`
}

// Finding is one problem in a migration.
type Finding struct {
	Rule      string   `json:"rule"`
	Severity  Severity `json:"severity"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Column    int      `json:"column"`
	Statement string   `json:"statement,omitempty"`
	Message   string   `json:"message"` // the problem and its consequence
	// Lock is the mode in which the statement locks Tables, if the lock is the problem.
	Lock   string   `json:"lock,omitempty"`
	Tables []string `json:"tables,omitempty"`
	// Effect is what the statement does to all rows while it holds the lock: rewrite or scan.
	Effect Effect `json:"effect,omitempty"`
	// Safe is SQL that reaches the same result safely. Guide is the page that explains it.
	Safe  string `json:"safe,omitempty"`
	Guide string `json:"guide,omitempty"`
}

// Effect is what a statement does to all rows of a table.
type Effect string

// The effects.
const (
	Rewrite Effect = "rewrite"
	Scan    Effect = "scan"
)

// Run lints a folder of migrations.
func Run(o Options) (Result, error) {
	if err := CheckSettings(o.Settings); err != nil {
		return Result{}, err
	}
	if o.Postgres == 0 {
		o.Postgres = OldestPostgres
	}
	names, err := migrate.SourceNames(o.FS, o.Dir, o.Logger)
	if err != nil {
		return Result{}, err
	}
	l := &linter{Options: o, model: newModel(), unreleased: map[int]bool{}}
	result := Result{Findings: []Finding{}}
	var files []*file
	for f, err := range read(o, names) {
		if err != nil {
			return Result{}, err
		}
		if !f.released {
			result.Files++
		}
		l.unreleased[f.number] = !f.released
		l.file(f)
		files = append(files, f)
	}
	l.unindexed()
	for _, f := range files {
		result.Findings = append(result.Findings, l.reported(f)...)
	}
	return result, nil
}

// linter lints the files one after the other.
type linter struct {
	Options
	model       *model
	unreleased  map[int]bool // numbers of the files in Only
	foreignKeys []foreignKey
}

// file is a migration with its syntax trees and findings.
type file struct {
	migrate.Source
	number   int
	released bool // not linted, because it was released before
	lines    []string
	up, down []*statement
	findings []Finding
	ignores  []*ignore
	shared   transaction
	keyless  []keyless
}

// statement is one statement of SQL.
type statement struct {
	node      *pg.Node
	text      string
	line, col int // position of its first character in the file
	place     func(offset int) (line, col int)
	base      int // its offset in the source statement
	err       *sqltext.SyntaxError
}

// chunk is how many files are parsed at once.
const chunk = 32

// read reads and parses the files on every core and yields them in order as soon as they are ready.
func read(o Options, names []string) iter.Seq2[*file, error] {
	type result struct {
		files []*file
		err   error
	}
	var results []chan result
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for from := 0; from < len(names); from += chunk {
		done := make(chan result, 1)
		results = append(results, done)
		go func() {
			room <- struct{}{}
			defer func() { <-room }()
			files, err := readFiles(o, names[from:min(from+chunk, len(names))], from)
			done <- result{files, err}
		}()
	}
	return func(yield func(*file, error) bool) {
		for _, done := range results {
			r := <-done
			if r.err != nil {
				yield(nil, r.err)
				return
			}
			for _, f := range r.files {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// readFiles reads and parses files. number is the number of the first one.
func readFiles(o Options, names []string, number int) ([]*file, error) {
	var texts []string
	files := make([]*file, len(names))
	for i, name := range names {
		s, err := migrate.ReadSource(o.FS, o.Dir, name, o.LookupEnv)
		if err != nil {
			return nil, err
		}
		files[i] = &file{Source: s, number: number + i, lines: linesOf(s.Text), released: s.Baseline || (o.Only != nil && !o.Only[name])}
		for _, source := range slices.Concat(s.Up, s.Down) {
			texts = append(texts, source.Text)
		}
	}
	parsed := o.Parser.ParseAll(texts)
	for _, f := range files {
		f.ignores = readIgnores(f.lines)
		for j, source := range slices.Concat(f.Up, f.Down) {
			list, err := statements(source, parsed[j])
			if err != nil {
				return nil, &fault.Error{Code: fault.Internal, Op: "parse " + path.Join(o.Dir, f.Name), Err: err}
			}
			if j < len(f.Up) {
				f.up = append(f.up, list...)
			} else {
				f.down = append(f.down, list...)
			}
		}
		parsed = parsed[len(f.Up)+len(f.Down):]
	}
	return files, nil
}

// file checks a migration and applies it to the model.
func (l *linter) file(f *file) {
	if f.Mistake != nil {
		f.findings = append(f.findings, Finding{Rule: "syntax-error", Line: f.Mistake.Line, Column: 1, Message: f.Mistake.Message + ": " + f.Mistake.Remedy})
		return
	}
	p := &pass{linter: l, file: f}
	if !f.released && !f.HasDown {
		p.report(nil, "no-down", detail{message: "the file has no `-- +goose Down` section, so it cannot be rolled back", safe: "-- +goose Down"})
	}
	l.model.record()
	for _, s := range f.up {
		p.look(s)
		l.model.apply(s.node, f.number)
	}
	p.finish()
	up := l.model.recorded()
	if f.released || len(f.down) == 0 {
		return
	}
	p.down(up)
}
