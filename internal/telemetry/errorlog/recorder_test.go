package errorlog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// migrated returns a database with the tables.
func migrated(t testing.TB) *pgxpool.Pool {
	t.Helper()
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

// start runs a recorder. stop writes what is left.
func start(t testing.TB, o errorlog.Options) (r *errorlog.Recorder, stop func()) {
	t.Helper()
	if o.Release == "" {
		o.Release, o.Environment = "1.2.3", "production"
	}
	r = errorlog.New(o)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := r.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return r, stop
}

// record records an error on an edge without waiting for room.
func record(t testing.TB, r *errorlog.Recorder, code fault.Code, message string) {
	t.Helper()
	r.Record(t.Context(), errorlog.Event{Edge: errorlog.HTTP, Place: "GET /things", Err: fault.New(code, "read a thing", message)})
}

// makeRoom waits for the loop, than which a test is faster.
func makeRoom(r *errorlog.Recorder) {
	for r.Waiting() > errorlog.QueueSize/2 {
		runtime.Gosched()
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	for _, code := range append([]fault.Code{fault.Reauthenticate, fault.CheckFailed, fault.Canceled, "made up"}, errorlog.Categories...) {
		record(t, r, code, "thing 7 is wrong")
	}
	stop()
	got := testkit.Value(t, db, "SELECT string_agg(category || ' ' || count, ', ' ORDER BY category) FROM krowoc.errors")
	const want = "conflict 1, forbidden 1, internal 2, invalid 2, not_found 1, rate_limited 1, timeout 1, unauthenticated 2, unavailable 1, upstream 1"
	if len(errorlog.Categories) != 10 || got != want {
		t.Errorf("got %s", got)
	}
}

func TestWhatIsKeptOfAnError(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	for i, release := range []string{"1.0.0", "1.1.0"} {
		var ticks atomic.Int64
		clock := func() time.Time { return time.Now().Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
		r, stop := start(t, errorlog.Options{DB: db, Release: release, Environment: "staging", Now: clock})
		for n := range 4 {
			info := &request.Info{ID: fmt.Sprintf("r-%d-%d", i, n), Correlation: "c-1"}
			info.SetOperation("Feed")
			r.Record(request.With(t.Context(), info), errorlog.Event{Edge: errorlog.GraphQL, Place: "query things", Err: fmt.Errorf("thing %d is wrong", n)})
		}
		stop()
	}
	found, err := errorlog.Find(t.Context(), db, testkit.Value(t, db, "SELECT fingerprint FROM krowoc.errors"), time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if found.Count != 8 || found.Total != 8 || found.Message != "thing # is wrong" || found.Place != "query things" || found.FirstRelease != "1.0.0" || found.LastRelease != "1.1.0" || found.Category != fault.Internal {
		t.Errorf("%+v", found)
	}
	if len(found.Samples) != 5 {
		t.Fatalf("%d samples", len(found.Samples))
	}
	newest := found.Samples[0]
	if newest.RequestID != "r-1-3" || newest.CorrelationID != "c-1" || newest.Operation != "Feed" || newest.Release != "1.1.0" || newest.Environment != "staging" {
		t.Errorf("%+v", newest)
	}
}

// Several recorders on one database count each error once.
func TestRecordersAtOnce(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	const recorders, goroutines, each = 3, 4, 200
	var all sync.WaitGroup
	for range recorders {
		r, stop := start(t, errorlog.Options{DB: db})
		all.Go(func() {
			var senders sync.WaitGroup
			for g := range goroutines {
				senders.Go(func() {
					for n := range each {
						makeRoom(r)
						record(t, r, fault.Internal, fmt.Sprintf("thing of kind %s is wrong", strings.Repeat("x", 1+(g+n)%10)))
					}
				})
			}
			senders.Wait()
			stop()
		})
	}
	all.Wait()
	want := fmt.Sprint(recorders * goroutines * each)
	if got := testkit.Value(t, db, "SELECT sum(count)::text FROM krowoc.errors"); got != want {
		t.Errorf("counted %s of %s", got, want)
	}
	if got := testkit.Value(t, db, "SELECT sum(count)::text FROM krowoc.error_counts"); got != want {
		t.Errorf("counted %s of %s by minute", got, want)
	}
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.errors"); got != "10" {
		t.Errorf("%s kinds", got)
	}
}

// A role without rights on the tables: the recorder says what to grant and keeps running.
func TestRoleWithoutRights(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	testkit.Exec(t, db, "CREATE ROLE errorlog_reader LOGIN PASSWORD 'x'")
	config := db.Config()
	config.ConnConfig.User, config.ConnConfig.Password = "errorlog_reader", "x"
	weak, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer weak.Close()
	var log strings.Builder
	r, stop := start(t, errorlog.Options{DB: weak, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	record(t, r, fault.Internal, "x")
	waitFor(t, r, true)
	stop()
	if text := log.String(); !strings.Contains(text, "grant the role") || !strings.Contains(text, "SELECT, INSERT, UPDATE, DELETE ON krowoc.errors, krowoc.error_counts") {
		t.Errorf("the log says %s", text)
	}
	empty := testkit.NewDatabase(t)
	if _, err := errorlog.List(t.Context(), empty, errorlog.Query{}); fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.HintOf(err), "krowoc migrate up") {
		t.Errorf("a database without the tables: %v; %s", err, fault.HintOf(err))
	}
}

func TestNilRecordsNothing(t *testing.T) {
	t.Parallel()
	var r *errorlog.Recorder
	r.Record(t.Context(), errorlog.Event{Err: errors.New("x")})
	if lost, concern := r.Status(); lost != 0 || concern != "" {
		t.Error(lost, concern)
	}
}

// A handler that gives no reason is judged by its status; a client that has gone away has no error.
func TestRequestsWithoutReason(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	for _, status := range []int{400, 401, 403, 404, 409, 418, 429, 499, 500, 502, 503, 504} {
		r.FailedRequest(t.Context(), "", status, nil)
	}
	stop()
	got := testkit.Value(t, db, "SELECT string_agg(category || ' ' || count, ', ' ORDER BY category) FROM krowoc.errors WHERE place = 'no route'")
	const want = "conflict 1, forbidden 1, internal 1, invalid 2, not_found 1, rate_limited 1, timeout 1, unauthenticated 1, unavailable 1, upstream 1"
	if got != want {
		t.Errorf("got %s", got)
	}
}
