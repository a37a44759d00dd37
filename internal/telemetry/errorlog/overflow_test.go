package errorlog_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// What does not fit into the queue is dropped at once, and counted in the list itself.
func TestOverflow(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r := errorlog.New(errorlog.Options{DB: db})
	const extra = 37
	for range errorlog.QueueSize + extra { // it is not started: nobody takes anything out of the queue
		record(t, r, fault.Internal, "x")
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := testkit.Value(t, db, "SELECT string_agg(edge || ' ' || count, ', ' ORDER BY edge) FROM krowoc.errors")
	if want := fmt.Sprintf("http %d, recorder %d", errorlog.QueueSize, extra); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if lost, concern := r.Status(); lost != extra || !strings.Contains(concern, "37 errors were not recorded") {
		t.Errorf("%d, %q", lost, concern)
	}
}

// gate is a database that can be away.
type gate struct {
	*pgxpool.Pool
	away     atomic.Bool
	attempts chan bool
}

var errAway = &fault.Error{Code: fault.Unavailable, Message: "Postgres is away", Private: true}

type noBatch struct{ pgx.BatchResults }

func (noBatch) Close() error { return errAway }

func (g *gate) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	away := g.away.Load()
	select {
	case g.attempts <- away:
	default:
	}
	if away {
		return noBatch{}
	}
	return g.Pool.SendBatch(ctx, b)
}

// Without its database, a recorder keeps a bounded number of kinds of errors, and writes them when the database is back.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	db := &gate{Pool: migrated(t), attempts: make(chan bool, 1)}
	db.away.Store(true)
	var offset atomic.Int64
	r, stop := start(t, errorlog.Options{DB: db, Now: func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }})
	const kinds = 700
	for n := range kinds {
		makeRoom(r)
		record(t, r, fault.Internal, "kind "+letters(n))
	}
	record(t, r, fault.Internal, "kind "+letters(0)) // one that is known has room
	for !<-db.attempts {
		t.Log("waiting for an attempt while the database is away")
	}
	if _, concern := waitFor(t, r, true); !strings.HasPrefix(concern, "errors have not been written") {
		t.Errorf("the status is %q", concern)
	}
	db.away.Store(false)
	offset.Store(int64(time.Hour)) // the next attempt is due
	waitFor(t, r, false)
	stop()
	if got := testkit.Value(t, db.Pool, "SELECT sum(count)::text FROM krowoc.errors"); got != "701" {
		t.Errorf("%s of 701 are accounted for", got)
	}
	// The error about the lost ones may take the room of one.
	if got := testkit.Value(t, db.Pool, "SELECT count(*)::text FROM krowoc.errors WHERE edge = 'http'"); got != "500" && got != "499" {
		t.Errorf("%s kinds were kept", got)
	}
}

// While the database is away, clients cannot push out errors of the server.
func TestClientsLeaveRoom(t *testing.T) {
	t.Parallel()
	db := &gate{Pool: migrated(t), attempts: make(chan bool, 1)}
	db.away.Store(true)
	r, stop := start(t, errorlog.Options{DB: db})
	flood := func(prefix string) {
		for n := range 700 {
			makeRoom(r)
			record(t, r, fault.Invalid, prefix+letters(n))
		}
	}
	flood("a ")
	waitFor(t, r, true) // what could not be written is merged with what happens now
	flood("b ")
	record(t, r, fault.Internal, "the one that matters")
	db.away.Store(false)
	stop()
	got := testkit.Value(t, db.Pool, "SELECT string_agg(category || ' ' || n, ', ' ORDER BY category) FROM (SELECT category, count(*) AS n FROM krowoc.errors WHERE edge = 'http' GROUP BY 1) AS c")
	if got != "internal 1, invalid 200" {
		t.Errorf("kept %s", got)
	}
}

func letters(n int) string {
	return string([]byte{'a' + byte(n%26), 'a' + byte(n/26%26), 'a' + byte(n/676)})
}

// waitFor waits until writing fails, or does not.
func waitFor(t *testing.T, r *errorlog.Recorder, fails bool) (lost int64, concern string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(5 * time.Millisecond) {
		lost, concern = r.Status()
		if strings.Contains(concern, "written") == fails {
			return lost, concern
		}
		if time.Now().After(deadline) {
			t.Fatalf("the status stays %q", concern)
		}
	}
}
