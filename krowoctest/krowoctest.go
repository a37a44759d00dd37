// Package krowoctest gives each Go test its own Postgres database with the tables and fixtures of a Krowoc project:
//
//	func TestMain(m *testing.M) { krowoctest.Main(m) }
//
//	func TestOrders(t *testing.T) {
//		t.Parallel()
//		pool, err := pgxpool.New(t.Context(), krowoctest.DatabaseURL(t))
//		…
//	}
//
// Migrations and fixtures run once, into a template database, and each test gets a copy of it. When they change, the next test
// creates a new template. The databases are on the server of the configured database, or else on that of the running development
// session, or else on a Postgres that starts and ends with the test process.
package krowoctest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app/testdb"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// An Option chooses the project of a database and its content.
type Option func(*options)

type options struct {
	dir, environment string
	sets             []string
}

// Project looks for krowoc.yaml in dir and its parent folders, instead of in the folder of the test.
func Project(dir string) Option { return func(o *options) { o.dir = dir } }

// Environment uses the configuration of this environment instead of test. A protected environment is refused.
func Environment(name string) Option { return func(o *options) { o.environment = name } }

// Sets loads these fixture sets instead of the configured ones (seeds.sets).
func Sets(names ...string) Option { return func(o *options) { o.sets = names } }

// dropTimeout is the limit for dropping a database.
const dropTimeout = time.Minute

// DatabaseURL creates a database and returns its URL, including the password. The database is dropped at the end of the test and
// its subtests, even if connections are open. Parallel tests and processes can call it. An error, such as a mistake in a fixture,
// ends the test and is shown with its place.
func DatabaseURL(t testing.TB, opts ...Option) string {
	t.Helper()
	var o options
	for _, set := range opts {
		set(&o)
	}
	p, err := projectOf(o)
	if err != nil {
		t.Fatal(explain(err))
	}
	databases, err := p.databases(o.sets)
	if err != nil {
		t.Fatal(explain(err))
	}
	url, err := databases.Create(t.Context())
	if err != nil {
		t.Fatal(explain(err))
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := testdb.Drop(ctx, p.app, url); err != nil {
			t.Error(explain(err))
		}
	})
	return url
}

// explain formats an error for a person: the mistakes in files with their places, and the fix.
func explain(err error) string {
	text := "krowoctest: " + err.Error()
	if list := (diag.List{}); errors.As(err, &list) {
		text += "\n" + list.Error()
	}
	if hint := fault.HintOf(err); hint != "" {
		text += fmt.Sprintf("\n(%s)", hint)
	}
	return text
}
