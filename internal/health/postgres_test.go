//go:build unix

package health_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/health"
)

// observe runs the check and returns its measurements by name.
func observe(t *testing.T, pool *pgxpool.Pool) map[string]health.Measurement {
	t.Helper()
	return observeBy(t, pool, pool)
}

func observeBy(t *testing.T, pool, probes *pgxpool.Pool) map[string]health.Measurement {
	t.Helper()
	observed := make(map[string]health.Measurement)
	for _, m := range health.Postgres(pool, probes).Run(t.Context()) {
		observed[m.Name] = m
	}
	return observed
}

func TestPostgres(t *testing.T) {
	c := newCluster(t)

	t.Run("answers", func(t *testing.T) {
		got := observe(t, c.pool(t))
		response := got["responseTime"]
		if took, ok := response.ObservedValue.(float64); response.Status != health.Pass || !ok || took <= 0 || response.ObservedUnit != "ms" {
			t.Errorf("response %+v", response)
		}
		if use := got["connections"]; use.Status != health.Pass || use.ObservedValue != int32(0) || use.ObservedUnit != "of 2" {
			t.Errorf("use of the pool %+v", use)
		}
		if lag, ok := got["replicationLag"]; ok {
			t.Errorf("a server without replicas has lag %+v", lag)
		}
	})

	t.Run("answers when the pool is full", func(t *testing.T) {
		pool := c.pool(t)
		for range 2 {
			conn, err := pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Release()
		}
		got := observeBy(t, pool, c.pool(t))
		if got["responseTime"].Status != health.Pass {
			t.Errorf("response %+v", got["responseTime"])
		}
		if use := got["connections"]; use.Status != health.Warn || use.Output != "2 of 2 connections in the pool are in use" {
			t.Errorf("use of the pool %+v", use)
		}
	})

	t.Run("replicates", func(t *testing.T) { testReplication(t, c) })

	t.Run("is down, and comes back", func(t *testing.T) {
		pool := c.pool(t)
		if got := observe(t, pool); got["responseTime"].Status != health.Pass {
			t.Fatalf("response %+v", got["responseTime"])
		}
		c.stop()
		if got := observe(t, pool)["responseTime"]; got.Status != health.Fail || got.Output == "" {
			t.Errorf("response %+v", got)
		}
		c.start(t)
		if got := observe(t, pool)["responseTime"]; got.Status != health.Pass {
			t.Errorf("response %+v", got)
		}
	})
}

func testReplication(t *testing.T, primary *cluster) {
	standby := primary.newStandby(t)
	ofPrimary, ofStandby := primary.pool(t), standby.pool(t)
	lag := func(pool *pgxpool.Pool) float64 {
		value, ok := observe(t, pool)["replicationLag"].ObservedValue.(float64)
		if !ok {
			return -1
		}
		return value
	}

	await(t, "the standby to catch up", func(context.Context) bool { return lag(ofPrimary) == 0 && lag(ofStandby) == 0 })
	if got := observe(t, ofPrimary)["replicationLag"]; got.ComponentID != "standby1" || got.ObservedUnit != "bytes" || got.Status != health.Pass {
		t.Errorf("the primary sees %+v", got)
	}
	if got := observe(t, ofStandby)["replicationLag"]; got.ComponentID != "self" || got.ObservedUnit != "s" || got.Status != health.Pass {
		t.Errorf("the standby sees %+v", got)
	}

	standby.exec(t, "SELECT pg_wal_replay_pause()")
	primary.exec(t, "CREATE TABLE late (n int)")
	await(t, "the lag to show", func(context.Context) bool { return lag(ofPrimary) > 0 && lag(ofStandby) > 0 })

	standby.exec(t, "SELECT pg_wal_replay_resume()")
	await(t, "the standby to catch up again", func(context.Context) bool { return lag(ofPrimary) == 0 && lag(ofStandby) == 0 })

	t.Run("a role without rights", func(t *testing.T) {
		primary.exec(t, "CREATE ROLE app LOGIN")
		config := primary.pool(t).Config()
		config.ConnConfig.User = "app"
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		got := observe(t, pool)
		if lag, ok := got["replicationLag"]; ok || got["responseTime"].Status != health.Pass {
			t.Errorf("response %+v, lag %+v", got["responseTime"], lag)
		}
	})

	primary.stop()
	if got := lag(ofStandby); got <= 0 {
		t.Errorf("a standby that lost its primary lags by %v", got)
	}
	primary.start(t)
}

func TestPostgresThatCannotBeReached(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), "postgres://app:hunter2@127.0.0.1:1/db")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	c := newChecker(t, health.Options{}, health.Postgres(pool, pool))
	r := c.Ready(t.Context())
	if r.Status != health.Fail || !strings.Contains(r.Output, "cannot be reached") || strings.Contains(r.Output, "hunter2") {
		t.Errorf("got %+v", r)
	}
}
