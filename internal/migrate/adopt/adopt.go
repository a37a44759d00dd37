// Package adopt converts the migrations of other tools to Krowoc's format, and finds out which of them a database has applied.
package adopt

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Tool is another migration tool.
type Tool string

// The tools.
const (
	GolangMigrate Tool = "golang-migrate"
	Dbmate        Tool = "dbmate"
	Alembic       Tool = "alembic"
	Prisma        Tool = "prisma"
	Atlas         Tool = "atlas"
	Flyway        Tool = "flyway"
)

// Tools lists every supported tool.
var Tools = []Tool{GolangMigrate, Dbmate, Alembic, Prisma, Atlas, Flyway}

// Migration is one migration of another tool.
type Migration struct {
	Origin string // its ID in the other tool and in that tool's table
	Name   string
	number string // digits of its version; empty if the version is not a number
	up     string
	down   string
	noTx   bool // the other tool runs it without a transaction
	after  []string
	note   string // what changes with the import; may be empty
}

// Step is a migration in the history of another tool.
type Step struct {
	Origin  string
	Version int64    // of its file, once it is imported
	After   []string // the migrations that it follows, where that is not the one before it alone
}

// Steps returns the history of migrations that were read.
func Steps(list []Migration) []Step {
	steps := make([]Step, len(list))
	for i, m := range list {
		steps[i] = Step{Origin: m.Origin, After: m.after}
	}
	return steps
}

// Notes returns what people must know about migrations that work differently after the import.
func Notes(list []Migration) (notes []string) {
	for _, m := range list {
		if m.note != "" {
			notes = append(notes, m.note)
		}
	}
	return notes
}

// Read reads the migrations of a tool in the order in which it runs them. For Alembic, whose migrations are Python, use ReadAlembic. settings are
// other folders that may have the tool's settings.
func Read(tool Tool, fsys fs.FS, settings ...fs.FS) ([]Migration, error) {
	readers := map[Tool]func(fs.FS) ([]Migration, error){
		GolangMigrate: readGolangMigrate, Dbmate: readDbmate, Prisma: readPrisma, Atlas: readAtlas,
		Flyway: func(fsys fs.FS) ([]Migration, error) { return readFlyway(fsys, settings...) },
	}
	op := "read the migrations of " + string(tool)
	read := readers[tool]
	if read == nil {
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("the tool %q is not supported", tool), "use golang-migrate, dbmate, alembic, prisma, atlas or flyway")
	}
	list, err := read(fsys)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if len(list) == 0 {
		return nil, fault.New(fault.NotFound, op, "the folder has no migrations of this tool", "pass the folder that contains them")
	}
	return list, nil
}

// Drafts converts migrations to drafts. If any version is not a number, all are numbered in order.
func Drafts(parser *sqltext.Parser, tool Tool, list []Migration) []migrate.Draft {
	numbered := !slices.ContainsFunc(list, func(m Migration) bool { return m.number == "" })
	drafts := make([]migrate.Draft, len(list))
	for i, m := range list {
		d := migrate.Draft{Version: fmt.Sprintf("%05d", i+1), Name: cmp.Or(m.Name, string(tool)), NoTransaction: m.noTx,
			Directives: []string{migrate.ImportedWord + " " + string(tool) + " " + m.Origin}}
		if m.after != nil {
			d.Directives[0] += afterWord + strings.Join(m.after, " ")
		}
		if numbered {
			d.Version = m.number
		}
		var upOutside, downOutside bool
		d.Up, upOutside = split(parser, m.up)
		d.Down, downOutside = split(parser, m.down)
		d.NoTransaction = d.NoTransaction || upOutside || downOutside
		drafts[i] = d
	}
	return drafts
}

// split splits a text into statements. It removes a transaction around all of them, because the file runs in one anyway.
func split(parser *sqltext.Parser, text string) (statements []string, outside bool) {
	if strings.TrimSpace(text) == "" {
		return nil, false
	}
	trees, err := parser.Parse(text)
	if err != nil { // tools also accept text that is not plain SQL, which is kept unchanged
		return []string{strings.TrimRight(strings.TrimSpace(text), ";")}, false
	}
	if n := len(trees); n >= 2 && begins(trees[0]) && commits(trees[n-1]) {
		trees = trees[1 : n-1]
	}
	for _, t := range trees {
		end := int(t.StmtLocation + t.StmtLen)
		if t.StmtLen == 0 {
			end = len(text)
		}
		statements = append(statements, strings.TrimSpace(text[t.StmtLocation:end]))
		outside = outside || lint.OutsideTransaction(t.Stmt) != ""
	}
	return statements, outside
}

func begins(t *pg.RawStmt) bool {
	s := t.Stmt.GetTransactionStmt()
	return s.GetKind() == pg.TransactionStmtKind_TRANS_STMT_BEGIN || s.GetKind() == pg.TransactionStmtKind_TRANS_STMT_START
}

func commits(t *pg.RawStmt) bool {
	return t.Stmt.GetTransactionStmt().GetKind() == pg.TransactionStmtKind_TRANS_STMT_COMMIT
}

// afterWord separates the ID of an Alembic revision from the IDs of its parents, which contain no spaces.
const afterWord = " after "

// Imported returns the history of the files that were imported from another tool, by version.
func Imported(fsys fs.FS, tool Tool) ([]Step, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		head := migrate.DirectivePrefix + " " + migrate.ImportedWord + " " + string(tool) + " "
		for line := range strings.Lines(string(text)) {
			if origin, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), head); ok {
				digits, _, _ := strings.Cut(path.Base(name), "_")
				s := Step{Origin: origin}
				if id, after, ok := strings.Cut(origin, afterWord); ok && tool == Alembic {
					s.Origin, s.After = id, strings.Fields(after)
				}
				if s.Version, err = strconv.ParseInt(digits, 10, 64); err != nil {
					return nil, err
				}
				steps = append(steps, s)
			}
		}
	}
	slices.SortFunc(steps, func(a, b Step) int { return cmp.Compare(a.Version, b.Version) })
	return steps, nil
}

var digitsFirst = regexp.MustCompile(`^(\d+)_?(.*)$`)

// numbered splits a name into its version and the rest.
func numbered(name string) (digits, rest string, ok bool) {
	m := digitsFirst.FindStringSubmatch(name)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// byNumber orders migrations by their versions as numbers.
func byNumber(list []Migration) []Migration {
	slices.SortStableFunc(list, func(a, b Migration) int {
		x, y := strings.TrimLeft(a.number, "0"), strings.TrimLeft(b.number, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
	return list
}
