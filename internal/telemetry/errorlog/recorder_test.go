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

	"github.com/jackc/pgx/v5"
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

// The tables stay within their limits, whatever clients send, and mistakes of clients do not push out errors of the server.
func TestLimits(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	for round := range 3 {
		r, stop := start(t, errorlog.Options{DB: db})
		for n := range 400 {
			makeRoom(r)
			record(t, r, fault.Invalid, "kind "+letters(400*round+n))
		}
		if round == 0 {
			record(t, r, fault.Internal, "the one that matters")
		}
		stop()
	}
	got := testkit.Value(t, db, "SELECT string_agg(category || ' ' || n, ', ' ORDER BY category) FROM (SELECT category, count(*) AS n FROM krowoc.errors GROUP BY 1) AS c")
	if got != "internal 1, invalid 300" {
		t.Errorf("kept %s", got)
	}
	if got := testkit.Value(t, db, "SELECT max(jsonb_array_length(samples))::text FROM krowoc.errors WHERE category = 'invalid'"); got != "1" {
		t.Errorf("%s samples of a mistake", got)
	}
}

func TestOldCounts(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	record(t, r, fault.Internal, "x")
	record(t, r, fault.Internal, "y")
	stop()
	testkit.Exec(t, db, `UPDATE krowoc.errors SET last_seen = now() - interval '15 days' WHERE message LIKE '%y';
		INSERT INTO krowoc.error_counts SELECT fingerprint, date_trunc('hour', now() - interval '5 hours', 'UTC') + m * interval '1 minute', 2 FROM krowoc.errors, generate_series(1, 3) AS m;
		INSERT INTO krowoc.error_counts SELECT fingerprint, now() - interval '15 days', 1 FROM krowoc.errors`)
	for range 2 {
		if err := errorlog.Tidy(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	got := testkit.Value(t, db, "SELECT string_agg(date_part('hour', now() - at)::int || ' ' || count, ', ' ORDER BY at) FROM krowoc.error_counts WHERE at < now() - interval '1 hour'")
	if !strings.HasSuffix(got, " 6") || strings.Contains(got, ",") {
		t.Errorf("old counts are %s", got)
	}
	if got := testkit.Value(t, db, "SELECT string_agg(message, ', ') FROM krowoc.errors"); got != "read a thing: x" {
		t.Errorf("kept %s", got)
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
