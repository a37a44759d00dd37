// Package krowoctest gives a Go test a Postgres database of its own, with the tables and the fixtures of a Krowoc project:
//
//	func TestMain(m *testing.M) { krowoctest.Main(m) }
//
//	func TestOrders(t *testing.T) {
//		t.Parallel()
//		pool, err := pgxpool.New(t.Context(), krowoctest.DatabaseURL(t))
//		…
//	}
//
// The migrations and the fixtures run once, into a template, of which each database is a copy; the template is made anew when they
// change. Databases are on the server of the configured database, else on that of the running session of `krowoc dev`, else on a
// Postgres that is started for the test process and ends with it.
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

// An Option says of which project a database is, and what is in it.
type Option func(*options)

type options struct {
	dir, environment string
	sets             []string
}

// Project names a folder of the project, in place of the folder of the test, where krowoc.yaml is looked for there and above.
func Project(dir string) Option { return func(o *options) { o.dir = dir } }

// Environment names the environment whose configuration counts, in place of test. A protected one is refused.
func Environment(name string) Option { return func(o *options) { o.environment = name } }

// Sets names the sets of fixtures to load, in place of those of the configuration (seeds.sets).
func Sets(names ...string) Option { return func(o *options) { o.sets = names } }

// dropTimeout bounds the removal of a database.
const dropTimeout = time.Minute

// DatabaseURL makes a database and returns its URL, with its password. It is dropped when the test and its subtests are over, with
// whatever is still connected. Tests may ask in parallel, in any number of processes. What is wrong, such as a mistake in a
// fixture, ends the test with its place.
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

// explain is what a person needs of an error: the mistakes in files with their places, and what to do.
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
