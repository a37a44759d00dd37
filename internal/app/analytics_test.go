package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestServeSendsEvents: operations, mutations and browsers cause events, with the IDs of the request, the environment and the release.
func TestServeSendsEvents(t *testing.T) {
	db, sink := testkit.NewDatabase(t), testkit.NewPostHog(t)
	dir := apptest.Copy(t)
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+db.Config().ConnString())
	apptest.MigrateAndSeed(t, a)
	_, secret, err := apikey.Create(t.Context(), db, apikey.Grant{Name: "writer", Service: true})
	if err != nil {
		t.Fatal(err)
	}
	url := serveIn(t, dir, db.Config().ConnString(), slog.DiscardHandler, "KROWOC_ANALYTICS_POSTHOG_HOST="+sink.URL, "KROWOC_ANALYTICS_POSTHOG_KEY=phc_1",
		"KROWOC_ANALYTICS_REQUEST_PERCENT=100", "KROWOC_RELEASE=v7")
	_, answer := asks(t, url, secret, `mutation Publish { createPrompt(data: {title: "SECRET-TITLE", body: "b", category: LEGAL, ownerId: "`+
		testkit.Value(t, db, "SELECT id FROM users LIMIT 1")+`"}) { id } }`)
	if answer["errors"] != nil {
		t.Fatal(answer)
	}
	events := map[string]testkit.PostHogEvent{}
	for _, e := range sink.Await(t, 2) {
		events[e.Event] = e
	}
	for name, want := range map[string]map[string]any{
		"prompt_created": {"category": "LEGAL", "visibility": "PRIVATE", "status": "DRAFT", "operation": "Publish"},
		"api_request":    {"operation": "Publish", "type": "mutation"},
	} {
		e, found := events[name]
		if !found {
			t.Errorf("there is no event %s in %v", name, events)
			continue
		}
		want["environment"], want["release"], want["$lib"], want["$process_person_profile"] = "production", "v7", "krowoc", false
		for property, value := range want {
			if e.Properties[property] != value {
				t.Errorf("%s: %s is %v, want %v", name, property, e.Properties[property], value)
			}
		}
		if e.Properties["correlation_id"] != nil || e.Properties["request_id"] == nil {
			t.Errorf("%s is about nobody and has other IDs than that of the request: %v", name, e.Properties)
		}
	}
	for _, r := range sink.Requests() {
		if strings.Contains(string(r.Body), "SECRET") || r.Key != "phc_1" {
			t.Errorf("got %s", r.Body)
		}
	}
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.outbox"); got != "0" {
		await(t, "events are left", func() bool { return testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.outbox") == "0" })
	}
	checkBrowserPath(t, url, sink)
}

// checkBrowserPath sends an event as a page does.
func checkBrowserPath(t *testing.T, url string, sink *testkit.PostHog) {
	t.Helper()
	if status, _, text := get(t, url+"/relay/config", nil); status != http.StatusOK || !strings.Contains(text, `"key":"phc_1"`) || !strings.Contains(text, `"consent":"required"`) {
		t.Errorf("got %d %s", status, text)
	}
	before := len(sink.Requests())
	status, _, text := get(t, url+"/relay/batch/", strings.NewReader(`{"api_key":"phc_1","batch":[{"event":"$pageview"}]}`))
	if status != http.StatusOK || text != `{"status":1}` {
		t.Errorf("got %d %s", status, text)
	}
	if got := sink.Requests()[before:]; len(got) == 0 || got[0].Path != "/batch/" || got[0].Batch[0].Event != "$pageview" {
		t.Errorf("got %v", got)
	}
	if status, _, _ := get(t, url+"/relay/s/", strings.NewReader("{}")); status != http.StatusNotFound {
		t.Errorf("recordings are answered with %d", status)
	}
}

// Without a project of PostHog there is no path for browsers, and mutations store nothing.
func TestServeWithoutAnalytics(t *testing.T) {
	db := testkit.NewDatabase(t)
	dir := apptest.Copy(t)
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+db.Config().ConnString())
	apptest.MigrateAndSeed(t, a)
	_, secret, err := apikey.Create(t.Context(), db, apikey.Grant{Name: "writer", Service: true})
	if err != nil {
		t.Fatal(err)
	}
	url := serveIn(t, dir, db.Config().ConnString(), slog.DiscardHandler)
	if status, _, _ := get(t, url+"/relay/config", nil); status != http.StatusNotFound {
		t.Errorf("the path for browsers is answered with %d", status)
	}
	_, answer := asks(t, url, secret, `mutation { deletePrompts(all: true) { count } }`)
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.outbox"); got != "0" || answer["errors"] != nil {
		t.Errorf("%s events are stored: %v", got, answer)
	}
}

// A host without a key, or the other way around, is a mistake.
func TestHalfAnalytics(t *testing.T) {
	for _, variable := range []string{"KROWOC_ANALYTICS_POSTHOG_HOST=https://eu.i.posthog.com", "KROWOC_ANALYTICS_POSTHOG_KEY=phc_1"} {
		a := newApp(t, repository, "KROWOC_ENV=production", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t), variable)
		err := a.Serve(t.Context())
		if err == nil || !strings.Contains(err.Error(), "analytics.posthog.host and analytics.posthog.key belong together") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

// TestDevelopmentLogsEvents: a mutation of somebody who has agreed is in the log, as the event of that person, and so is an event of a page.
func TestDevelopmentLogsEvents(t *testing.T) {
	db := testkit.NewDatabase(t)
	a := newApp(t, repository, "KROWOC_ENV=development", "KROWOC_DATABASE_URL="+db.Config().ConnString())
	apptest.MigrateAndSeed(t, a)
	s, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	log := &logText{}
	events, err := a.NewAnalytics(db, s, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := events.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	url := api(t, a, app.ServerOptions{Authenticators: []server.Authenticator{app.ActAs{}}, Analytics: events})
	user := testkit.Value(t, db, "SELECT id FROM users ORDER BY id LIMIT 1")
	body := `{"query":"mutation { createPrompt(data: {title: \"SECRET-TITLE\", body: \"b\", category: LEGAL}) { id } }"}`
	status, text := testkit.PostGraphQL(t, url, []byte(body), [2]string{app.ActAsHeader, user}, [2]string{"X-PostHog-Distinct-Id", user})
	if status != http.StatusOK || strings.Contains(string(text), "errors") {
		t.Fatalf("%d %s", status, text)
	}
	get(t, url+"/relay/e/", strings.NewReader(`{"event":"$pageview","properties":{"distinct_id":"anon_1"}}`))
	await(t, "the log has no event", func() bool {
		lines := log.String()
		return strings.Contains(lines, "event=prompt_created distinct_id="+user) && strings.Contains(lines, "event=$pageview distinct_id=anon_1 from=browser")
	})
	if strings.Contains(log.String(), "SECRET") {
		t.Error(log.String())
	}
	if reason := events.Status(); reason != "" {
		t.Errorf("got the status %q", reason)
	}
}
