package pg_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/pg"
)

func TestWhere(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://ada:s3cret@db.internal:5433/app":            "app on db.internal:5433",
		"postgres://ada:s3cret@db.internal/app?sslmode=disable": "app on db.internal:5432",
		"host=db.internal port=5432 user=ada password=s3cret":   "ada on db.internal:5432",
		"postgres://ada:s3cret@a:1,b:2/app":                     "app on a:1, b:2",
		"postgres:///app?host=/run/postgresql":                  "app on /run/postgresql/.s.PGSQL.5432",
		"postgres://[::1]:5432/app":                             "app on [::1]:5432",
		"postgres://ada:s3cret@h:port/app":                      "",
	} {
		if got := pg.Where(url); got != want {
			t.Errorf("Where(%q) = %q, want %q", url, got, want)
		}
	}
}
