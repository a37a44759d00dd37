package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/dev/identity"
)

// replicas are two servers over one Postgres. Their clock stands still, so that each remembers for ever whatever it has verified once: only a
// revocation tells it that something does not count any more.
type replicas struct {
	t      *testing.T
	issuer string
	db     *app.Database
	urls   []string
}

func newReplicas(t *testing.T, leeway time.Duration) *replicas {
	t.Helper()
	dir, a, issuer := withIssuer(t)
	file := filepath.Join(dir, "krowoc.yaml")
	yaml, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	yaml = bytes.Replace(yaml, []byte("url: "+issuer), []byte("leeway: "+leeway.String()+", url: "+issuer), 1)
	if err := os.WriteFile(file, yaml, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(t.Context()) })
	r := &replicas{t: t, issuer: issuer, db: db}
	still := time.Now().Add(10 * time.Minute) // no token is from the future, and each is valid for longer
	for range 2 {
		r.urls = append(r.urls, serveAt(t, func() time.Time { return still }, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler,
			"KROWOC_AUTH_SESSION_KEYS="+strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL=http://127.0.0.1:1"))
	}
	return r
}

// send sends a request with a header, and returns its status and cookies.
func (r *replicas) send(method, url, body, name, value string) (int, []*http.Cookie) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set(name, value)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // the status is enough
	return response.StatusCode, response.Cookies()
}

// browser logs in at the first server and returns its cookies as a header.
func (r *replicas) browser(email string) string {
	r.t.Helper()
	status, cookies := r.send(http.MethodPost, r.urls[0]+"/auth/login", `{"email": "`+email+`", "password": "`+identity.DefaultPassword+`"}`, "Accept", "*/*")
	if status != http.StatusOK {
		r.t.Fatalf("log in: %d", status)
	}
	header := ""
	for _, c := range cookies {
		header += c.Name + "=" + c.Value + "; "
	}
	return strings.TrimSuffix(header, "; ")
}

// sessionOf returns the ID of the newest session.
func (r *replicas) sessionOf() (id, uid string) {
	r.t.Helper()
	if err := r.db.Pool.QueryRow(r.t.Context(), "SELECT id::text, uid FROM krowoc.sessions ORDER BY until DESC, started_at DESC LIMIT 1").Scan(&id, &uid); err != nil {
		r.t.Fatal(err)
	}
	return id, uid
}

func (r *replicas) status(url, name, value string) int {
	r.t.Helper()
	status, _ := r.send(http.MethodPost, url+"/graphql", `{"query": "{ prompts { totalCount } }"}`, name, value)
	return status
}

// Whatever is revoked is refused by every server that has remembered it, and nothing else is.
func TestRevocationReachesAllServers(t *testing.T) {
	r := newReplicas(t, 30*time.Second)
	const kept, email = "jonas@example.com", "farid@example.com"
	bearer := func(token string) (name, value string) { return "Authorization", "Bearer " + token }
	for name, begin := range map[string]func() (header, value string, revoke func() error){
		"a log-out at one server": func() (string, string, func() error) {
			cookie := r.browser(email)
			return "Cookie", cookie, func() error {
				if status, _ := r.send(http.MethodPost, r.urls[0]+"/auth/logout", "{}", "Cookie", cookie); status != http.StatusNoContent {
					return fmt.Errorf("status %d", status)
				}
				return nil
			}
		},
		"the session of a browser": func() (string, string, func() error) {
			cookie := r.browser(email)
			id, _ := r.sessionOf()
			return "Cookie", cookie, func() error {
				had, err := r.db.EndSession(r.t.Context(), id)
				if err == nil && !had {
					err = fmt.Errorf("no browser has the session %s", id)
				}
				return err
			}
		},
		"all sessions of a user": func() (string, string, func() error) {
			cookie := r.browser("grace@example.com") // tokens of the next seconds are refused, too
			_, uid := r.sessionOf()
			return "Cookie", cookie, func() error {
				ids, _, err := r.db.RevokeUser(r.t.Context(), uid, false)
				if err == nil && len(ids) == 0 {
					err = fmt.Errorf("%s has no sessions", uid)
				}
				return err
			}
		},
		"the tokens of a user": func() (string, string, func() error) {
			token := logIn(r.t, r.issuer, "ines@example.com")
			header, value := bearer(token)
			return header, value, func() error {
				_, _, err := r.db.RevokeUser(r.t.Context(), fmt.Sprint(part(r.t, token, 1)["sub"]), false)
				return err
			}
		},
		"the API keys of a user": func() (string, string, func() error) {
			uid := fmt.Sprint(part(r.t, logIn(r.t, r.issuer, "kavya@example.com"), 1)["sub"])
			k, secret, err := apikey.Create(r.t.Context(), r.db.Pool, apikey.Grant{Name: "job", UID: uid})
			if err != nil {
				r.t.Fatal(err)
			}
			header, value := bearer(secret)
			return header, value, func() error {
				_, keys, err := r.db.RevokeUser(r.t.Context(), uid, true)
				if err == nil && !slices.Equal(keys, []string{k.ID}) {
					err = fmt.Errorf("the keys %v are revoked", keys)
				}
				return err
			}
		},
		"a session of the issuer": func() (string, string, func() error) {
			token := logIn(r.t, r.issuer, email)
			header, value := bearer(token)
			return header, value, func() error {
				had, err := r.db.EndSession(r.t.Context(), fmt.Sprint(part(r.t, token, 1)["session_id"]))
				if err == nil && had {
					err = errors.New("a browser has it")
				}
				return err
			}
		},
		"an API key": func() (string, string, func() error) {
			k, secret, err := apikey.Create(r.t.Context(), r.db.Pool, apikey.Grant{Name: "job", Roles: []string{"admin"}})
			if err != nil {
				r.t.Fatal(err)
			}
			header, value := bearer(secret)
			return header, value, func() error { _, err := apikey.Revoke(r.t.Context(), r.db.Pool, k.ID); return err }
		},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			other := "Bearer " + logIn(r.t, r.issuer, kept)
			header, value, revoke := begin()
			r.endsEverywhere(header, value, revoke)
			for _, url := range r.urls {
				if got := r.status(url, "Authorization", other); got != http.StatusOK {
					t.Errorf("somebody else is answered with %d", got)
				}
			}
		})
	}
	t.Run("a key of the issuer", func(t *testing.T) { // the last case: the issuer has one key
		r.t = t
		token := logIn(r.t, r.issuer, kept)
		header, value := bearer(token)
		r.endsEverywhere(header, value, func() error { return r.db.RevokeKID(r.t.Context(), fmt.Sprint(part(r.t, token, 0)["kid"])) })
	})
}

// A user who has been revoked can log in again, in a browser and with tokens, and their API keys still count. A token that an issuer has issued
// before, whose clock is ahead by the leeway, does not.
func TestRevokedUserLogsInAgain(t *testing.T) {
	const leeway = 3 * time.Second
	r := newReplicas(t, leeway)
	const email = "farid@example.com"
	old := logIn(t, r.issuer, email)
	uid := fmt.Sprint(part(t, old, 1)["sub"])
	_, secret, err := apikey.Create(t.Context(), r.db.Pool, apikey.Grant{Name: "job", UID: uid})
	if err != nil {
		t.Fatal(err)
	}
	var began time.Time
	r.endsEverywhere("Authorization", "Bearer "+old, func() error {
		began = time.Now()
		_, keys, err := r.db.RevokeUser(t.Context(), uid, false)
		if err == nil && len(keys) > 0 {
			err = errors.New("keys are revoked that nobody has asked for")
		}
		return err
	})
	var fresh string
	await(t, "new tokens are refused", func() bool { // those within the leeway are
		fresh = logIn(t, r.issuer, email)
		return r.status(r.urls[0], "Authorization", "Bearer "+fresh) == http.StatusOK
	})
	if iat, _ := part(t, fresh, 1)["iat"].(float64); time.Unix(int64(iat), 0).Before(began.Add(leeway)) {
		t.Errorf("a token of %v is accepted, which a clock that is %v ahead may have issued before the revocation at %v", time.Unix(int64(iat), 0), leeway, began)
	}
	cookie := r.browser(email)
	for _, url := range r.urls {
		for _, c := range [][2]string{{"Authorization", "Bearer " + fresh}, {"Authorization", "Bearer " + secret}, {"Cookie", cookie}} {
			if got := r.status(url, c[0], c[1]); got != http.StatusOK {
				t.Errorf("%s after the revocation is answered with %d", c[0], got)
			}
		}
		if got := r.status(url, "Authorization", "Bearer "+old); got != http.StatusUnauthorized {
			t.Errorf("the old token is answered with %d", got)
		}
	}
}

// endsEverywhere makes all servers remember a caller, revokes what makes them known, and waits until each server refuses it.
func (r *replicas) endsEverywhere(name, value string, revoke func() error) {
	r.t.Helper()
	for _, url := range r.urls {
		if got := r.status(url, name, value); got != http.StatusOK {
			r.t.Fatalf("before the revocation: %d", got)
		}
	}
	if err := revoke(); err != nil {
		r.t.Fatal(err)
	}
	began := time.Now()
	await(r.t, "a server still knows it", func() bool {
		return !slices.ContainsFunc(r.urls, func(url string) bool { return r.status(url, name, value) != http.StatusUnauthorized })
	})
	r.t.Logf("refused everywhere after %v", time.Since(began)) // at most a second, if the machine is not busy
}
