// Package scripttest runs scripts against the program as a user would: the files testdata/script/*.txtar of a package. See
// https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript for their form, and Run for the verbs.
package scripttest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/cli"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/testkit"
)

// tests runs the tests and stops the Postgres that they started.
type tests struct{ m *testing.M }

func (t tests) Run() int { return testkit.Run(t.m) }

// Main is the TestMain of a package with scripts, whose commands are this test binary too.
func Main(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"krowoc": func() { os.Exit(krowoc()) }, "fetch": fetch, "backend": backend})
}

// krowoc is the program as scripts run it: what cmd/krowoc does, with a version that does not change.
func krowoc() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return cli.Main(ctx, cli.Process{
		Args: os.Args[1:], Streams: term.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
		Environ: os.Environ(), Dir: dir,
		Build: factory.Build{Version: "1.2.3", Commit: "0123456789abcdef", Date: "2026-01-02T03:04:05Z"},
	})
}

// Run runs the scripts of a package. Beside testscript's own, the verbs are:
//
//	exits N krowoc …       run it; the exit code must be N
//	stdout-json PATH TEXT  the value at PATH (.a.b[0].c) of the JSON on stdout, written as TEXT
//	stdout-fields PATH …   the object at PATH has exactly these fields
//	stderr-json, stderr-fields   the same of stderr
//	tty N TEXT krowoc …    run it on a terminal, typing TEXT; what it showed is in the file tty (Linux)
//	database               make an empty database of the script's own and set DATABASE_URL
//	need PROGRAM TEXT      skip the rest of the script where a program is missing; TEXT is what is then not tested
//	need-docker            skip the rest where no Docker engine answers
//	fetch, backend         a program that prints what a URL answers, and one that serves; see programs_test.go
//	docker-way             reach the engine, if there is one, through a socket of the script's own
//	docker-gone            close that socket, as if the engine were gone
//	free-address           set ADDRESS to a free port of the loopback interface
//	address-of URL         set ADDRESS to the host and port of a URL
//	session                wait for the development session and set URL to where it serves
//	graphql OPERATION [TEXT]   send it to the session and print the answer, or wait for one with TEXT
//	logged TEXT            wait until the session's log contains it
//	kill-postgres          kill the session's Postgres as a crash would
//	nothing-left           no session and no Postgres of this folder runs
//	repository             copy the prompt platform of this repository into the working directory
func Run(t *testing.T) {
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: flag.Lookup("update").Value.String() == "true", RequireUniqueNames: true,
		WorkdirRoot: testkit.Folder(t),
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, ".home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("GORACE", "atexit_sleep_ms=0")       // otherwise each command of a script sleeps for a second before it exits
			env.Setenv("KROWOC_DEV_ADDRESS", "127.0.0.1:0") // sessions of scripts run beside one another
			env.Setenv("KROWOC_DEV_MAIL_ADDRESS", "127.0.0.1:0")
			for _, name := range []string{"TESTCONTAINERS_HOST_OVERRIDE", "DOCKER_HOST"} {
				if value, set := os.LookupEnv(name); set {
					env.Setenv(name, value)
				}
			}
			env.Values[testingKey{}] = env.T()
			env.Values[dockerWayKey{}] = &dockerWay{}
			return os.Mkdir(home, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":         exits,
			"stdout-json":   jsonValue("stdout"),
			"stderr-json":   jsonValue("stderr"),
			"stdout-fields": jsonFields("stdout"),
			"stderr-fields": jsonFields("stderr"),
			"need":          need,
			"need-docker":   needDocker,
			"docker-way":    dockerWayOpen,
			"docker-gone":   dockerGone,
			"tty":           onTerminal,
			"database":      database,
			"free-address":  freeAddress,
			"address-of":    addressOf,
			"repository":    repository,
			"session":       session,
			"graphql":       graphql,
			"logged":        logged,
			"kill-postgres": killPostgres,
			"nothing-left":  nothingLeft,
		},
	})
}

// testingKey is where a script keeps its testing.TB.
type testingKey struct{}

func database(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: database")
	}
	ts.Setenv("DATABASE_URL", testkit.DatabaseURL(ts.Value(testingKey{}).(testing.TB)))
}

// need skips the rest of a script for want of a program, or fails it with KROWOC_TEST_SKIP=refuse.
func need(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: need PROGRAM TEXT")
	}
	if _, err := exec.LookPath(args[0]); err != nil {
		testkit.Skip(ts.Value(testingKey{}).(testing.TB), args[0]+" is not installed: "+args[1])
	}
}

func needDocker(ts *testscript.TestScript, _ bool, _ []string) {
	testkit.NeedDocker(ts.Value(testingKey{}).(testing.TB))
}

// addressOf sets ADDRESS to the host and port of a URL.
func addressOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: address-of URL")
	}
	u, err := url.Parse(args[0])
	ts.Check(err)
	ts.Setenv("ADDRESS", u.Host)
}

func freeAddress(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	ts.Setenv("ADDRESS", l.Addr().String())
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func jsonValue(stream string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) != 2 {
			ts.Fatalf("usage: %s-json PATH TEXT", stream)
		}
		value, err := at(ts.ReadFile(stream), args[0])
		ts.Check(err)
		got, ok := value.(string)
		if !ok {
			encoded, err := json.Marshal(value)
			ts.Check(err)
			got = string(encoded)
		}
		if (got == args[1]) == neg {
			ts.Fatalf("%s is %s", args[0], got)
		}
	}
}

func jsonFields(stream string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: %s-fields PATH FIELD …", stream)
		}
		value, err := at(ts.ReadFile(stream), args[0])
		ts.Check(err)
		object, ok := value.(map[string]any)
		if !ok {
			ts.Fatalf("%s is not an object", args[0])
		}
		var got []string
		for name := range object {
			got = append(got, name)
		}
		want := slices.Clone(args[1:])
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			ts.Fatalf("%s has the fields %v", args[0], got)
		}
	}
}

// at decodes a JSON text and walks down a path like .a.b[0].c; . is the whole.
func at(text, path string) (any, error) {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, fmt.Errorf("not JSON: %w\n%s", err, text)
	}
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for _, step := range steps {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, fmt.Errorf("%s: there is no %s in\n%s", path, step, text)
			}
			value = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("%s: there is no [%s] among %d items", path, step, len(v))
			}
			value = v[i]
		default:
			return nil, fmt.Errorf("%s: %v has no %s", path, v, step)
		}
	}
	return value, nil
}

// repository copies the project that this repository is.
func repository(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: repository")
	}
	apptest.CopyTo(ts.Value(testingKey{}).(testing.TB), ts.MkAbs("."))
}
