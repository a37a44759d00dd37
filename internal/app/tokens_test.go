package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/testkit"
)

// issuer runs the development identity provider by itself, as a server with the protocol of Supabase Auth. Everybody has the default password.
func issuer(t testing.TB, a *app.App, front ...func(http.Handler) http.Handler) string {
	t.Helper()
	return issuerWithMail(t, a, nil, front...)
}

// issuerWithMail is issuer with a function that gets its mail.
func issuerWithMail(t testing.TB, a *app.App, mail func(to, subject, text, html string), front ...func(http.Handler) http.Handler) string {
	t.Helper()
	types, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := a.Connect(t.Context(), a.Config.Database.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	users := identity.NewPeople("User")
	users.Use(pool, types)
	mux := http.NewServeMux()
	var handler http.Handler = mux
	for _, f := range front {
		handler = f(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	p, err := identity.New(identity.Options{Environment: "test", Origin: server.URL, Project: "prompts", Dir: t.TempDir(), Users: users, Logger: a.Logger, Now: time.Now, Mail: mail})
	if err != nil {
		t.Fatal(err)
	}
	p.Register(mux)
	return server.URL
}

// await fails the test if something has not happened in half a minute.
func await(t *testing.T, problem string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal(problem)
		}
	}
}

// logIn returns an access token of a user.
func logIn(t testing.TB, issuer, email string) string {
	t.Helper()
	body := `{"email": "` + email + `", "password": "` + identity.DefaultPassword + `"}`
	_, _, text := get(t, issuer+"/auth/v1/token?grant_type=password", strings.NewReader(body))
	var session struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal([]byte(text), &session) != nil || session.Token == "" {
		t.Fatalf("log in as %s: %s", email, text)
	}
	return session.Token
}

// logText is what has been logged.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// reply is an answer without its body.
type reply struct {
	StatusCode int
	Header     http.Header
	cookies    []*http.Cookie
}

func replyOf(r *http.Response) reply { return reply{r.StatusCode, r.Header, r.Cookies()} }

// asks asks an API with a token.
func asks(t *testing.T, url, token, query string) (reply, map[string]any) {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"query": query})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer) // problem details have another form
	return replyOf(response), answer
}

// withIssuer returns a copy of the prompt platform on a database with its rows, which trusts an issuer.
func withIssuer(t testing.TB, front ...func(http.Handler) http.Handler) (dir string, a *app.App, auth string) {
	t.Helper()
	dir = apptest.Copy(t)
	a = newApp(t, dir, "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	apptest.MigrateAndSeed(t, a)
	auth = issuer(t, a, front...)
	trust(t, dir, auth)
	return dir, a, auth
}

// trust adds an issuer to the project in dir.
func trust(t testing.TB, dir, auth string) {
	t.Helper()
	yaml, err := os.OpenFile(filepath.Join(dir, "krowoc.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := yaml.WriteString("auth:\n  issuers:\n    - {kind: supabase, url: " + auth + "}\n"); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestServeWithAnIssuer: `krowoc serve` knows its callers by the tokens of an issuer of krowoc.yaml, and shows each what the rules allow.
func TestServeWithAnIssuer(t *testing.T) {
	dir, a, auth := withIssuer(t)
	log := &logText{}
	url := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.NewJSONHandler(log, nil))

	const mine = `{ prompts(where: {visibility: {eq: PRIVATE}}) { nodes { owner { email } } } }`
	token := logIn(t, auth, "farid@example.com")
	response, answer := asks(t, url, token, mine)
	if at(answer, "data.prompts.nodes.owner.email") != "farid@example.com" {
		t.Errorf("a person with a token gets %d %v", response.StatusCode, answer)
	}
	if _, answer = asks(t, url, "", mine); at(answer, "data.prompts.nodes.owner.email") != nil {
		t.Errorf("a stranger gets %v", answer)
	}
	forged := token[:len(token)-4] + "AAAA"
	response, _ = asks(t, url, forged, mine)
	if challenge := response.Header.Get("WWW-Authenticate"); response.StatusCode != http.StatusUnauthorized || challenge != `Bearer error="invalid_token"` {
		t.Errorf("a forged token is answered with %d and the challenge %q", response.StatusCode, challenge)
	}
	text := log.String()
	for _, want := range []string{`"uid":"`, `"refused":"read the access token: the signature is wrong"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(text, strings.Split(token, ".")[1]) {
		t.Error("the log contains a token")
	}
}

// A mistake in an issuer ends serve with its line; an issuer that does not answer does not, and no issuer is a warning.
func TestServeStartsOrSaysWhy(t *testing.T) {
	for name, c := range map[string]struct{ issuers, problem, log string }{
		"malformed":     {"[{kind: supabase, url: https://a.example.com},\n    {kind: jwks, url: https://b.example.com, audience: [api]}]", "krowoc.yaml:5: auth.issuers[1]: an issuer of the kind jwks needs the URL of its keys", ""},
		"plain http":    {"[{kind: supabase, url: http://a.example.com}]", "krowoc.yaml:4: auth.issuers[0]: http://a.example.com/auth/v1 is not an https:// URL", ""},
		"no answer":     {"[{kind: supabase, url: http://127.0.0.1:1}]", "", "could not fetch the keys"},
		"no issuer":     {"[]", "", `"rules":["the role admin: Note"],"fix":"add an issuer to auth.issuers`},
		"cannot ask":    {"[{kind: jwks, url: https://b.example.com, audience: [api], jwks: https://b.example.com/keys}]", "", `"types":["Note"],"issuers":["https://b.example.com"]`},
		"cannot be":     {"[{kind: oidc, url: https://accounts.google.com, clientId: shop, clientSecret: hush}]", "", `"types":["Note"],"issuers":["https://accounts.google.com"]`},
		"GitHub":        {"[{kind: github, url: https://github.com, name: github, clientId: shop, clientSecret: hush}]", "", `"types":["Note"],"issuers":["https://github.com"]`},
		"no keys":       {"[{kind: github, url: https://github.com, name: github, clientId: shop, clientSecret: hush}]", "", `"fix":"set auth.session.keys`},
		"lost a secret": {"[{kind: supabase, url: https://a.example.com, secret: \"${NO_SUCH_SECRET}\"}]", "NO_SUCH_SECRET", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := testkit.Folder(t)
			apptest.WriteFiles(t, dir, map[string]string{
				"krowoc.yaml":          "project: notes\nauth:\n  issuers:\n    " + c.issuers + "\n",
				"schema.graphql":       "type Note @table @auth(rules: [{allow: ROLE, roles: [\"admin\"]}], fresh: \"5m\") { text: String! }\n",
				"migrations/.keep.sql": "",
			})
			if c.problem != "" {
				err := serveError(t, dir)
				var mistakes diag.List
				if errors.As(err, &mistakes) {
					err = errors.New(mistakes.Error())
				}
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("serve ends with %v, want %q", err, c.problem)
				}
				return
			}
			log := &logText{}
			serveIn(t, dir, testkit.DatabaseURL(t), slog.NewJSONHandler(log, nil))
			for range 500 {
				if strings.Contains(log.String(), c.log) {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("the log lacks %s:\n%s", c.log, log.String())
		})
	}
}

// TestProviders: people log in with GitHub alone, or with what krowoc.yaml names, and a mistake ends serve with its line.
func TestProviders(t *testing.T) {
	write := func(issuer string) string {
		dir := testkit.Folder(t)
		apptest.WriteFiles(t, dir, map[string]string{
			"krowoc.yaml":          "project: notes\nserver: {publicUrl: https://api.example.com}\nauth:\n  session: {keys: " + strings.Repeat("ab", 32) + "}\n  issuers:\n    - " + issuer + "\n",
			"schema.graphql":       "type Note @table @auth(rules: [{allow: ROLE, roles: [\"admin\"]}]) { text: String! }\n",
			"migrations/.keep.sql": "",
		})
		return dir
	}
	log := &logText{}
	url := serveIn(t, write("{kind: github, url: https://github.com, name: github, clientId: shop, clientSecret: hush}"), testkit.DatabaseURL(t), slog.NewJSONHandler(log, nil))
	if _, _, text := get(t, url+"/auth/providers", nil); !strings.Contains(text, `"providers":["github"],"email":false`) {
		t.Errorf("the providers are %s", text)
	}
	if response, _ := asks(t, url, "eyJhbGciOiJub25lIn0.e30.", "{ notes { totalCount } }"); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token is answered with %d", response.StatusCode)
	}
	if strings.Contains(log.String(), "auth.issuers is empty") {
		t.Error("it warns that nobody can log in")
	}
	serveIn(t, write("{kind: oidc, url: http://127.0.0.1:1, clientId: shop, clientSecret: hush}\n    - {kind: supabase, url: http://127.0.0.1:1}"), testkit.DatabaseURL(t), slog.DiscardHandler) // introspection needs no name
	for issuer, want := range map[string]string{
		"{kind: github, url: https://github.com}":                                                  "krowoc.yaml:6: auth.issuers[0]: a log-in with a provider needs",
		"{kind: github, url: https://github.com, name: github, clientId: shop}":                    "GitHub logs nobody in without a secret",
		"{kind: github, url: http://github.com, name: github, clientId: shop, clientSecret: hush}": "http://github.com is not an https:// URL",
		"{kind: github, url: https://github.com, name: a, clientId: shop, clientSecret: hush}\n    - {kind: github, url: https://github.com/, name: b, clientId: other, clientSecret: hush}": "krowoc.yaml:7: auth.issuers[1]: another issuer with a name has the same URL",
		"{kind: github, url: https://github.com, name: otp, clientId: shop}":                               "the name otp stands for a log-in without a provider",
		"{kind: jwks, url: https://a.example.com, name: a, clientId: b, jwks: https://a.example.com/keys}": "needs kind: oidc or github",
		"{kind: oidc, url: https://a.example.com, audience: [a], subject: email}":                          "subject",
	} {
		err := serveError(t, write(issuer))
		var mistakes diag.List
		if errors.As(err, &mistakes) {
			err = errors.New(mistakes.Error())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: serve ends with %v", issuer, err)
		}
	}
}

// serveError returns how `krowoc serve` ends that cannot start.
func serveError(t *testing.T, dir string) error {
	t.Helper()
	c, err := config.Load(config.Options{Dir: dir, Environment: config.Production, Environ: []string{"KROWOC_SERVER_ADDRESS=127.0.0.1:0", "KROWOC_DATABASE_URL=postgres://127.0.0.1:1/none"}})
	if err != nil {
		return err
	}
	a := &app.App{Config: c, Logger: testkit.Logger(t), Now: time.Now, Env: os.Getenv}
	return a.Serve(t.Context())
}

// TestBrowsersLogIn: a browser logs in at one process of `krowoc serve`, and is known to the other; its cookie is worth nothing for pages of
// other sites.
func TestBrowsersLogIn(t *testing.T) {
	dir, a, _ := withIssuer(t)
	environ := []string{"KROWOC_AUTH_SESSION_KEYS=" + strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL=http://127.0.0.1:1", "KROWOC_AUTH_PEOPLE_TYPE=User", "KROWOC_AUTH_PEOPLE_NAME=name"}
	first := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, environ...)
	second := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, environ...)
	var cookies []*http.Cookie
	send := func(url, body string, header ...string) (reply, map[string]any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var answer map[string]any
		_ = json.NewDecoder(response.Body).Decode(&answer) // it may be empty
		return replyOf(response), answer
	}
	const mine = `{"query": "{ prompts(where: {visibility: {eq: PRIVATE}}) { nodes { owner { email } } } }"}`
	response, answer := send(first+"/auth/login", `{"email": "farid@example.com", "password": "password"}`)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("log in: %d %v", response.StatusCode, answer)
	}
	cookies = response.cookies
	for _, url := range []string{first, second} {
		if response, answer := send(url+"/graphql", mine); at(answer, "data.prompts.nodes.owner.email") != "farid@example.com" {
			t.Errorf("with the cookie: %d %v", response.StatusCode, answer)
		}
		if response, _ := send(url+"/graphql", mine, "Sec-Fetch-Site", "cross-site"); response.StatusCode != http.StatusForbidden {
			t.Errorf("from another site: %d", response.StatusCode)
		}
	}
	if response, answer := send(first+"/auth/logout", "{}"); response.StatusCode != http.StatusNoContent {
		t.Errorf("log out: %d %v", response.StatusCode, answer)
	}
	if response, _ := send(first+"/graphql", mine); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the log-out: %d", response.StatusCode)
	}
}

// part decodes the header (0) or the claims (1) of a token.
func part(t *testing.T, token string, n int) (m map[string]any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[n])
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}
