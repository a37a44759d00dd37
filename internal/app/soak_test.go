package app_test

import (
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/testkit"
)

// soakTime is how long TestSoak sends requests: 20 s, or what `make soak` sets.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("KROWOC_TEST_SOAK")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSoak sends requests while the collector of traces and metrics and PostHog accept connections and never answer. Memory stays bounded,
// and requests are answered.
func TestSoak(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	database := testkit.DatabaseURL(t)
	apptest.MigrateAndSeed(t, newApp(t, repository, "KROWOC_DATABASE_URL="+database))
	away := "http://" + silent.Addr().String()
	url := serveIn(t, repository, database, slog.DiscardHandler, "KROWOC_TELEMETRY_TRACES_ENDPOINT="+away, "KROWOC_TELEMETRY_TRACES_SAMPLE=1",
		"KROWOC_TELEMETRY_METRICS_ENDPOINT="+away, "KROWOC_TELEMETRY_METRICS_INTERVAL=1s",
		"KROWOC_ANALYTICS_POSTHOG_HOST="+away, "KROWOC_ANALYTICS_POSTHOG_KEY=phc_1", "KROWOC_ANALYTICS_REQUEST_PERCENT=100")

	var requests atomic.Int64
	end, clients := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				body := `{"query": "query Soak { prompts(first: 5) { nodes { title } } }"}`
				if requests.Add(1)%10 == 0 {
					body = `{"query": "{ nothing }"}` // fails
				}
				if status, _, text := get(t, url+"/graphql", strings.NewReader(body)); status != 200 {
					t.Errorf("%d %s", status, text)
				}
			}
		})
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	whole := soakTime(t)
	<-time.After(whole / 2) // queues and caches are full
	before := heap()
	<-time.After(whole / 2)
	grown := heap() - before
	close(end)
	clients.Wait()
	t.Logf("%d requests; the second half added %d KiB to the heap", requests.Load(), grown>>10)
	if grown > 16<<20 {
		t.Errorf("the second half of %d requests added %d KiB to the heap", requests.Load(), grown>>10)
	}
}
