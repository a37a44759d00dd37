package changes_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/changes"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var notes = changes.Table{Name: "notes", Key: []string{"id"}, Columns: []string{"owner"}}

// noted returns a database with a table whose changes are noted.
func noted(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, "CREATE TABLE notes (id bigint PRIMARY KEY, owner text, body text)")
	for _, sql := range notes.Create() {
		testkit.Exec(t, db, sql)
	}
	return db
}

// follow returns what a follower tells, after its first batch.
func follow(t *testing.T, db *pgxpool.Pool) (*changes.Follower, <-chan changes.Batch) {
	t.Helper()
	f := changes.NewFollower(changes.Options{Pool: db, Logger: testkit.Logger(t)})
	batches := make(chan changes.Batch, 10_000)
	f.Follow(func(b changes.Batch) { batches <- b })
	t.Cleanup(f.Close)
	if first := await(t, batches); !first.All {
		t.Fatalf("the first batch is %+v", first)
	}
	return f, batches
}

func await(t *testing.T, batches <-chan changes.Batch) changes.Batch {
	t.Helper()
	select {
	case b := <-batches:
		return b
	case <-time.After(30 * time.Second):
		t.Fatal("the follower told nothing")
	}
	return changes.Batch{}
}

func TestNotes(t *testing.T) {
	db := noted(t)
	_, batches := follow(t, db)
	for _, c := range []struct{ sql, want string }{
		{"INSERT INTO notes VALUES (1, 'ada', 'x'), (2, 'bob', 'y')", `INSERT [{"key": {"id": 1}, "new": {"owner": "ada"}}, {"key": {"id": 2}, "new": {"owner": "bob"}}]`},
		{"UPDATE notes SET owner = NULL WHERE id = 1", `UPDATE [{"key": {"id": 1}, "new": {"owner": null}, "old": {"owner": "ada"}}]`},
		{"DELETE FROM notes WHERE id = 2", `DELETE [{"key": {"id": 2}, "old": {"owner": "bob"}}]`},
		{"INSERT INTO notes SELECT n, 'many' FROM generate_series(100, 1100) n", `INSERT `},
		{"TRUNCATE notes", `TRUNCATE `},
	} {
		testkit.Exec(t, db, c.sql)
		b := await(t, batches)
		if len(b.Changes) != 1 || b.Changes[0].Table != "notes" {
			t.Fatalf("%s: %+v", c.sql, b)
		}
		if got := b.Changes[0].Operation + " " + string(b.Changes[0].Rows); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
	testkit.Exec(t, db, "DELETE FROM notes WHERE false")
	if n := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.changes"); n != "5" {
		t.Errorf("a statement that changes no row is noted: %s rows", n)
	}
}

// A role that writes the table needs no right on Krowoc's own.
func TestWhoeverWrites(t *testing.T) {
	db := noted(t)
	role := fmt.Sprintf("writer_%d", rand.Uint32())
	testkit.Exec(t, db, "CREATE ROLE "+role)
	t.Cleanup(func() {
		_, _ = db.Exec(context.Background(), "DROP OWNED BY "+role)
		_, _ = db.Exec(context.Background(), "DROP ROLE "+role)
	})
	testkit.Exec(t, db, "GRANT INSERT ON notes TO "+role)
	testkit.Exec(t, db, "BEGIN; SET LOCAL ROLE "+role+"; INSERT INTO notes VALUES (1, 'ada', 'x'); COMMIT")
	if n := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.changes"); n != "1" {
		t.Errorf("%s rows are noted", n)
	}
}

// Transactions overlap at random, and some commit long after they began. Each one that commits is told once, and no other.
func TestNoneIsMissedAndNoneToldTwice(t *testing.T) {
	db := noted(t)
	f, batches := follow(t, db)
	n, seed := testkit.Random(200)
	var mu sync.Mutex
	committed := map[string]bool{}
	var writers sync.WaitGroup
	for w := range uint64(8) {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(seed, w))
			for i := range n / 8 {
				id := int64(w)*1_000_000 + int64(i)
				tx, err := db.Begin(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				_, err = tx.Exec(t.Context(), "INSERT INTO notes VALUES ($1, 'o', 'b')", id)
				if random.IntN(4) == 0 {
					_, err = tx.Exec(t.Context(), "SELECT pg_sleep($1)", random.Float64()/4) // commits late
				}
				if random.IntN(5) == 0 {
					_ = tx.Rollback(t.Context())
					continue
				}
				if err == nil {
					err = tx.Commit(t.Context())
				}
				if err != nil {
					t.Error(err)
					return
				}
				if random.IntN(3) == 0 {
					f.Nudge()
				}
				mu.Lock()
				committed[fmt.Sprint(id)] = true
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	testkit.Exec(t, db, "TRUNCATE notes")
	told := map[string]int{}
	for done := false; !done; {
		for _, c := range await(t, batches).Changes {
			if done = c.Operation == "TRUNCATE"; !done {
				told[string(c.Rows)]++
			}
		}
	}
	for id := range committed {
		if row := fmt.Sprintf(`[{"key": {"id": %s}, "new": {"owner": "o"}}]`, id); told[row] != 1 {
			t.Errorf("seed %d: %s was told %d times", seed, id, told[row])
		}
	}
	if len(told) != len(committed) {
		t.Errorf("seed %d: %d transactions are committed, %d were told", seed, len(committed), len(told))
	}
}

// A transaction that never ends delays nobody.
func TestAnOpenTransactionDelaysNobody(t *testing.T) {
	db := noted(t)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "INSERT INTO notes VALUES (1, 'o', 'b')"); err != nil {
		t.Fatal(err)
	}
	_, batches := follow(t, db)
	testkit.Exec(t, db, "INSERT INTO notes VALUES (2, 'o', 'b')")
	if b := await(t, batches); len(b.Changes) != 1 || !strings.Contains(string(b.Changes[0].Rows), `"id": 2`) {
		t.Errorf("%+v", b)
	}
}

func TestOldRowsAreRemoved(t *testing.T) {
	db := noted(t)
	next := testkit.Value(t, db, "SELECT krowoc.changes_slot(1)::text")
	testkit.Exec(t, db, "INSERT INTO krowoc.changes (slot, table_name, operation) SELECT n, 'notes', 'INSERT' FROM generate_series(0, 3) n")
	empty := func() string { return testkit.Value(t, db, "SELECT krowoc.empty_changes()::text") }
	if first, again := empty(), empty(); first != "false" || again != "false" {
		t.Errorf("rows are removed before a minute has passed: %s, %s", first, again)
	}
	testkit.Exec(t, db, "UPDATE krowoc.changes_slots SET at = at - interval '2 minutes'")
	if empty() != "true" {
		t.Error("no rows are removed")
	}
	if slots := testkit.Value(t, db, "SELECT count(*)::text || ' ' || count(*) FILTER (WHERE slot = "+next+") FROM krowoc.changes"); slots != "3 0" {
		t.Errorf("%s rows are left", slots)
	}
	testkit.Exec(t, db, "INSERT INTO krowoc.changes (slot, table_name, operation) VALUES ("+next+", 'notes', 'INSERT')")
	empty()
	testkit.Exec(t, db, "UPDATE krowoc.changes_slots SET at = at - interval '2 minutes'")
	testkit.Exec(t, db, "INSERT INTO krowoc.changes (slot, table_name, operation) VALUES ("+next+", 'notes', 'UPDATE')")
	if empty() != "false" {
		t.Error("a row is removed that was committed a moment ago")
	}
}

func TestMake(t *testing.T) {
	db := noted(t)
	has, err := changes.Read(t.Context(), db)
	if err != nil || len(has) != 1 || has[0].Name != "notes" || !slices.Equal(has[0].Key, notes.Key) || !slices.Equal(has[0].Columns, notes.Columns) {
		t.Fatalf("%+v, %v", has, err)
	}
	same := func(table string) string { return "" }
	if p := changes.Make(has, []changes.Table{notes}, same); len(p.First)+len(p.Last) > 0 {
		t.Errorf("%+v", p)
	}
	other := changes.Table{Name: "notes", Key: []string{"id"}, Columns: []string{`a "b"`, "owner"}}
	for _, want := range [][]changes.Table{nil, {other}} {
		p := changes.Make(has, want, same)
		for _, step := range slices.Concat(p.First, p.Last) {
			for _, sql := range step.Up {
				testkit.Exec(t, db, sql)
			}
		}
		got, err := changes.Read(t.Context(), db)
		if err != nil || len(changes.Make(got, want, same).Last) > 0 || len(changes.Make(got, want, same).First) > 0 {
			t.Errorf("%+v, %v", got, err)
		}
		for _, step := range slices.Concat(p.Last, p.First) {
			for _, sql := range step.Down {
				testkit.Exec(t, db, sql)
			}
		}
		if back, err := changes.Read(t.Context(), db); err != nil || len(back) != 1 || len(back[0].Columns) != 1 {
			t.Errorf("%+v, %v", back, err)
		}
	}
}

// logLines are lines of a log.
type logLines chan string

func (l logLines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// Without the table, and while it cannot be read, the follower waits. Then anything may have changed.
func TestFollowsAsSoonAsItCan(t *testing.T) {
	db := testkit.NewDatabase(t)
	log := make(logLines, 100)
	f := changes.NewFollower(changes.Options{Pool: db, Logger: slog.New(slog.NewTextHandler(log, nil))})
	batches := make(chan changes.Batch, 10)
	stop := f.Follow(func(b changes.Batch) { batches <- b })
	t.Cleanup(f.Close)
	if line := <-log; !strings.Contains(line, "krowoc.changes does not exist yet") || !strings.Contains(line, "krowoc migrate up") {
		t.Error(line)
	}
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if b := await(t, batches); !b.All {
		t.Errorf("%+v", b)
	}
	<-log // that it learns again
	testkit.Exec(t, db, "ALTER TABLE krowoc.changes RENAME TO elsewhere")
	<-log
	testkit.Exec(t, db, "ALTER TABLE krowoc.elsewhere RENAME TO changes")
	if b := await(t, batches); !b.All {
		t.Errorf("after a failure: %+v", b)
	}
	stop()
	stop() // does nothing
}
