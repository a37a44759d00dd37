// Package conformance_test holds everything that is generated to one another, to Postgres and to the tools of each language: one
// value has one verdict, names that are keywords elsewhere compile, and the TypeScript client talks to the prompt platform.
package conformance_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) {
	root, err := os.MkdirTemp("", "conformance")
	if err != nil {
		panic(err)
	}
	installed.root, installed.folder = root, map[string]string{}
	code := testkit.Run(m)
	os.RemoveAll(root)
	os.Exit(code)
}

// platform returns the prompt platform, which this repository is, on a database of the test's own.
func platform(t *testing.T) *app.App {
	t.Helper()
	c, err := config.Load(config.Options{Dir: "../../..", Environ: []string{
		"KROWOC_SERVER_ADDRESS=127.0.0.1:0", "DATABASE_URL=", "KROWOC_DATABASE_URL=" + testkit.DatabaseURL(t),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &app.App{Config: c, Version: "1.2.3", Logger: testkit.Logger(t), Now: time.Now, Env: os.Getenv}
}

// serve migrates and seeds the database of a, serves it until the test ends, and returns the URL.
func serve(t *testing.T, a *app.App) string {
	t.Helper()
	ctx := t.Context()
	db, err := a.Open(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	migrator, err := a.Migrator(db.Pool, nil)
	if err == nil {
		_, err = migrator.Up(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Schema()
	if err == nil {
		_, err = a.Seed(ctx, db.Pool, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	srv, err := a.NewServer(db.Pool, s, a.Logger, app.ServerOptions{Authenticators: []server.Authenticator{app.ActAs{}}})
	if err == nil {
		err = srv.Start(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		db.Pool.Close()
	})
	return srv.URL()
}
