package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/testkit"
)

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

// Whatever is wrong with the database, the public learns that the service is unavailable, and the log where and why.
func TestFailuresAreNotDisclosed(t *testing.T) {
	good := testkit.DatabaseURL(t)
	apptest.Migrate(t, newApp(t, repository, "KROWOC_DATABASE_URL="+good))
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	role := "krowoc_powerless_" + strings.ToLower(strings.TrimPrefix(u.Path, "/"))
	pool, err := pg.Connect(t.Context(), pg.Options{URL: good})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := pool.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
		pool.Close()
	})
	if _, err := pool.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN PASSWORD 'pw'"); err != nil {
		t.Fatal(err)
	}
	change := func(change func(*url.URL)) string {
		other := *u
		change(&other)
		return other.String()
	}
	for name, tc := range map[string]struct{ url, logged string }{
		"wrong password":      {change(func(u *url.URL) { u.User = url.UserPassword(role, "wr0ng") }), role},
		"host away":           {change(func(u *url.URL) { u.Host = "127.0.0.1:1" }), "127.0.0.1:1"},
		"no such host":        {change(func(u *url.URL) { u.Host = "db.nowhere.invalid:5432" }), "db.nowhere.invalid"},
		"missing database":    {change(func(u *url.URL) { u.Path = "/absent_database" }), "absent_database"},
		"role without rights": {change(func(u *url.URL) { u.User = url.UserPassword(role, "pw") }), "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, repository, "KROWOC_ENV=production", "KROWOC_DATABASE_URL="+tc.url)
			var log safeBuffer
			a.Logger = slog.New(slog.NewJSONHandler(&log, nil))
			pool, err := pg.Open(t.Context(), pg.Options{URL: tc.url})
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			s, err := a.Schema()
			if err != nil {
				t.Fatal(err)
			}
			a.Config.Server.Timeouts.DrainDelay = 0
			srv, err := a.NewServer(pool, s, a.Logger, a.ServeOptions())
			if err == nil {
				err = srv.Start(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = srv.Stop(context.WithoutCancel(t.Context())) }()
			var public strings.Builder
			for _, path := range []string{"/readyz", "/healthz"} {
				_, _, text := get(t, srv.URL()+path, nil)
				public.WriteString(text)
			}
			status, _, text := get(t, srv.URL()+"/graphql", strings.NewReader(`{"query": "{ prompts { totalCount } }"}`))
			public.WriteString(text)
			if status < http.StatusInternalServerError && !strings.Contains(text, `"INTERNAL"`) {
				t.Errorf("the API answers %d %s", status, text)
			}
			secret := []string{u.Port(), u.Hostname(), "127.0.0.1", "nowhere", role, "absent_database", "wr0ng", "permission", "password", a.Config.Root}
			for _, s := range secret {
				if strings.Contains(public.String(), s) {
					t.Errorf("the public reads %q in %s", s, public.String())
				}
			}
			if !strings.Contains(log.String(), tc.logged) || strings.Contains(log.String(), "wr0ng") {
				t.Errorf("the log should have %q and no password: %s", tc.logged, log.String())
			}
		})
	}
}
