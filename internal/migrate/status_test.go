package migrate_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

// missing is a folder that does not exist.
type missing struct{}

func (missing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// A role that owns nothing sees the status with the rights that docs/production.md lists.
func TestStatusOfARole(t *testing.T) {
	p := threeFiles(t)
	p.up()
	for _, sql := range []string{"CREATE ROLE status_of_test", "GRANT SELECT ON goose_db_version TO status_of_test"} {
		if _, err := p.db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	config := p.db.Config()
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE status_of_test")
		return err
	}
	limited, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(limited.Close)
	status := func() error {
		_, err := p.migrator(func(o *migrate.Options) { o.DB = limited }).Status(t.Context())
		return err
	}
	if err := status(); fault.CodeOf(err) != fault.Forbidden || fault.HintOf(err) != "grant the role of the command: SELECT ON krowoc.migration_progress" {
		t.Errorf("%v; hint %q", err, fault.HintOf(err))
	}
	if _, err := p.db.Exec(t.Context(), "GRANT SELECT ON krowoc.migration_progress TO status_of_test"); err != nil {
		t.Fatal(err)
	}
	if err := status(); err != nil {
		t.Error(err)
	}
}

func TestStatus(t *testing.T) {
	p := threeFiles(t)
	states := func() []string {
		t.Helper()
		list, err := p.migrator().Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, s := range list {
			texts = append(texts, strings.TrimSpace(string(s.State)+" "+s.File))
			if applied := s.State == "applied" || s.State == "no_file"; applied != (time.Since(s.AppliedAt).Abs() < time.Hour) {
				t.Errorf("%s was applied at %s", s.File, s.AppliedAt)
			}
		}
		return texts
	}
	pending := func(want int) {
		t.Helper()
		if n, err := p.migrator().Pending(t.Context()); err != nil || n != want {
			t.Errorf("%d pending, %v; want %d", n, err, want)
		}
	}
	if diff := cmp.Diff([]string{"pending 00001_users.sql", "pending 00002_votes.sql", "pending 00003_tags.sql"}, states()); diff != "" {
		t.Errorf("before: %s", diff)
	}
	pending(3)
	p.up()
	pending(0)
	delete(p.files, "00002_votes.sql")
	p.write("00004_new.sql", tagsSQL)
	p.write("0_zero.sql", tagsSQL) // goose knows no version 0
	if _, err := p.db.Exec(t.Context(), "delete from goose_db_version where version_id = 1"); err != nil {
		t.Fatal(err)
	}
	want := []string{"out_of_order 00001_users.sql", "no_file", "applied 00003_tags.sql", "pending 00004_new.sql"}
	if diff := cmp.Diff(want, states()); diff != "" {
		t.Errorf("after: %s", diff)
	}
	pending(2)
}

// A migration in Go is listed. It is refused only when it would have to run.
func TestMigrationInGo(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL, "2_fill.go", "package migrations", "3_tags.sql", tagsSQL)
	p.hash()
	delete(p.files, migrate.SumFile)
	if got := p.states(); got != "1 pending 1_users.sql, 2 go_file 2_fill.go, 3 pending 3_tags.sql" {
		t.Error(got)
	}
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "2_fill.go is a migration in Go") || p.catalog() != "" {
		t.Errorf("%v; %s", err, p.catalog())
	}
	if _, err := p.migrator().UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, p.db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, true)") // by a goose binary
	p.up()
	if got := p.states(); got != "1 applied 1_users.sql, 2 applied 2_fill.go, 3 applied 3_tags.sql" {
		t.Error(got)
	}
	if _, err := p.migrator().Down(t.Context(), 2); fault.CodeOf(err) != fault.Invalid || p.versions() != "1 2 3" {
		t.Errorf("%v; %s", err, p.versions())
	}
	names, err := migrate.SourceNames(p.files, "migrations", testkit.Logger(t))
	if err != nil || strings.Join(names, " ") != "1_users.sql 3_tags.sql" {
		t.Errorf("%v, %v", names, err)
	}
}
