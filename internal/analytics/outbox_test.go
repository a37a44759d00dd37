package analytics_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/analytics"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/testkit"
)

var newID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

const create = `mutation Write { createNote(data: {text: "SECRET-TEXT", tags: ["x"], stars: 3}) { id text } }`

func TestMutationsStoreTheirEvents(t *testing.T) {
	for _, enforced := range []bool{false, true} {
		t.Run(fmt.Sprintf("enforced=%t", enforced), func(t *testing.T) {
			t.Parallel()
			x := track(t, enforced)
			answer := x.ask(t, ada, create)
			id := newID.FindString(answer)
			if !strings.Contains(answer, `"text":"SECRET-TEXT"`) {
				t.Fatal(answer)
			}
			x.ask(t, ada, `mutation { updateNote(id: "`+id+`", data: {size: LARGE}) { id } }`)
			x.ask(t, ada, `mutation Two { a: createNote(data: {text: "b", parentId: "`+id+`"}) { id } b: createNote(data: {text: "c"}) { id } }`)
			x.ask(t, ada, `mutation { updateNotes(all: true, data: {stars: 1}) { count } }`)
			x.ask(t, ada, `mutation { updateNotes(where: {stars: {eq: 77}}, data: {stars: 1}) { count } }`)
			x.ask(t, ada, `mutation { deleteNote(id: "`+id+`") { id } }`)
			x.ask(t, ada, `mutation { deleteNotes(all: true) { nodes { id } } }`)
			x.ask(t, ada, `mutation { deleteNotes(all: true) { nodes { id } } }`)
			const of = `"request_id": "r1", "$process_person_profile": false`
			const in = `"operation": "%s", `
			want := []string{
				`note_created {"size": "SMALL", "tags": ["x"], "stars": 3, ` + fmt.Sprintf(in, "Write") + of + `}`,
				`note_written {"size": "SMALL", ` + fmt.Sprintf(in, "Write") + of + `}`,
				`note_written {"size": "LARGE", ` + of + `}`,
				`note_created {"size": "SMALL", "tags": [], "stars": null, ` + fmt.Sprintf(in, "Two") + of + `}`,
				`note_written {"size": "SMALL", ` + fmt.Sprintf(in, "Two") + of + `}`,
				`note_created {"size": "SMALL", "tags": [], "stars": null, ` + fmt.Sprintf(in, "Two") + of + `}`,
				`note_written {"size": "SMALL", ` + fmt.Sprintf(in, "Two") + of + `}`,
				`note_written {"count": 3, ` + of + `}`,
				`note_written {"size": "LARGE", ` + of + `}`,
				`note_written {"count": 2, ` + of + `}`,
			}
			if got := x.rows(t); sortedMembers(got) != sortedMembers(strings.Join(want, "\n")) {
				t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
			}
			parents := testkit.Value(t, x.db, `SELECT count(*)::text FROM krowoc.outbox WHERE properties->>'parent' = $1`, id)
			ids := testkit.Value(t, x.db, `SELECT count(*)::text FROM krowoc.outbox WHERE properties->>'id' = $1`, id)
			if parents != "1" || ids != "1" {
				t.Errorf("%s events have the parent, and %s the note", parents, ids)
			}
		})
	}
}

// sortedMembers brings the members of objects in the order in which they stand, without blanks.
func sortedMembers(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		name, object, _ := strings.Cut(strings.TrimSpace(line), " ")
		members := strings.Split(strings.Trim(object, "{}"), ", ")
		slices.Sort(members)
		lines = append(lines, name+" "+strings.Join(members, ", "))
	}
	return strings.Join(lines, "\n")
}

func TestNoEventWithoutItsWrite(t *testing.T) {
	for _, enforced := range []bool{false, true} {
		t.Run(fmt.Sprintf("enforced=%t", enforced), func(t *testing.T) {
			t.Parallel()
			x := track(t, enforced)
			id := newID.FindString(x.ask(t, ada, create))
			testkit.Exec(t, x.db, "DELETE FROM krowoc.outbox")
			for what, document := range map[string]string{
				"a constraint":        `mutation { createNote(data: {text: "` + strings.Repeat("x", 21) + `"}) { id } }`,
				"the second field":    `mutation { createNote(data: {text: "a"}) { id } deleteNote(id: "01890000-0000-7000-8000-000000000000") { id } }`,
				"the rules":           `mutation { createNote(data: {text: "a", owner: "bob"}) { id } }`,
				"a row of others":     `mutation { updateNote(id: "01890000-0000-7000-8000-000000000000", data: {stars: 1}) { id } }`,
				"a delete of nothing": `mutation { deleteNote(id: "01890000-0000-7000-8000-000000000000") { id } }`,
				"a mistake after":     `mutation { deleteNote(id: "` + id + `") { id } updateNote(id: "` + id + `", data: {stars: 1}) { id } }`,
			} {
				if answer := x.ask(t, ada, document); !strings.Contains(answer, "errors") {
					t.Errorf("%s: %s", what, answer)
				}
				if got := x.rows(t); got != "" {
					t.Errorf("%s stored %s", what, got)
				}
			}
			if answer := x.ask(t, caller.Caller{UID: "bob"}, `mutation { deleteNote(id: "`+id+`") { id } }`); !strings.Contains(answer, "errors") || x.rows(t) != "" {
				t.Errorf("a delete of another's row: %s %s", answer, x.rows(t))
			}
		})
	}
}

// A role of the API cannot write events by itself.
func TestRolesOfCallersCannotWriteEvents(t *testing.T) {
	x := track(t, true)
	for _, role := range []string{"authenticated_api_write", "authenticated", "anon"} {
		_, err := x.db.Exec(t.Context(), `SELECT set_config('role', '`+role+`', false); INSERT INTO krowoc.outbox VALUES (gen_random_uuid(), 'e', 'u', '{}', now())`)
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", role, err)
		}
		testkit.Exec(t, x.db, "RESET ROLE")
	}
}

func TestEventsArriveAndLeaveTheTable(t *testing.T) {
	x := track(t, false)
	for range 3 {
		x.ask(t, ada, create)
	}
	x.relay(t)
	events := x.sink.Await(t, 6)
	if got := x.settled(t); got != "0" {
		t.Errorf("%s events are left", got)
	}
	if e := events[0]; e.Event != "note_created" || e.Properties["size"] != "SMALL" || e.Properties["$lib"] != "krowoc" || e.Properties["stars"] != 3.0 {
		t.Errorf("got %+v", e)
	}
	for _, r := range x.sink.Requests() {
		if body := string(r.Body); strings.Contains(body, "SECRET") || strings.Contains(body, `"`+ada.UID+`"`) { // a UUID can have ada in it
			t.Errorf("a request has personal data: %s", r.Body)
		}
	}
}

// settled returns how many rows are left, once no relay works on them.
func (x *tracked) settled(t testing.TB) (left string) {
	t.Helper()
	tx, err := x.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "LOCK TABLE krowoc.outbox IN EXCLUSIVE MODE"); err != nil { // waits for relays
		t.Fatal(err)
	}
	return testkit.Value(t, tx, "SELECT count(*)::text FROM krowoc.outbox")
}

// fill stores events.
func (x *tracked) fill(t testing.TB, n int, age time.Duration) {
	t.Helper()
	testkit.Exec(t, x.db, `INSERT INTO krowoc.outbox SELECT (lpad(to_hex(((extract(epoch FROM now()) - $2) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 19))::uuid, 'e', 'u', '{}', now() - make_interval(secs => $2) FROM generate_series(1, $1)`, n, age.Seconds())
}

// Several processes empty one table: all events arrive, and each once.
func TestSeveralRelays(t *testing.T) {
	x := track(t, false)
	const n = 2000
	x.fill(t, n, 0)
	for range 4 {
		x.relay(t, func(o *analytics.OutboxOptions) { o.Batch, o.Idle = 50, 10*time.Millisecond })
	}
	ids := map[string]int{}
	for _, e := range x.sink.Await(t, n) {
		ids[e.UUID]++
	}
	if left := x.settled(t); left != "0" || len(ids) != n || len(x.sink.Confirmed()) != n {
		t.Errorf("%d events arrived %d times, and %s are left", len(ids), len(x.sink.Confirmed()), left)
	}
}

// A process that dies between the request and the delete sends again, with the same UUIDs.
func TestCrashBetweenSendAndDelete(t *testing.T) {
	x := track(t, false)
	x.fill(t, 5, 0)
	testkit.Exec(t, x.db, `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
		CREATE TRIGGER die BEFORE DELETE ON krowoc.outbox FOR EACH STATEMENT EXECUTE FUNCTION die()`)
	crashed := x.relay(t)
	x.sink.Await(t, 5)
	stop(t, crashed)
	if got := x.count(t); got != "5" {
		t.Fatalf("%s of 5 events are left", got)
	}
	testkit.Exec(t, x.db, "DROP TRIGGER die ON krowoc.outbox")
	x.relay(t)
	events := x.sink.Await(t, 10)
	for i := range 5 {
		if events[i].UUID != events[i+5].UUID || events[i].Timestamp != events[i+5].Timestamp {
			t.Errorf("event %d was sent as %+v and %+v", i, events[i], events[i+5])
		}
	}
	if got := x.settled(t); got != "0" {
		t.Errorf("%s events are left", got)
	}
}

// What PostHog does not confirm stays, and is sent later; what it refuses does not stay.
func TestEventsWaitForPostHog(t *testing.T) {
	for code, left := range map[int]string{http.StatusServiceUnavailable: "3", http.StatusUnauthorized: "3", http.StatusBadRequest: "0", http.StatusOK: "0"} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			x := track(t, false)
			x.sink.Answer(testkit.Response{Status: code})
			x.fill(t, 3, 0)
			b := x.relay(t)
			x.sink.AwaitRequest(t)
			if got := x.settled(t); got != left {
				t.Errorf("%s events are left, want %s", got, left)
			}
			stop(t, b)
			if waits := left != "0"; (b.Status() != "") != waits {
				t.Errorf("got the status %q", b.Status())
			}
		})
	}
}

func TestTableHasALimit(t *testing.T) {
	x := track(t, false)
	x.sink.Answer(testkit.Response{Status: http.StatusServiceUnavailable, Keep: true})
	x.fill(t, 3, 73*time.Hour)
	x.fill(t, 20, 0)
	b := x.relay(t, func(o *analytics.OutboxOptions) { o.MaxRows = 10 })
	x.sink.AwaitRequest(t)
	stop(t, b)
	if got := testkit.Value(t, x.db, "SELECT count(*) || ' ' || count(*) FILTER (WHERE at < now() - interval '1 hour') FROM krowoc.outbox"); got != "10 0" {
		t.Errorf("%s events are left", got)
	}
	if lost := x.client.Dropped(); lost != 13 {
		t.Errorf("%d events are counted as lost", lost)
	}
}

// A process that stores events sends them soon, although it looks at an empty table seldom.
func TestStoredEventsAreSentSoon(t *testing.T) {
	x := track(t, false)
	b := x.relay(t, func(o *analytics.OutboxOptions) { o.Every = time.Millisecond })
	x.serveWith(t, b)
	for n := 1; n <= 3; n++ {
		x.ask(t, ada, create)
		x.sink.Await(t, 2*n)
	}
}

// The relay, which is woken when an event is stored, may look at the table before the transaction of the event is committed.
func TestEventsOfLongTransactionsAreSentSoon(t *testing.T) {
	x := track(t, false)
	b := x.relay(t, func(o *analytics.OutboxOptions) { o.Every, o.Idle = time.Millisecond, time.Hour })
	tx, err := x.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sql, args := b.Store(t.Context(), &exec.Operation{}, "late", "SELECT '{}'::jsonb", nil)
	if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
	<-time.After(100 * time.Millisecond)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.sink.Await(t, 1)
}

// Without the table, or rights on it, mutations go on.
func TestMutationsDoNotNeedTheTable(t *testing.T) {
	x := track(t, false)
	testkit.Exec(t, x.db, "ALTER TABLE krowoc.outbox RENAME TO gone")
	b := x.relay(t)
	stop(t, b)
	if !strings.Contains(b.Status(), "may not use krowoc.outbox") {
		t.Errorf("got the status %q", b.Status())
	}
	if answer := x.serveWith(t, b).ask(t, ada, create); strings.Contains(answer, "errors") || x.client.Dropped() != 2 {
		t.Errorf("%d events are counted: %s", x.client.Dropped(), answer)
	}
}

// as returns a pool whose role may write notes and use the table of events.
func (x *tracked) as(t testing.TB, role string) *pgxpool.Pool {
	t.Helper()
	config := x.db.Config()
	role += config.ConnConfig.Database
	testkit.Exec(t, x.db, "CREATE ROLE "+role+" LOGIN PASSWORD 'pw'; GRANT ALL ON notes TO "+role+"; GRANT USAGE ON SCHEMA krowoc TO "+role+"; GRANT ALL ON krowoc.outbox TO "+role)
	config.ConnConfig.User, config.ConnConfig.Password = role, "pw"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pool.Close()
		if _, err := x.db.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	return pool
}

// A mutation that meets a table that is gone, or closed to the service, fails once. Those after it store nothing until the table is back.
func TestTableIsLostWhileTheServerRuns(t *testing.T) {
	for name, sql := range map[string][2]string{
		"gone":   {"ALTER TABLE krowoc.outbox RENAME TO gone", "ALTER TABLE krowoc.gone RENAME TO outbox"},
		"closed": {"REVOKE INSERT ON krowoc.outbox FROM ", "GRANT INSERT ON krowoc.outbox TO "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := track(t, false)
			pool := x.as(t, "events_")
			if name == "closed" {
				sql[0], sql[1] = sql[0]+pool.Config().ConnConfig.User, sql[1]+pool.Config().ConnConfig.User
			}
			b := x.relay(t, func(o *analytics.OutboxOptions) { o.Pool, o.Every = pool, 10*time.Millisecond })
			x.options.DB = exec.Single(pool)
			x.serveWith(t, b).settled(t)
			testkit.Exec(t, x.db, sql[0])
			x.ask(t, ada, create)
			if answer := x.ask(t, ada, create); strings.Contains(answer, "errors") {
				t.Errorf("the second mutation is answered %s", answer)
			}
			testkit.Exec(t, x.db, sql[1])
			for len(x.sink.Confirmed()) == 0 && t.Context().Err() == nil {
				x.ask(t, ada, create)
			}
		})
	}
}

// A server that has started without the table stores events a few seconds after it is there.
func TestTableComesLater(t *testing.T) {
	x := track(t, false)
	testkit.Exec(t, x.db, "ALTER TABLE krowoc.outbox RENAME TO gone")
	x.serveWith(t, x.relay(t))
	x.ask(t, ada, create)
	testkit.Exec(t, x.db, "ALTER TABLE krowoc.gone RENAME TO outbox")
	for deadline := time.Now().Add(20 * time.Second); x.count(t) == "0"; {
		if x.ask(t, ada, create); time.Now().After(deadline) {
			t.Fatal("no event is stored")
		}
	}
}

// fillLarge stores events with a property of so many bytes.
func (x *tracked) fillLarge(t testing.TB, n, size int) {
	t.Helper()
	x.fill(t, n, 0)
	testkit.Exec(t, x.db, "UPDATE krowoc.outbox SET properties = jsonb_build_object('value', repeat('x', $1))", size)
}

func TestBatchesOfTheTableHaveALimitOfBytes(t *testing.T) {
	x := track(t, false)
	x.client = client(t, x.sink, func(o *analytics.Options) { o.BatchBytes = 10_000 })
	x.fillLarge(t, 10, 4000)
	x.relay(t)
	x.sink.Await(t, 10)
	for _, r := range x.sink.Requests() {
		if len(r.Body) > 15_000 {
			t.Errorf("a request has %d bytes", len(r.Body))
		}
	}
	if left := x.settled(t); left != "0" {
		t.Errorf("%s events are left", left)
	}
}

// A batch for which the time is too short is sent in smaller ones.
func TestBatchThatTakesTooLongIsHalved(t *testing.T) {
	x := track(t, false)
	x.sink.Answer(testkit.Response{MaxBytes: 10_000, Keep: true})
	x.fillLarge(t, 4, 6000)
	x.relay(t, func(o *analytics.OutboxOptions) { o.Every = time.Millisecond })
	x.sink.Await(t, 4)
}

// The deferred triggers of a mutation run as its caller, also after its events.
func TestDeferredTriggersRunAsTheCaller(t *testing.T) {
	x := track(t, true)
	testkit.Exec(t, x.db, `CREATE TABLE seen (role text); GRANT INSERT ON seen TO PUBLIC;
		CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (current_user); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see()`)
	for _, document := range []string{create, `mutation { createNote(data: {text: "a"}) { __typename } }`, `mutation { updateNotes(all: true, data: {stars: 1}) { count } }`} {
		if answer := x.ask(t, ada, document); strings.Contains(answer, "errors") {
			t.Fatal(answer)
		}
	}
	if got := testkit.Value(t, x.db, "SELECT coalesce(string_agg(DISTINCT role, ' '), '') FROM seen WHERE role NOT LIKE 'authenticated_api%'"); got != "" {
		t.Errorf("the triggers ran as %s", got)
	}
}

func TestNamesOfOperationsAreClipped(t *testing.T) {
	x := track(t, false)
	x.ask(t, ada, strings.Replace(create, "Write", strings.Repeat("W", 1000), 1))
	if got := testkit.Value(t, x.db, "SELECT max(length(properties->>'operation'))::text FROM krowoc.outbox"); got != "256" {
		t.Errorf("the name of an operation has %s bytes", got)
	}
}
