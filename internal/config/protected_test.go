package config_test

import (
	"fmt"
	"testing"

	"github.com/krowoc/krowoc/internal/config"
)

func TestProtectedDatabases(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		environ    []string
		want       string
	}{
		{"the block of production", "environments: {production: {database: {url: 'postgres://p/app'}}}", nil, "[{production postgres://p/app}]"},
		{"another one", "environments: {live: {protected: true, database: {url: 'postgres://l/app'}}}", nil, "[{live postgres://l/app}]"},
		{"not protected", "environments: {staging: {database: {url: 'postgres://s/app'}}, production: {protected: false, database: {url: 'postgres://p/app'}}}", nil, "[]"},
		{"protected by the base", "protected: true\nenvironments: {staging: {database: {url: 'postgres://s/app'}}}", nil, "[{staging postgres://s/app}]"},
		{"the base is production's", "database: {url: 'postgres://p/app'}\nenvironments: {development: {database: {url: 'postgres://d/app'}}}", nil, "[{production postgres://p/app}]"},
		{"all share the base", "database: {url: 'postgres://p/app'}", nil, "[]"},
		{"a variable", "environments: {production: {database: {url: '${LIVE_URL}'}}}", []string{"LIVE_URL=postgres://v/app"}, "[{production postgres://v/app}]"},
		{"a variable of another machine", "environments: {production: {database: {url: '${LIVE_URL}'}}}", nil, "[]"},
		{"the same variable", "environments: {production: {database: {url: '${DB}'}}, development: {database: {url: '${DB}'}}}", []string{"DB=postgres://v/app"}, "[]"},
		{"nothing", "project: x", nil, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded := mustLoad(t, c.yaml+"\n", config.Options{Environ: c.environ})
			if got := fmt.Sprint(loaded.ProtectedDatabases); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Browsers log in to the project if they do in any of its environments.
func TestLogsBrowsersIn(t *testing.T) {
	const key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	for _, c := range []struct {
		name, yaml string
		environ    []string
		want       bool
	}{
		{"nowhere", "project: x", nil, false},
		{"in the base", "auth: {session: {keys: " + key + "}}", nil, true},
		{"in another environment, by a variable of another machine", "environments: {production: {auth: {session: {keys: '${SESSION_KEYS}'}}}}", nil, true},
		{"by a variable", "project: x", []string{"KROWOC_AUTH_SESSION_KEYS=" + key}, true},
		{"another key of sessions", "auth: {session: {page: /login}}", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if loaded := mustLoad(t, c.yaml+"\n", config.Options{Environ: c.environ}); loaded.LogsBrowsersIn != c.want {
				t.Errorf("got %t", loaded.LogsBrowsersIn)
			}
		})
	}
}
