package app_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

// addressLog is a log that tells where the server of this test listens.
type addressLog struct{ address chan string }

func (l addressLog) Write(line []byte) (int, error) {
	var record struct{ Msg, Address string }
	if json.Unmarshal(line, &record) == nil && record.Msg == "serving" {
		l.address <- record.Address
	}
	return len(line), nil
}

// serve runs `krowoc serve` on a database until the test ends and returns its URL.
func serve(t *testing.T, databaseURL string) string {
	t.Helper()
	return serveIn(t, repository, databaseURL, slog.DiscardHandler)
}

// serveIn is serve for the project in a folder, with a log.
func serveIn(t testing.TB, dir, databaseURL string, handler slog.Handler, environ ...string) string {
	t.Helper()
	return serveAt(t, time.Now, dir, databaseURL, handler, environ...)
}

// serveAt is serveIn with a clock.
func serveAt(t testing.TB, now func() time.Time, dir, databaseURL string, handler slog.Handler, environ ...string) string {
	t.Helper()
	a := apptest.New(t, dir, append(environ, "KROWOC_ENV=production", "KROWOC_SERVER_TIMEOUTS_DRAIN_DELAY=0s", "KROWOC_DATABASE_URL="+databaseURL)...)
	log := addressLog{make(chan string, 1)}
	a.Now, a.Logger = now, slog.New(slog.NewMultiHandler(slog.NewJSONHandler(log, nil), handler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- a.Serve(ctx)
		close(ended) // a start that failed is read before the cleanup
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) { // a test may end before the server has started
			t.Errorf("serve: %v", err)
		}
	})
	select {
	case address := <-log.address:
		return "http://" + address
	case err := <-ended:
		t.Fatalf("serve: %v", err)
	}
	return ""
}

// get returns what a path answers; with a body it posts that.
func get(t testing.TB, url string, body io.Reader) (status int, contentType, text string) {
	t.Helper()
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(raw)
}

// eventually asks an operation until it is answered with the status.
func eventually(t *testing.T, url, operation string, want int) (contentType, text string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		status, contentType, text := get(t, url+"/graphql", strings.NewReader(operation))
		if status == want {
			return contentType, text
		}
		select {
		case <-deadline:
			t.Fatalf("the answer is still %d %s, not %d", status, text, want)
		case <-tick.C:
		}
	}
}

// Postgres is killed while the API is served, and started again: the API says so, and recovers by itself.
func TestServeOutlivesPostgres(t *testing.T) {
	dataDir := filepath.Join(testkit.Folder(t), "postgres")
	start := func() *local.Server {
		server, err := local.Start(t.Context(), local.Options{DataDir: dataDir, Env: os.Getenv, Logger: testkit.Logger(t)})
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	postgres := start()
	url := postgres.URL("postgres")
	apptest.Migrate(t, apptest.New(t, repository, "KROWOC_DATABASE_URL="+url))
	api := serve(t, url)
	const operation = `{"query": "{ prompts { totalCount } }"}`
	if _, text := eventually(t, api, operation, http.StatusOK); strings.TrimSpace(text) != `{"data":{"prompts":{"totalCount":0}}}` {
		t.Fatalf("answer %s", text)
	}

	process, err := os.FindProcess(postgres.PID())
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	<-postgres.Exited()
	contentType, text := eventually(t, api, operation, http.StatusServiceUnavailable)
	var problem struct{ Title string }
	if err := json.Unmarshal([]byte(text), &problem); err != nil || contentType != "application/problem+json" || problem.Title == "" {
		t.Errorf("without Postgres: %s %s", contentType, text)
	}
	if strings.Contains(text, url) || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the answer tells where the database is: %s", text)
	}
	if status, _, text := get(t, api+"/livez", nil); status != http.StatusOK {
		t.Errorf("/livez: %d %s", status, text)
	}

	again := start()
	defer func() {
		if err := again.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	if again.URL("postgres") != url {
		t.Fatalf("Postgres is back at another address: %s, was %s", again.URL("postgres"), url)
	}
	eventually(t, api, operation, http.StatusOK)
	if status, _, text := get(t, api+"/graphiql", nil); status != http.StatusNotFound {
		t.Errorf("GraphiQL in production: %d %s", status, text)
	}
}

// Serve starts where Postgres is not yet up, says that it is not ready, and drains at once when told to.
func TestServeStartsWithoutPostgres(t *testing.T) {
	api := serve(t, "postgres://nobody:s3cret@127.0.0.1:1/app")
	if _, text := eventually(t, api, `{"query": "{ prompts { totalCount } }"}`, http.StatusServiceUnavailable); strings.Contains(text, "s3cret") {
		t.Errorf("the password is in %s", text)
	}
	if status, contentType, text := get(t, api+"/readyz", nil); status != http.StatusServiceUnavailable || contentType != "application/health+json" ||
		strings.Contains(text, "s3cret") {
		t.Errorf("/readyz: %d %s %s", status, contentType, text)
	}
}

// A role that may create nothing serves. Before the schema krowoc is there, the server is not ready and says what to run.
func TestServeNeedsNoDDL(t *testing.T) {
	db := testkit.NewDatabase(t)
	apptest.Migrate(t, apptest.New(t, repository, "KROWOC_DATABASE_URL="+db.Config().ConnString()))
	role := "serve_" + strings.ToLower(rand.Text()[:8])
	testkit.Exec(t, db, "CREATE ROLE "+role+" LOGIN PASSWORD 'app'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+role)
	at, err := url.Parse(db.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword(role, "app")

	api := serve(t, at.String())
	if status, _, text := get(t, api+"/readyz", nil); status != http.StatusOK {
		t.Errorf("/readyz: %d %s", status, text)
	}
	eventually(t, api, `{"query": "{ prompts { totalCount } }"}`, http.StatusOK)

	testkit.Exec(t, db, "DROP SCHEMA krowoc CASCADE")
	api = serve(t, at.String())
	status, _, text := get(t, api+"/readyz", nil)
	if status != http.StatusServiceUnavailable || !strings.Contains(text, fmt.Sprintf("this release needs version %d", own.Latest())) || !strings.Contains(text, "krowoc migrate up") {
		t.Errorf("/readyz: %d %s", status, text)
	}
	if got := testkit.Value(t, db, "SELECT to_regnamespace('krowoc') IS NULL"); got != "true" {
		t.Error("serve made the schema")
	}
}
