package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Statements that wait for a lock take all connections. Other operations are then refused soon, probes are answered, and all is well as
// soon as the lock is gone.
func TestStatementsBehindALock(t *testing.T) {
	database := testkit.DatabaseURL(t)
	a := newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+database, "KROWOC_DATABASE_MAX_CONNECTIONS=3", "KROWOC_HEALTH_CACHE_FOR=1ms")
	apptest.MigrateAndSeed(t, a)
	url := api(t, a, app.ServerOptions{})
	locker, err := pg.Connect(t.Context(), pg.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer locker.Close()
	tx, err := locker.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, tx, "LOCK TABLE prompts IN ACCESS EXCLUSIVE MODE")

	var all sync.WaitGroup
	answers := make(chan *http.Response, 7)
	for range cap(answers) {
		all.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", strings.NewReader(`{"query": "{prompts {totalCount}}"}`))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
			answers <- response
		})
	}
	for range cap(answers) - 3 {
		if r := <-answers; r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
			t.Errorf("an operation that found no connection: %s, %v", r.Status, r.Header)
		}
		if status, _, text := get(t, url+"/readyz", nil); status != http.StatusOK {
			t.Errorf("readyz: %d %s", status, text)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	for range 3 {
		if r := <-answers; r.StatusCode != http.StatusOK {
			t.Errorf("an operation after the lock: %s", r.Status)
		}
	}
}
