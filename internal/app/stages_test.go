package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestStages prints through what a request passes, as it is wired for production and for development.
func TestStages(t *testing.T) {
	for environment, options := range map[string]func(*app.App) app.ServerOptions{
		"production": (*app.App).ServeOptions, "development": (*app.App).DevServerOptions,
	} {
		t.Run(environment, func(t *testing.T) {
			a := newApp(t, repository, "KROWOC_ENV="+environment, "KROWOC_DATABASE_URL=postgres://127.0.0.1:1/nothing", "KROWOC_ERRORS_CLIENTS=true",
				"KROWOC_ANALYTICS_POSTHOG_HOST=https://eu.i.posthog.com", "KROWOC_ANALYTICS_POSTHOG_KEY=phc_1")
			pool, err := pg.Open(t.Context(), pg.Options{URL: a.Config.Database.URL.Reveal()})
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			s, err := a.Schema()
			if err != nil {
				t.Fatal(err)
			}
			o := options(a)
			if o.Analytics, err = a.NewAnalytics(pool, s, a.Logger); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = o.Analytics.Stop(t.Context()) }()
			o.Errors = a.NewErrors(pool)
			srv, err := a.NewServer(pool, s, a.Logger, o)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Golden(t, "testdata/stages/"+environment+".golden", []byte(srv.Layout()))
		})
	}
}

// `krowoc serve` believes no header, not even in development, and refuses tokens; a development session believes the
// header, and serves this machine only.
func TestWhoIsBelieved(t *testing.T) {
	a := newApp(t, repository, "KROWOC_ENV=development", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	apptest.MigrateAndSeed(t, a)
	served, developed := api(t, a, a.ServeOptions()), api(t, a, a.DevServerOptions())
	const count = `{ prompts(where: {visibility: {eq: PRIVATE}}) { totalCount } }`
	for url, want := range map[string]bool{served: false, developed: true} {
		_, answer := ask(t, url, "root;admin", count)
		if n, _ := at(answer, "data.prompts.totalCount").(float64); (n > 0) != want {
			t.Errorf("%s shows an admin by header %v private prompts, and should believe the header: %t", url, n, want)
		}
		if status := with(t, url, "Authorization", "Bearer x"); status != http.StatusUnauthorized {
			t.Errorf("%s answers %d to a token of nobody", url, status)
		}
	}
	for path, url := range map[string]string{"/graphql?query={__typename}": developed, "/healthz": developed} {
		if status := with(t, url+path, "Host", "evil.example"); status != http.StatusForbidden {
			t.Errorf("%s of a development session answers %d to a foreign host", path, status)
		}
	}
	if status := with(t, served+"/livez", "Host", "api.example.com"); status != http.StatusOK {
		t.Errorf("the production server answers %d to its own name", status)
	}
}

// with gets a URL with a header and returns the status.
func with(t *testing.T, url, name, value string) int {
	t.Helper()
	if !strings.Contains(url[len("http://"):], "/") {
		url += "/graphql?query={__typename}"
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(name, value)
	if name == "Host" {
		request.Host = value
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
