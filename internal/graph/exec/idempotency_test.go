package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// keyed posts a document under a key.
func (c client) keyed(t testing.TB, key, query string, vars map[string]any) *httptest.ResponseRecorder {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(caller.With(t.Context(), c.caller), http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

const addTask = `mutation($id: ID!) {createTask(data: {id: $id, owner: "ada"}) {id touched}}`

func taskID(id string) map[string]any { return map[string]any{"id": id} }

// A key that was used for a document that the request only named is not one for another document.
func TestIdempotencyKeyOfNamedDocuments(t *testing.T) {
	base := serve(t, batchSchema, "", batchRows)
	const other = `mutation($id: ID!) {createTask(data: {id: $id, owner: "ada"}) {id}}`
	p := exec.NewPersisted(exec.PersistedOptions{Trusted: map[string]string{"add": addTask, "other": other}})
	handler := handlerOf(t, exec.Options{API: apiOf(t, batchSchema), DB: exec.Single(base.db), Documents: p})
	for _, tt := range []struct {
		id   string
		code int
	}{{"add", 200}, {"add", 200}, {"other", 422}} {
		body := `{"documentId": "` + tt.id + `", "variables": {"id": "n9"}}`
		r := httptest.NewRequestWithContext(caller.With(t.Context(), caller.Caller{UID: "ada"}), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "named")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tt.code || strings.Contains(w.Body.String(), `"CONFLICT"`) {
			t.Errorf("%s: %d %s", tt.id, w.Code, w.Body)
		}
	}
}

// A repeated mutation is answered as the first time, and has no other effect.
func TestIdempotencyKey(t *testing.T) { // not in parallel: roles belong to the whole server
	for name, c := range map[string]client{"rules": serve(t, batchSchema, "", batchRows), "policies": enforce(t, batchSchema, batchRows).kept(t)} {
		t.Run(name, func(t *testing.T) {
			ada, bob := c.as(caller.Caller{UID: "ada"}), c.as(caller.Caller{UID: "bob"})
			first := ada.keyed(t, `"k1"`, addTask, taskID("n1"))
			again := ada.keyed(t, "k1", addTask, taskID("n1"))
			if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || !strings.Contains(first.Body.String(), "n1") {
				t.Errorf("first %d %s, again %d %s", first.Code, first.Body, again.Code, again.Body)
			}
			if got := first.Header().Get("Idempotency-Replayed") + "," + again.Header().Get("Idempotency-Replayed"); got != ",true" {
				t.Errorf("replayed: %s", got)
			}
			if w := ada.keyed(t, "k1", addTask, taskID("n2")); w.Code != 422 || !strings.Contains(w.Body.String(), "was used for another request") {
				t.Errorf("another request: %d %s", w.Code, w.Body)
			}
			if w := bob.keyed(t, "k1", addTask, taskID("n1")); !strings.Contains(w.Body.String(), "FORBIDDEN") {
				t.Errorf("another caller: %d %s", w.Code, w.Body)
			}
			if w := bob.keyed(t, "k1", `mutation {deleteTask(id: "b1") {id}}`, nil); !strings.Contains(w.Body.String(), "CONFLICT") {
				t.Errorf("a failure: %d %s", w.Code, w.Body)
			}
			if w := bob.keyed(t, "k1", `mutation {deleteTask(id: "b3") {id}}`, nil); w.Body.String() != `{"data":{"deleteTask":{"id":"b3"}}}`+"\n" {
				t.Errorf("after a failure: %d %s", w.Code, w.Body)
			}
			if w := c.as(caller.Caller{UID: "ada", Key: "key1"}).keyed(t, "k1", addTask, taskID("n3")); w.Body.String() != `{"data":{"createTask":{"id":"n3","touched":0}}}`+"\n" {
				t.Errorf("by an API key: %d %s", w.Code, w.Body)
			}
			if w := c.as(anonymous).keyed(t, "k1", addTask, taskID("n1")); w.Code != 401 {
				t.Errorf("nobody: %d %s", w.Code, w.Body)
			}
			for _, key := range []string{"", `"`, `"a`, `a"b"c` + "\x7f", `"a"b"`, strings.Repeat("k", 256), "é"} {
				if w := ada.keyed(t, key, addTask, taskID("n4")); w.Code != 400 {
					t.Errorf("%q: %d %s", key, w.Code, w.Body)
				}
			}
			if w := ada.keyed(t, "k1", `{tasks {totalCount}}`, nil); w.Code != 200 || w.Header().Get("Idempotency-Replayed") != "" {
				t.Errorf("a query: %d %s", w.Code, w.Body)
			}
		})
	}
}

// kept is the client under policies, whose transactions are kept.
func (e enforced) kept(t testing.TB) client {
	o := exec.Options{API: mustPolice(t, e.secured), DB: exec.Single(e.db), Enforce: &exec.Enforcement{Security: rls.Options{Enforce: true}}}
	return client{handler: handlerOf(t, o), db: e.db}
}

// An answer that the client did not get because the connection to Postgres broke is there when it asks again.
func TestCommittedWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	c := serve(t, batchSchema, "", batchRows)
	db := &lossy{Conn: c.db}
	c.handler = handlerOf(t, exec.Options{API: apiOf(t, batchSchema), DB: exec.Single(db)})
	ada := c.as(caller.Caller{UID: "ada"})
	db.breaks.Store(true)
	if w := ada.keyed(t, "k", addTask, taskID("n1")); w.Code != 503 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	db.breaks.Store(false)
	if w := ada.keyed(t, "k", addTask, taskID("n1")); w.Body.String() != `{"data":{"createTask":{"id":"n1","touched":0}}}`+"\n" || w.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ada.send(t, addTask, taskID("n1")); w.Code != 409 {
		t.Errorf("without a key: %d %s", w.Code, w.Body)
	}
}

// lossy loses its connection after a commit, before the client of Postgres learns of it.
type lossy struct {
	exec.Conn
	breaks atomic.Bool
}

func (b *lossy) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := b.Conn.Begin(ctx)
	return &lossyTx{tx, b}, err
}

type lossyTx struct {
	pgx.Tx
	db *lossy
}

func (tx *lossyTx) Commit(ctx context.Context) error {
	err := tx.Tx.Commit(ctx)
	if tx.db.breaks.Load() {
		return errors.Join(err, io.ErrUnexpectedEOF)
	}
	return err
}

// Of requests with one key at the same time, one has an effect.
func TestIdempotencyKeyAtOnce(t *testing.T) {
	t.Parallel()
	c := serve(t, batchSchema, "", batchRows).as(caller.Caller{UID: "ada"})
	answers := make([]*httptest.ResponseRecorder, 6)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			answers[i] = c.keyed(t, "k", `mutation {updateTask(id: "a1", data: {size: 5}) {touched}}`, nil)
		})
	}
	wg.Wait()
	replayed := 0
	for _, w := range answers {
		if w.Body.String() != `{"data":{"updateTask":{"touched":1}}}`+"\n" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w.Header().Get("Idempotency-Replayed") == "true" {
			replayed++
		}
	}
	if got := testkit.Value(t, c.db, "SELECT touched::text FROM tasks WHERE id = 'a1'"); got != "1" || replayed != len(answers)-1 {
		t.Errorf("touched %s times, replayed %d times", got, replayed)
	}
}

// A request does not wait for long for another one with its key.
func TestIdempotencyKeyIsBusy(t *testing.T) {
	t.Parallel()
	c := serve(t, batchSchema, "", batchRows).as(caller.Caller{UID: "ada"})
	tx, err := c.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM tasks WHERE id = 'a1' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	const query = `mutation {updateTask(id: "a1", data: {size: 5}) {touched}}`
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- c.keyed(t, "k", query, nil) }()
	waitUntilLocked(t, c.db)
	if w := c.keyed(t, "k", query, nil); w.Code != 409 || !strings.Contains(w.Body.String(), "still running") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := <-first; w.Body.String() != `{"data":{"updateTask":{"touched":1}}}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// waitUntilLocked waits until a statement waits for a lock.
func waitUntilLocked(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	for testkit.Value(t, db, "SELECT (count(*) > 0)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") != "true" {
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Keys live for a day, and answers have a limit.
func TestIdempotencyKeysEnd(t *testing.T) {
	t.Parallel()
	c := serve(t, batchSchema, "", batchRows, `UPDATE tasks SET secret = repeat('x', 300000) WHERE id = 'a1'`)
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	c.handler = handlerOf(t, exec.Options{API: apiOf(t, batchSchema), DB: exec.Single(c.db), Now: func() time.Time { return now }})
	ada := c.as(caller.Caller{UID: "ada"})
	const query = `mutation {updateTask(id: "a2", data: {}) {touched}}`
	touched := func(want string) {
		t.Helper()
		if w := ada.keyed(t, "k", query, nil); w.Body.String() != `{"data":{"updateTask":{"touched":`+want+"}}}\n" {
			t.Errorf("%d %s, not %s", w.Code, w.Body, want)
		}
	}
	touched("1")
	now = now.Add(24*time.Hour - time.Second)
	touched("1")
	now = now.Add(time.Second)
	touched("2")
	touched("2")
	for age, want := range map[time.Duration]string{0: "1", 24 * time.Hour: "0"} {
		if err := exec.DropKeys(t.Context(), c.db, now.Add(age)); err != nil {
			t.Fatal(err)
		}
		if got := testkit.Value(t, c.db, "SELECT count(*)::text FROM "+own.IdempotencyTable); age > 0 && got != want {
			t.Errorf("after %s, there are %s keys", age, got)
		}
	}
	w := ada.keyed(t, "large", `mutation {updateTask(id: "a1", data: {size: 9}) {secret}}`, nil)
	if !strings.Contains(w.Body.String(), "with Idempotency-Key, at most 262144 are allowed") {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
	if got := testkit.Value(t, c.db, "SELECT size::text FROM tasks WHERE id = 'a1'"); got != "1" {
		t.Errorf("a mutation whose answer is too large has changed its row to %s", got)
	}
}
