package migrate_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// missing is a folder that does not exist.
type missing struct{}

func (missing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
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
