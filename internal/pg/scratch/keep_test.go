package scratch_test

import (
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A kept database is found once, with its note. Then it is a scratch database like others.
func TestKeep(t *testing.T) {
	s := scratch.Existing(scratch.Options{URL: testkit.DatabaseURL(t)})
	for i, note := range []string{"it's the first", "the second"} { // which takes the place of the first
		db, _, err := s.Database(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testkit.Exec(t, db, "CREATE TABLE books AS SELECT $1::int AS n", i)
		if err := s.Keep(t.Context(), db, "test", note); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DropLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, note, _, err := s.Kept(t.Context(), "test")
	if err != nil || db == nil {
		t.Fatal(db, err)
	}
	if n := testkit.Value(t, db, "SELECT n FROM books"); note != "the second" || n != "1" {
		t.Errorf("%q with %s", note, n)
	}
	if again, _, _, err := s.Kept(t.Context(), "test"); again != nil || err != nil {
		t.Errorf("it is found again: %v", err)
	}
	if err := s.Keep(t.Context(), db, "test", note); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/krowoc_kept_test"
	conn, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	if used, _, _, err := s.Kept(t.Context(), "test"); used != nil || err != nil {
		t.Errorf("one that somebody uses is found: %v", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _, drop, err := s.Kept(t.Context(), "test")
	if err != nil || drop == nil {
		t.Fatalf("it is not found after that: %v", err)
	}
	if err := drop(); err != nil {
		t.Error(err)
	}
}
