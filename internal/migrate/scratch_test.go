package migrate_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
)

var seq atomic.Int64

func newDatabase(t testing.TB) *pgxpool.Pool {
	t.Helper()
	ctx := context.Background()
	base := "postgres://postgres@127.0.0.1:54999/"
	admin, err := pg.Connect(ctx, pg.Options{URL: base + "postgres"})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("t%d_%d", os.Getpid(), seq.Add(1))
	if _, err := admin.Exec(ctx, "create database "+name); err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Connect(ctx, pg.Options{URL: base + name, ApplicationName: "krowoc test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pool.Close()
		admin, _ := pg.Connect(ctx, pg.Options{URL: base + "postgres"})
		admin.Exec(ctx, "drop database "+name+" with (force)")
		admin.Close()
	})
	return pool
}
