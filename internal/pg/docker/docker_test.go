package docker_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/docker"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestStart(t *testing.T) {
	testkit.NeedDocker(t)
	server, err := docker.Start(t.Context(), docker.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var major int
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int / 10000").Scan(&major); err != nil || major != docker.DefaultMajor {
		t.Errorf("version %d, %v", major, err)
	}
}

// TestReplica starts a replica twice: the second time where the server still knows the first.
func TestReplica(t *testing.T) {
	testkit.NeedDocker(t)
	o := docker.Options{Image: docker.Image(0), Logger: slog.New(slog.DiscardHandler)}
	server, err := docker.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	stop := func(s *docker.Server) {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { stop(server) })
	ask := func(s *docker.Server, sql string) (text string, err error) {
		conn, err := pgx.Connect(t.Context(), s.URL("postgres"))
		if err != nil {
			return "", err
		}
		defer conn.Close(context.Background())
		err = conn.QueryRow(t.Context(), sql).Scan(&text)
		return text, err
	}
	for _, n := range []string{"1", "2"} {
		replica, err := server.StartReplica(t.Context(), "postgres-replica-1", o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask(server, "SELECT lo_create("+n+")::text"); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
			got, err := ask(replica, "SELECT pg_is_in_recovery() || ' ' || count(*) FROM pg_largeobject_metadata")
			if got == "true "+n {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the replica has %q: %v", got, err)
			}
		}
		stop(replica)
	}
	if err := server.DropReplicaSlots(t.Context()); err != nil {
		t.Error(err)
	}
	if slots, err := ask(server, "SELECT count(*)::text FROM pg_replication_slots"); slots != "0" {
		t.Errorf("%s slots are left: %v", slots, err)
	}
}
