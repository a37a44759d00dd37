package migrate

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// gooseReads returns what goose itself would execute of a file: its Provider runs it against a driver that
// accepts everything.
func gooseReads(t testing.TB, text string, d Direction) (statements []string, noTransaction bool, err error) {
	t.Helper()
	rec := &recorder{noTransaction: true}
	db := sql.OpenDB(rec)
	defer func() { _ = db.Close() }()
	store := &fakeStore{applied: d == Down}
	p, err := goose.NewProvider(goose.DialectCustom, db, fstest.MapFS{"1_x.sql": {Data: []byte(text)}}, goose.WithStore(store),
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.ApplyVersion(t.Context(), 1, d == Up)
	return rec.statements, rec.noTransaction, err
}

// recorder is a database that records.
type recorder struct {
	statements    []string
	noTransaction bool
}

func (r *recorder) Connect(context.Context) (driver.Conn, error) { return r, nil }
func (r *recorder) Driver() driver.Driver                        { return nil }
func (r *recorder) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (r *recorder) Close() error                                 { return nil }
func (r *recorder) Begin() (driver.Tx, error)                    { r.noTransaction = false; return r, nil }
func (r *recorder) Commit() error                                { return nil }
func (r *recorder) Rollback() error                              { return nil }
func (r *recorder) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	r.statements = append(r.statements, query)
	return driver.ResultNoRows, nil
}

// fakeStore is a version table that only knows whether version 1 is applied.
type fakeStore struct {
	database.Store
	applied bool
}

func (s *fakeStore) Tablename() string                                            { return "x" }
func (s *fakeStore) TableExists(context.Context, database.DBTxConn) (bool, error) { return true, nil }
func (s *fakeStore) Delete(context.Context, database.DBTxConn, int64) error       { return nil }
func (s *fakeStore) Insert(context.Context, database.DBTxConn, database.InsertRequest) error {
	return nil
}
func (s *fakeStore) GetMigration(context.Context, database.DBTxConn, int64) (*database.GetMigrationResult, error) {
	if !s.applied {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{IsApplied: true}, nil
}

var migrations = map[string]string{
	"simple":         "-- +goose Up\nCREATE TABLE a ();\n\n-- +goose Down\nDROP TABLE a;\n",
	"no end of line": "-- +goose Up\nSELECT 1;",
	"crlf":           "-- +goose Up\r\nSELECT\r\n 1;\r\n-- +goose Down\r\nSELECT 2;\r\n",
	"two on a line":  "-- +goose Up\nSELECT 1; SELECT 2;\n",
	"comments": "-- first\n\n-- +goose Up\n-- about\nSELECT 1 -- one;\n, 2; -- two\n\n-- more\nSELECT ';\n';\nSELECT 3;\n" +
		"-- +goose Down\n",
	"function": "-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND;\n" +
		"$$ LANGUAGE plpgsql;\n-- +goose StatementEnd\nSELECT f();\n-- +goose Down\n-- +goose StatementBegin\nDROP FUNCTION f;\n-- +goose StatementEnd\n",
	"no transaction":          "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON t (x);\n",
	"annotation in statement": "-- +goose Up\nSELECT\n-- +goose NO TRANSACTION\n1;\n",
	"case and spaces":         "--+goose up\nSELECT 1;\n--   +goose   DOWN  \nSELECT 2;\n",
	"leading blanks":          "-- +goose Up\n   \n\t\n  -- kept\n\t SELECT 1;\n",
	"empty block":             "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementEnd\nSELECT 1;\nSELECT 2;\n",
	"block after sql":         "-- +goose Up\nSELECT 1\n-- +goose StatementBegin\n; SELECT 2;\n-- +goose StatementEnd\n",
	"only up":                 "-- +goose Up\n",

	"empty":               "",
	"no up":               "CREATE TABLE a ();\n",
	"only comments":       "-- nothing\n",
	"down first":          "-- +goose Down\n-- +goose Up\n",
	"two ups":             "-- +goose Up\n-- +goose Down\n-- +goose Up\n",
	"two downs":           "-- +goose Up\n-- +goose Down\n-- +goose Down\n",
	"no semicolon":        "-- +goose Up\nSELECT 1\n",
	"no semicolon, down":  "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2\n",
	"no semicolon in up":  "-- +goose Up\nSELECT 1\n-- +goose Down\nSELECT 2;\n",
	"never ended":         "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n",
	"never begun":         "-- +goose Up\nSELECT 1;\n-- +goose StatementEnd\n",
	"block in block":      "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n",
	"block before up":     "-- +goose StatementBegin\n",
	"down in block":       "-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n",
	"misspelt":            "-- +goose Upp\n",
	"indented":            "-- +goose Up\n  -- +goose Down\n",
	"named twice":         "-- +goose Up +goose Down\n",
	"nothing named":       "-- +goose\n",
	"byte order mark":     "\ufeff-- +goose Up\nSELECT 1;\n",
	"a word about +goose": "-- +goose Up\n-- as +goose wants\nSELECT 1;\n",
}

// agree fails unless parse and goose say the same of a file.
func agree(t *testing.T, text string) {
	t.Helper()
	ours, mistake := parse(text)
	for d, statements := range map[Direction][]statement{Up: sectionOf(ours, Up), Down: sectionOf(ours, Down)} {
		theirs, noTransaction, err := gooseReads(t, text, d)
		if mistake == nil && isCommentAtEnd(err) {
			return
		}
		if (mistake != nil) != (err != nil) {
			t.Fatalf("%s: we say %v, goose says %v", d, mistake, err)
		}
		if mistake != nil {
			continue
		}
		var texts []string
		for _, s := range statements {
			texts = append(texts, s.text)
		}
		if !slices.Equal(texts, theirs) || noTransaction != ours.noTransaction {
			t.Fatalf("%s: we read %q (%v), goose %q (%v)", d, texts, ours.noTransaction, theirs, noTransaction)
		}
		checkLines(t, text, statements)
		checkLines(t, text, ours.statements(d))
	}
	if mistake != nil && (mistake.line < 1 || mistake.message == "" || mistake.remedy == "") {
		t.Fatalf("incomplete: %+v", mistake)
	}
}

var unfinishedInGoose = regexp.MustCompile(`unexpected unfinished SQL query: (".*"): missing semicolon`)

// isCommentAtEnd reports whether goose refuses only a comment after the semicolon of the last statement, which may be there.
func isCommentAtEnd(err error) bool {
	if err == nil {
		return false
	}
	found := unfinishedInGoose.FindStringSubmatch(err.Error())
	if found == nil {
		return false
	}
	rest, err := strconv.Unquote(found[1])
	sql := sqltext.Normalise(rest)
	return err == nil && (sql == "" || strings.HasSuffix(sql, ";"))
}

// sectionOf returns the statements of a section as goose knows them.
func sectionOf(s *script, d Direction) []statement {
	switch {
	case s == nil:
		return nil
	case d == Up:
		return s.up
	}
	return s.down
}

// checkLines makes sure that every line of a statement is where it is said to be.
func checkLines(t *testing.T, text string, statements []statement) {
	t.Helper()
	inFile := (&file{text: text})
	for _, s := range statements {
		if s.text == "" {
			continue
		}
		for i, line := range strings.Split(s.text, "\n") {
			if got := inFile.sourceLine(s.lines[i]); !strings.Contains(got, strings.TrimRight(line, "\r")) {
				t.Fatalf("line %d of %q is said to be line %d of the file, %q", i, s.text, s.lines[i], got)
			}
		}
	}
}

func TestParseAgreesWithGoose(t *testing.T) {
	for name, text := range migrations {
		t.Run(name, func(t *testing.T) { agree(t, text) })
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range migrations {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if upper := strings.ToUpper(text); strings.Contains(upper, "ENVSUB") && strings.Contains(upper, "ON") {
			t.Skip("goose substitutes variables, parse leaves them")
		}
		if strings.Contains(text, DirectivePrefix) {
			t.Skip("goose takes directives for comments")
		}
		if strings.Contains(text, "/*") {
			t.Skip("goose refuses a comment after the last statement")
		}
		agree(t, text)
	})
}

// Who only reads a file takes the defaults of missing variables, or else their names.
func TestMissingVariablesOfReaders(t *testing.T) {
	text := "-- +goose Up\n-- +goose ENVSUB ON\nSELECT ${A-b}, ${A:-c}, $A, ${A}, ${A?must be set}, ${E-f}, ${E:-g}, '$E';\n"
	s, err := ReadSource(fstest.MapFS{"1_x.sql": {Data: []byte(text)}}, "", "1_x.sql", func(name string) (string, bool) { return "", name == "E" })
	if want := "SELECT b, c, A, A, A, , g, '';"; err != nil || s.Up[0].Text != want {
		t.Errorf("%+v, %v", s.Up, err)
	}
}

// A block comment may follow the last statement of a section, and a section may hold nothing else.
func TestCommentAfterTheLastStatement(t *testing.T) {
	for text, want := range map[string][2][]string{
		"-- +goose Up\nSELECT 1;\n/* a;\n b */\n-- +goose Down\nSELECT 2;\n/* c */":                             {{"SELECT 1;"}, {"SELECT 2;"}},
		"-- +goose Up\nSELECT 1; /* a;\n */\n-- +goose Down\n":                                                  {{"SELECT 1; /* a;\n */"}, nil},
		"-- +goose Up\nSELECT 1; /* a */\n\n-- +goose Down\n/* nothing */\n":                                    {{"SELECT 1; /* a */"}, nil},
		"-- +goose Up\n/* a */ SELECT 1; /* b */ -- c\n  /* d /* e */ */\n":                                     {{"/* a */ SELECT 1; /* b */ -- c\n  /* d /* e */ */"}, nil},
		"-- +goose Up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\n\n/* a */\n-- +goose Down\n": {{"SELECT 1"}, nil},
	} {
		s, m := parse(text)
		if m != nil {
			t.Errorf("%q: %+v", text, m)
			continue
		}
		for i, section := range [][]statement{s.up, s.down} {
			var got []string
			for _, st := range section {
				got = append(got, st.text)
			}
			if !slices.Equal(got, want[i]) {
				t.Errorf("%q: %q", text, got)
			}
		}
		checkLines(t, text, s.up)
	}
	for _, text := range []string{"-- +goose Up\nSELECT 1 /* a; */\n", "-- +goose Up\nSELECT 1;\n/* a\n", "-- +goose Up\n/* a */ SELECT 1\n-- +goose Down\n"} {
		if _, m := parse(text); m == nil {
			t.Errorf("%q is no mistake", text)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	type where struct {
		Line    int
		Message string
	}
	for name, want := range map[string]where{
		"empty":               {1, "the file has no `-- +goose Up`"},
		"no up":               {1, "SQL before `-- +goose Up`"},
		"two ups":             {3, "duplicate `-- +goose Up`"},
		"no semicolon in up":  {2, "this statement has no semicolon"},
		"never ended":         {3, "`-- +goose StatementBegin` has no StatementEnd"},
		"never begun":         {3, "`-- +goose StatementEnd` without StatementBegin"},
		"misspelt":            {1, "the annotation `+goose Upp` is unknown"},
		"indented":            {2, "space before `-- +goose`"},
		"a word about +goose": {2, "the annotation `+goose as  wants` is unknown"},
	} {
		_, m := parse(migrations[name])
		if m == nil {
			t.Errorf("%s: no mistake", name)
			continue
		}
		if diff := cmp.Diff(want, where{m.line, m.message}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The observer reads goose's log by its messages, so they are part of what a new version must keep.
