package dev

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A syncer that cannot keep its scratch databases, and cannot drop them either, leaves time to stop the other parts. The next session drops
// them. Not parallel: the test stops every change of a database on the server.
func TestSyncerLeavesTimeToStop(t *testing.T) {
	db := testkit.NewDatabase(t)
	newSyncer := func() *sync.Syncer {
		return sync.New(sync.Options{
			Server: scratch.Existing(scratch.Options{URL: db.Config().ConnString()}), Migrations: fstest.MapFS{},
			Build: func(ctx context.Context, s *scratch.Server) (*pgxpool.Pool, func() error, error) {
				return s.Database(ctx)
			},
		})
	}
	left := func() string {
		return testkit.Value(t, db, `SELECT count(*) FROM pg_database WHERE datname LIKE 'krowoc\_scratch\_%'`)
	}
	types, _ := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: "type Book @table @auth(rules: []) { title: String! }"})
	s := &session{syncer: newSyncer()}
	if err := s.syncer.Prepare(t.Context(), db, types); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE pg_database IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- s.closeSyncer(ctx) }()
	select {
	case err := <-closed:
		if err != nil || ctx.Err() != nil {
			t.Errorf("%v, %v", err, ctx.Err())
		}
	case <-ctx.Done():
		t.Error("the syncer takes all of the time")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if t.Failed() {
		<-closed
	}
	if left() != "2" {
		t.Errorf("%s scratch databases are left", left())
	}
	s.syncer = newSyncer()
	if err := s.syncer.Prepare(t.Context(), db, types); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.closeSyncer(ctx); err != nil || left() != "0" {
		t.Errorf("%s scratch databases are left: %v", left(), err)
	}
}
