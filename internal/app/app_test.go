package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// repository is the project that this repository is.
const repository = "../.."

func newApp(t testing.TB, dir string, environ ...string) *app.App {
	t.Helper()
	return apptest.New(t, dir, environ...)
}

// platform serves the prompt platform, migrated and seeded, to callers who say who they are, and returns its URL.
func platform(t *testing.T, environ ...string) string {
	t.Helper()
	a := newApp(t, repository, append(environ, "DATABASE_URL=", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))...)
	apptest.MigrateAndSeed(t, a)
	return api(t, a, app.ServerOptions{Authenticators: []server.Authenticator{app.ActAs{}}})
}

// api serves the database of a until the test ends, and returns its URL.
func api(t *testing.T, a *app.App, o app.ServerOptions) string {
	t.Helper()
	ctx := t.Context()
	db, err := a.Open(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := a.NewServer(db.Pool, s, a.Logger, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(ctx); err != nil {
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

// ask posts an operation as a user ("" for nobody) and returns the status and the decoded answer.
func ask(t *testing.T, url, user, operation string) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": operation})
	if err != nil {
		t.Fatal(err)
	}
	status, text := testkit.PostGraphQL(t, url, body, [2]string{app.ActAsHeader, user})
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	return status, answer
}

// at walks down an answer: keys and, for lists, the first item.
func at(value any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		if list, ok := value.([]any); ok {
			if len(list) == 0 {
				return nil
			}
			value = list[0]
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[step]
	}
	return value
}

// firstUser is the id of the user with the most prompts of their own, as an admin sees it.
func firstUser(t *testing.T, url string) string {
	t.Helper()
	_, answer := ask(t, url, "root;admin", `{ prompts(first: 1, where: {visibility: {eq: PRIVATE}}) { nodes { owner { id } } } }`)
	id, _ := at(answer, "data.prompts.nodes.owner.id").(string)
	if id == "" {
		t.Fatalf("no private prompt: %v", answer)
	}
	return id
}

func TestThePromptPlatformKeepsItsRules(t *testing.T) {
	url := platform(t)
	owner := firstUser(t, url)
	const count = `{ prompts { totalCount } private: prompts(where: {visibility: {eq: PRIVATE}}) { totalCount } }`
	counts := map[string][2]float64{}
	for _, user := range []string{"", owner, "somebody-else", "root;admin"} {
		_, answer := ask(t, url, user, count)
		all, _ := at(answer, "data.prompts.totalCount").(float64)
		private, _ := at(answer, "data.private.totalCount").(float64)
		counts[user] = [2]float64{all, private}
	}
	if admin := counts["root;admin"]; admin[0] != 60 {
		t.Errorf("an admin sees %v prompts, want all 60", admin[0])
	}
	if counts[""][1] != 0 || counts[""][0] == 0 || counts["somebody-else"] != counts[""] {
		t.Errorf("public and private prompts seen by nobody %v, by a stranger %v", counts[""], counts["somebody-else"])
	}
	if counts[owner][1] == 0 || counts[owner][1] >= counts["root;admin"][1] {
		t.Errorf("the owner sees %v private prompts of %v", counts[owner][1], counts["root;admin"][1])
	}

	_, answer := ask(t, url, owner, `{ me: user(id: "`+owner+`") { email } users(first: 100) { nodes { email } } }`)
	if at(answer, "data.me.email") == nil {
		t.Errorf("a person cannot read their own address: %v", answer)
	}
	_, answer = ask(t, url, "", `{ users(first: 100) { nodes { name email } } }`)
	text, _ := json.Marshal(answer)
	if bytes.Contains(text, []byte("@example.com")) || !bytes.Contains(text, []byte(`"name"`)) {
		t.Errorf("a stranger reads %s", text)
	}
}

func TestProviderKeysAreOutOfReach(t *testing.T) {
	url := platform(t)
	_, answer := ask(t, url, "root;admin", `{ __schema { types { name fields { name } inputFields { name } } } }`)
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ProviderKey", "providerKey", "ciphertext", "lastFour"} {
		if bytes.Contains(text, []byte(name)) {
			t.Errorf("the API mentions %s", name)
		}
	}
	if !bytes.Contains(text, []byte("PromptVersion")) {
		t.Fatalf("introspection answers %s", text)
	}
}

func TestManyProcessesMayAskAtOnce(t *testing.T) {
	url := platform(t)
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			for range 5 {
				status, answer := ask(t, url, "", `{ prompts(first: 5) { nodes { title owner { name } versions(first: 2) { nodes { number } } } } }`)
				if status != http.StatusOK || at(answer, "data.prompts.nodes.title") == nil {
					t.Errorf("%d %v", status, answer)
				}
			}
		})
	}
	asking.Wait()
}
