package app_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestServeWithKeys: two replicas know machines by their API keys, within the limits of these, and a revocation ends a key on both.
func TestServeWithKeys(t *testing.T) {
	db := testkit.NewDatabase(t)
	dir := apptest.Copy(t)
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+db.Config().ConnString())
	apptest.MigrateAndSeed(t, a)
	log := &logText{}
	replicas := []string{serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.NewJSONHandler(log, nil)), serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler)}
	k, secret, err := apikey.Create(t.Context(), db, apikey.Grant{Name: "reports", Service: true, Operations: []string{"query"}, Types: []string{"Prompt"}})
	if err != nil {
		t.Fatal(err)
	}
	const private = `{ prompts(where: {visibility: {eq: PRIVATE}}) { totalCount } }`
	for _, url := range replicas {
		_, answer := asks(t, url, secret, private)
		if n, _ := at(answer, "data.prompts.totalCount").(float64); n == 0 {
			t.Errorf("the service sees %v", answer)
		}
		_, answer = asks(t, url, secret, `{ prompts { nodes { owner { email } } } }`)
		if got := at(answer, "errors.message"); got != "the API key does not allow the types User" {
			t.Errorf("a key for Prompt reads other types: %v", answer)
		}
		if status, _, text := whoAmI(t, url, secret, ""); status != http.StatusOK || !strings.Contains(text, `"service":true`) || !strings.Contains(text, `"scope":{"operations":["query"],"types":["Prompt"]}`) {
			t.Errorf("whoami answers %d %s", status, text)
		}
		if status, _, text := whoAmI(t, url, secret, secret); status != http.StatusBadRequest {
			t.Errorf("two credentials are answered with %d %s", status, text)
		}
		if status, _, text := whoAmI(t, url, "", secret); status != http.StatusOK || !strings.Contains(text, k.ID) {
			t.Errorf("the header is answered with %d %s", status, text)
		}
		if status, _, text := whoAmI(t, url, "", ""); status != http.StatusOK || !strings.Contains(text, `"anonymous":true`) {
			t.Errorf("a stranger is answered with %d %s", status, text)
		}
	}
	if _, err := apikey.Revoke(t.Context(), db, k.ID); err != nil {
		t.Fatal(err)
	}
	for _, url := range replicas {
		await(t, "the key still counts", func() bool {
			status, challenge, _ := whoAmI(t, url, secret, "")
			return status == http.StatusUnauthorized && challenge == `Bearer error="invalid_token"`
		})
	}
	text := log.String()
	for _, want := range []string{`"key":"` + k.ID + `"`, `"service":true`, `"refused":"read the API key: the API key ` + k.ID + ` is revoked"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(text, secret) {
		t.Error("the log contains a key")
	}
}

// whoAmI asks with a token and a key.
func whoAmI(t *testing.T, url, token, key string) (status int, challenge, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/auth/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		r.Header.Set("Krowoc-Key", key)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body strings.Builder
	_ = response.Write(&body) // it only lacks what the test then misses
	return response.StatusCode, response.Header.Get("WWW-Authenticate"), body.String()
}
