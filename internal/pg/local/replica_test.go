package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func ask(t *testing.T, url, sql string) (text string, err error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background())
	err = conn.QueryRow(t.Context(), sql).Scan(&text)
	return text, err
}

// TestReplica starts a replica twice: the second time from a folder that is stale.
func TestReplica(t *testing.T) {
	dir := folder(t)
	o := Options{DataDir: filepath.Join(dir, "postgres"), Env: os.Getenv}
	primary, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := primary.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if err := primary.exec(t.Context(), "CREATE TABLE things AS SELECT generate_series(1, 10000) AS id"); err != nil {
		t.Fatal(err)
	}
	port := 0
	for range 2 {
		o.DataDir = filepath.Join(dir, "postgres-replica-1")
		replica, err := primary.StartReplica(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if port != 0 && replica.port != port {
			t.Errorf("it was on port %d, and is on %d", port, replica.port)
		}
		port = replica.port
		if err := primary.exec(t.Context(), "INSERT INTO things SELECT max(id) + 1 FROM things"); err != nil {
			t.Fatal(err)
		}
		want, err := ask(t, primary.URL("postgres"), "SELECT count(*)::text FROM things")
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; <-time.After(5 * time.Millisecond) {
			got, err := ask(t, replica.URL("postgres"), "SELECT count(*)::text FROM things")
			if got == want && err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the replica has %q, not %q: %v", got, want, err)
			}
		}
		if err := replica.exec(t.Context(), "DELETE FROM things"); err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Error("a replica is written to:", err)
		}
		if err := replica.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if slots, err := ask(t, primary.URL("postgres"), "SELECT count(*)::text FROM pg_replication_slots"); slots != "0" {
			t.Errorf("%s slots are left: %v", slots, err)
		}
	}
}
