package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/testkit"
)

// person is a browser, or a client with a token, that asks servers.
type person struct {
	t       *testing.T
	cookies []*http.Cookie
	token   string
}

func (p *person) send(url, body string) (reply, map[string]any) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer) // it may be empty
	return replyOf(response), answer
}

// ask sends an operation, and returns what is at a path of the answer.
func (p *person) ask(url, query, path string) any {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	_, answer := p.send(url+"/graphql", string(body))
	return at(answer, path)
}

// logInAt returns a browser in which somebody has logged in.
func logInAt(t *testing.T, url, email string) *person {
	t.Helper()
	p := &person{t: t}
	response, answer := p.send(url+"/auth/login", `{"email": "`+email+`", "password": "password"}`)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("log in: %d %v", response.StatusCode, answer)
	}
	p.cookies = response.cookies
	return p
}

// TestMySessions: people see and end the sessions of their browsers by GraphQL. What has ended is refused by the other process as well.
func TestMySessions(t *testing.T) {
	dir, a, auth := withIssuer(t)
	environ := []string{"KROWOC_AUTH_SESSION_KEYS=" + strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL=http://127.0.0.1:1"}
	first := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, environ...)
	second := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, environ...)
	home, phone, work := logInAt(t, first, "farid@example.com"), logInAt(t, second, "farid@example.com"), logInAt(t, first, "farid@example.com")
	other := logInAt(t, first, "grace@example.com")

	const mine = `{ mySessions { id current } }`
	idOf := func(p *person) (id string) {
		t.Helper()
		for _, s := range p.ask(first, mine, "data.mySessions").([]any) {
			if at(s, "current") == true {
				id = fmt.Sprint(at(s, "id"))
			}
		}
		return id
	}
	if n := len(home.ask(first, mine, "data.mySessions").([]any)); n != 3 || idOf(home) == idOf(phone) || idOf(home) == "" {
		t.Fatalf("%d sessions", n)
	}
	if method := home.ask(first, `{ mySessions { method startedAt seenAt } }`, "data.mySessions.method"); method != "password" {
		t.Errorf("the method is %v", method)
	}
	end := func(id string) string { return `mutation { endSession(id: "` + id + `") { id current } }` }
	phones := idOf(phone)
	for name, id := range map[string]string{"another's": idOf(other), "none": "", "no": "x", "a wildcard": "%"} {
		if code := home.ask(first, end(id), "errors.extensions.code"); code != "NOT_FOUND" {
			t.Errorf("ending %s session: %v", name, code)
		}
	}
	if code := other.ask(first, end(phones), "errors.extensions.code"); code != "NOT_FOUND" {
		t.Errorf("somebody else ends a session: %v", code)
	}
	if done := home.ask(first, end(phones), "data.endSession.id"); done != phones {
		t.Fatalf("ending a session: %v", done)
	}
	isRefused(t, phone, first, second)
	if done := home.ask(second, `mutation { endOtherSessions { method } }`, "data.endOtherSessions.method"); done != "password" {
		t.Fatalf("ending other sessions: %v", done)
	}
	isRefused(t, work, first, second)
	client := &person{t: t, token: logIn(t, auth, "farid@example.com")}
	for name, p := range map[string]*person{"the browser that has ended others": home, "a client with a token": client} {
		if list, _ := p.ask(second, mine, "data.mySessions").([]any); len(list) != 1 {
			t.Errorf("%s sees %v", name, list)
		}
	}
	if list, _ := other.ask(first, mine, "data.mySessions").([]any); len(list) != 1 {
		t.Errorf("somebody else sees %v", list)
	}
	if code := (&person{t: t}).ask(first, mine, "errors.extensions.code"); code != "UNAUTHENTICATED" {
		t.Errorf("nobody sees %v", code)
	}
}

// isRefused waits until servers refuse the session of a browser.
func isRefused(t *testing.T, p *person, urls ...string) {
	t.Helper()
	for _, url := range urls {
		await(t, "a session that has ended goes on", func() bool {
			response, _ := p.send(url+"/graphql", `{"query": "{__typename}"}`)
			return response.StatusCode == http.StatusUnauthorized
		})
	}
}

// The API, its SDL and its clients have the fields if browsers log in in some environment, and in all environments alike.
func TestSessionsAreGeneratedWhereConfigured(t *testing.T) {
	for yaml, want := range map[string]bool{
		"project: p\n": false, "project: p\nenvironments: {production: {auth: {session: {keys: '${KEYS}'}}}}\n": true,
	} {
		dir := testkit.Folder(t)
		apptest.WriteFiles(t, dir, map[string]string{"krowoc.yaml": yaml, "schema.graphql": "type Note @table @auth(rules: [{allow: PUBLIC}]) { text: String! }\n"})
		a := newApp(t, dir)
		s, err := a.Schema()
		if err != nil {
			t.Fatal(err)
		}
		api, err := a.API(s)
		if err != nil {
			t.Fatal(err)
		}
		if has := strings.Contains(api.SDL(), "mySessions: [MySession!]!"); has != want {
			t.Errorf("%s: %t", yaml, has)
		}
	}
}
