package migrate_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

func TestUpAppliesInOrderAndReports(t *testing.T) {
	p := newProject(t, "10_tags.sql", tagsSQL, "2_votes.sql", votesSQL, "1_users.sql", usersSQL, "README.sql", "not a migration")
	results, err := p.migrator().Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := files(results), "up 1_users.sql, up 2_votes.sql, up 10_tags.sql"; got != want {
		t.Errorf("results %s, want %s", got, want)
	}
	for _, r := range results {
		if r.Duration <= 0 || r.Empty {
			t.Errorf("%+v", r)
		}
	}
	want := []string{
		"started up 1_users.sql 1/3", "done up 1_users.sql 1/3", "started up 2_votes.sql 2/3", "done up 2_votes.sql 2/3",
		"started up 10_tags.sql 3/3", "done up 10_tags.sql 3/3",
	}
	if diff := cmp.Diff(want, p.seen()); diff != "" {
		t.Error(diff)
	}
	if p.versions() != "1 2 10" || p.lockHolders() != "0" {
		t.Errorf("versions %s, %s locks", p.versions(), p.lockHolders())
	}
	if results, err = p.migrator().Up(t.Context()); err != nil || len(results) > 0 || len(p.seen()) > 0 {
		t.Errorf("a second time: %s, %v", files(results), err)
	}
}

func TestEmptyMigrationIsApplied(t *testing.T) {
	p := newProject(t, "1_nothing.sql", "-- +goose Up\n")
	results, err := p.migrator().Up(t.Context())
	if err != nil || len(results) != 1 || !results[0].Empty {
		t.Fatalf("%+v, %v", results, err)
	}
	if results, err = p.migrator().Down(t.Context(), 1); err != nil || len(results) != 1 {
		t.Errorf("down: %+v, %v", results, err)
	}
}

func TestEmptyFolderHasNothingToDo(t *testing.T) {
	p := newProject(t)
	for name, do := range map[string]func(context.Context) ([]migrate.Result, error){
		"up": p.migrator().Up, "redo": p.migrator().Redo,
		"down": func(ctx context.Context) ([]migrate.Result, error) { return p.migrator().Down(ctx, 1) },
	} {
		if results, err := do(t.Context()); err != nil || len(results) != 0 {
			t.Errorf("%s: %v, %v", name, results, err)
		}
	}
}

func TestDirections(t *testing.T) {
	type call func(*migrate.Migrator, context.Context) ([]migrate.Result, error)
	to := func(v int64) call {
		return func(m *migrate.Migrator, ctx context.Context) ([]migrate.Result, error) { return m.To(ctx, v) }
	}
	upTo := func(v int64) call {
		return func(m *migrate.Migrator, ctx context.Context) ([]migrate.Result, error) { return m.UpTo(ctx, v) }
	}
	down := func(n int) call {
		return func(m *migrate.Migrator, ctx context.Context) ([]migrate.Result, error) { return m.Down(ctx, n) }
	}
	downTo := func(v int64) call {
		return func(m *migrate.Migrator, ctx context.Context) ([]migrate.Result, error) { return m.DownTo(ctx, v) }
	}
	p := threeFiles(t)
	for _, step := range []struct {
		name    string
		do      call
		results string
		left    string
	}{
		{"up to 2", upTo(2), "up 00001_users.sql, up 00002_votes.sql", "1 2"},
		{"up to 1, already there", upTo(1), "", "1 2"},
		{"redo", (*migrate.Migrator).Redo, "down 00002_votes.sql, up 00002_votes.sql", "1 2"},
		{"to 3", to(3), "up 00003_tags.sql", "1 2 3"},
		{"to 3 again", to(3), "", "1 2 3"},
		{"to 1", to(1), "down 00003_tags.sql, down 00002_votes.sql", "1"},
		{"up", (*migrate.Migrator).Up, "up 00002_votes.sql, up 00003_tags.sql", "1 2 3"},
		{"down 2", down(2), "down 00003_tags.sql, down 00002_votes.sql", "1"},
		{"down more than there are", down(9), "down 00001_users.sql", ""},
		{"down with nothing left", down(1), "", ""},
		{"up again", (*migrate.Migrator).Up, "up 00001_users.sql, up 00002_votes.sql, up 00003_tags.sql", "1 2 3"},
		{"down to 2", downTo(2), "down 00003_tags.sql", "1 2"},
		{"to 0", to(0), "down 00002_votes.sql, down 00001_users.sql", ""},
	} {
		results, err := step.do(p.migrator(), t.Context())
		if err != nil || files(results) != step.results || p.versions() != step.left {
			t.Fatalf("%s: %s, %v; left %q, want %s; left %q", step.name, files(results), err, p.versions(), step.results, step.left)
		}
	}
	if got := p.catalog(); got != "" {
		t.Errorf("left after everything was rolled back: %s", got)
	}
}

// A folder that goose has worked on goes on with us, and the other way round.
func TestGooseAndKrowocShareTheTable(t *testing.T) {
	p := threeFiles(t)
	db := stdlib.OpenDBFromPool(p.db)
	defer func() { _ = db.Close() }()
	if _, err := p.goose(db).UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	results, err := p.migrator().Up(t.Context())
	if err != nil || files(results) != "up 00003_tags.sql" {
		t.Fatalf("%s, %v", files(results), err)
	}
	if result, err := p.goose(db).Down(t.Context()); err != nil || result.Source.Version != 3 {
		t.Errorf("goose rolls back %v, %v", result, err)
	}
	if p.versions() != "1 2" {
		t.Errorf("left %s", p.versions())
	}
}

func (p *project) goose(db *sql.DB) *goose.Provider {
	p.t.Helper()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, p.files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		p.t.Fatal(err)
	}
	return provider
}

// goose may have applied files out of order; they are rolled back in the reverse of that order.
func TestDownFollowsTheOrderOfApplication(t *testing.T) {
	p := threeFiles(t)
	p.up()
	if _, err := p.db.Exec(t.Context(), `update goose_db_version set id = 100 where version_id = 2`); err != nil {
		t.Fatal(err)
	}
	results, err := p.migrator().DownTo(t.Context(), 1)
	if err != nil || files(results) != "down 00002_votes.sql, down 00003_tags.sql" {
		t.Errorf("%s, %v", files(results), err)
	}
}

// refusal is a folder and a call that must be refused before anything is touched.
type refusal struct {
	files   []string       // beside the three, which are applied
	change  func(*project) // after they are
	do      func(context.Context, *migrate.Migrator) ([]migrate.Result, error)
	code    fault.Code
	message string
	hint    string
}

func up(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Up(ctx) }

func down1(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Down(ctx, 1) }

func TestRefusals(t *testing.T) {
	remove := func(name string) func(*project) { return func(p *project) { delete(p.files, name) } }
	write := func(name, text string) func(*project) { return func(p *project) { p.write(name, text) } }
	for name, r := range map[string]refusal{
		"out of order": {
			files: []string{"5_e.sql", "-- +goose Up\n"}, change: func(p *project) { p.write("4_d.sql", votesSQL); p.write("4000_z.sql", votesSQL) }, do: up,
			code: fault.Conflict, message: "older than the applied version 5: 4_d.sql", hint: "higher versions",
		},
		"duplicate": {
			change: write("3_again.sql", votesSQL), do: up,
			code: fault.Invalid, message: "00003_tags.sql and 3_again.sql have the same version", hint: "next free number",
		},
		"go file": {change: write("4_x.go", "package x"), do: up, code: fault.Invalid, message: "4_x.go is a migration in Go"},
		"unparsable": {
			change: write("4_x.sql", "CREATE TABLE x ();"), do: up,
			code: fault.Invalid, message: "read the migrations: 1 mistake",
		},
		"empty":                 {change: write("4_x.sql", ""), do: up, code: fault.Invalid, message: "1 mistake"},
		"ahead":                 {change: remove("00003_tags.sql"), do: up, code: fault.Conflict, message: "no file in this folder: 3", hint: "branch that has these files"},
		"hole":                  {change: remove("00002_votes.sql"), do: up, code: fault.Conflict, message: "no file in this folder: 2"},
		"rollback without file": {change: remove("00003_tags.sql"), do: down1, code: fault.NotFound, message: "version 3 is applied, but its file is missing"},
		"irreversible": {
			files: []string{"00001_users.sql", "-- +goose Up\nSELECT 1;\n"},
			do:    func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.DownTo(ctx, 0) },
			code:  fault.Conflict, message: "irreversible: no statements after `-- +goose Down` in 00001_users.sql", hint: "nothing was changed",
		},
		"redo of irreversible": {
			change: write("00003_tags.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\n-- nothing\n"),
			do:     func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Redo(ctx) },
			code:   fault.Conflict, message: "irreversible",
		},
		"up to nowhere": {
			do:   func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.UpTo(ctx, 7) },
			code: fault.NotFound, message: "version 7 does not exist", hint: "versions from 1 to 3",
		},
		"down to nowhere": {
			do:   func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.DownTo(ctx, -1) },
			code: fault.NotFound, message: "version -1 does not exist",
		},
		"down no steps": {
			do:   func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Down(ctx, 0) },
			code: fault.Invalid, message: "at least 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := threeFiles(t)
			for i := 0; i < len(r.files); i += 2 {
				p.write(r.files[i], r.files[i+1])
			}
			p.up()
			p.seen()
			before := p.catalog() + p.versions()
			if r.change != nil {
				r.change(p)
			}
			results, err := r.do(t.Context(), p.migrator())
			if fault.CodeOf(err) != r.code || !strings.Contains(err.Error(), r.message) || !strings.Contains(fault.HintOf(err), r.hint) {
				t.Errorf("%s: %v\nhint: %s", fault.CodeOf(err), err, fault.HintOf(err))
			}
			if len(results) != 0 || len(p.seen()) != 0 || p.catalog()+p.versions() != before || p.lockHolders() != "0" {
				t.Errorf("something was touched: %s, %s", files(results), p.catalog())
			}
		})
	}
}

// A folder may have lost its oldest files, once every database has them.
func TestShortenedFolderIsFine(t *testing.T) {
	p := threeFiles(t)
	p.up()
	delete(p.files, "00001_users.sql")
	p.write("00004_more.sql", "-- +goose Up\nSELECT 1;\n")
	if _, err := p.migrator().Up(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMissingFolder(t *testing.T) {
	p := newProject(t)
	m, err := migrate.New(migrate.Options{DB: p.db, FS: missing{}, Dir: "migrations"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); fault.CodeOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "krowoc migrate create") {
		t.Errorf("%v", err)
	}
}

func TestOptions(t *testing.T) {
	p := threeFiles(t)
	p.write("seeds.sql", "SELECT 1;")
	for name, o := range map[string]migrate.Options{
		"none": {}, "no folder": {DB: p.db}, "SQL for a table": {DB: p.db, FS: p.files, Table: "x; drop table y"}, "upper case": {DB: p.db, FS: p.files, Table: "X"},
	} {
		if _, err := migrate.New(o); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	var log bytes.Buffer
	clock := time.Now()
	m, err := migrate.New(migrate.Options{
		DB: p.db, FS: p.files, Dir: "db/migrations", Table: "public.our_versions",
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Now:    func() time.Time { clock = clock.Add(time.Second); return clock },
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := m.Up(t.Context())
	if err != nil || len(results) != 3 || results[2].Duration != time.Second {
		t.Errorf("%+v, %v", results, err)
	}
	if got := p.query("select count(*)::text from our_versions"); got != "4" { // goose adds version 0
		t.Errorf("%s rows in the table", got)
	}
	if n, err := m.Pending(t.Context()); n != 0 || err != nil {
		t.Errorf("%d pending, %v", n, err)
	}
	if !strings.Contains(log.String(), "file=db/migrations/seeds.sql") {
		t.Errorf("the log says nothing of the file that was passed over: %s", log.String())
	}
}
