package testdb_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/testdb"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/testkit"
)

// BenchmarkTestDatabase makes databases of the prompt platform with its 3,738 rows, on a server that keeps its data on a disk, as
// that of a session does, and on the one in memory that is started for tests: the template, copies of it, and, beside them, what a
// test would do without.
func BenchmarkTestDatabase(b *testing.B) {
	dir := apptest.Copy(b)
	b.Run("Disk", func(b *testing.B) {
		benchmarkTestDatabase(b, apptest.New(b, dir, "KROWOC_DATABASE_URL="+testkit.DatabaseURL(b)))
	})
	b.Run("Memory", func(b *testing.B) {
		server, err := testdb.Open(b.Context(), apptest.New(b, dir), nil)
		if err != nil {
			b.Fatal(err)
		}
		defer server.Close(context.Background())
		benchmarkTestDatabase(b, apptest.New(b, dir, "KROWOC_DATABASE_URL="+server.URL))
	})
}

func benchmarkTestDatabase(b *testing.B, a *app.App) {
	ctx := b.Context()
	server, err := testdb.Find(a)
	if err != nil {
		b.Fatal(err)
	}
	databases, err := testdb.New(a, server)
	if err != nil {
		b.Fatal(err)
	}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Template", func(b *testing.B) {
		for b.Loop() {
			must(databases.Prepare(ctx))
			b.StopTimer()
			must(databases.DropTemplate(ctx))
			b.StartTimer()
		}
	})
	b.Run("CopyAndDrop", func(b *testing.B) {
		must(databases.Prepare(ctx))
		for b.Loop() {
			url, err := databases.Create(ctx)
			must(err)
			must(testdb.Drop(ctx, a, url))
		}
	})
	b.Run("MigrateAndSeed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			name := fmt.Sprintf("by_hand_%d", i)
			must(pg.EnsureDatabase(ctx, server.URL, name))
			own := *a
			c := *a.Config
			url, err := clone.WithDatabase(server.URL, name)
			must(err)
			c.Database.URL, own.Config = config.NewSecret(url), &c
			apptest.MigrateAndSeed(b, &own)
			must(clone.Server{URL: server.URL}.Drop(ctx, name))
		}
	})
}
