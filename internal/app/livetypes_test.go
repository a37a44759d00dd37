package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

// liveGuide is docs/subscriptions.md: the schema, the subscription and its first event.
func liveGuide(t *testing.T) (schema, subscription, event string) {
	t.Helper()
	guide, err := os.ReadFile("../../docs/subscriptions.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(?:graphql|text)\n(.+?)```").FindAllStringSubmatch(string(guide), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d of 3 examples are read", len(blocks))
	}
	return blocks[0][1], blocks[1][1], blocks[2][1]
}

// liveProject is a project whose migrations are those that `krowoc migrate diff` writes.
func liveProject(t *testing.T) *app.App {
	t.Helper()
	dir := testkit.Folder(t)
	schema, _, _ := liveGuide(t)
	apptest.WriteFiles(t, dir, map[string]string{"krowoc.yaml": "project: rooms\n", "schema.graphql": schema})
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	server, err := a.Scratch(t.Context(), scratch.Options{URL: testkit.DatabaseURL(t)})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := change.Diff(t.Context(), a, server, ddl.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := change.WriteDiff(a, "init", plan); err != nil {
		t.Fatal(err)
	}
	apptest.Migrate(t, a)
	return a
}

// The example of the guide is answered as it says. When the server stops, the stream ends without "complete", so that clients connect again.
func TestExampleOfSubscriptions(t *testing.T) {
	a := liveProject(t)
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Pool.Close()
	s, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := a.NewServer(db.Pool, s, a.Logger, app.ServerOptions{})
	if err == nil {
		err = srv.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	_, subscription, want := liveGuide(t)
	body, err := json.Marshal(map[string]string{"query": subscription})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	if err := srv.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != "\n" {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
}

// clients are programs with the clients that most front ends use. Each subscribes, and exits when it has seen what it waits for.
const clients = `
import { createClient as ws } from 'graphql-ws';
import { createClient as sse } from 'graphql-sse';
import WebSocket from 'ws';

const [kind, url] = process.argv.slice(2);
const query = 'subscription { rooms(orderBy: [{name: ASC}]) { nodes { name } } }';
const client = kind === 'ws'
  ? ws({ url: url.replace('http', 'ws') + '/graphql', webSocketImpl: WebSocket, retryAttempts: 0 })
  : sse({ url: url + '/graphql', retryAttempts: 0, fetchFn: fetch });
for await (const answer of client.iterate({ query })) {
  console.log(JSON.stringify(answer.data ?? answer.errors));
  if (answer.errors || answer.data.rooms.nodes.length === 2) break;
}
if (kind === 'ws') {
  const result = await new Promise((resolve, reject) => {
    let last;
    client.subscribe({ query: '{ rooms { totalCount } }' }, { next: (r) => { last = r; }, error: reject, complete: () => resolve(last) });
  });
  console.log(JSON.stringify(result.data));
}
client.dispose();
process.exit(0);
`

// Two servers share a database. What psql writes, and what the other server writes, reaches the clients of the first.
func TestClientsOfSubscriptions(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		testkit.Skip(t, "npm is not installed: the clients of subscriptions are not run")
	}
	a := liveProject(t)
	options := app.ServerOptions{Authenticators: []server.Authenticator{app.ActAs{}}}
	first, second := api(t, a, options), api(t, a, options)
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Pool.Close()
	dir := testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{
		"package.json": `{"private": true, "type": "module", "dependencies": {"graphql": "16", "graphql-ws": "6", "graphql-sse": "2", "ws": "8"}}`, "clients.mjs": clients,
	})
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for kind, want := range map[string][]string{
		"ws":  {`{"rooms":{"nodes":[]}}`, `{"rooms":{"nodes":[{"name":"a"}]}}`, `{"rooms":{"nodes":[{"name":"a"},{"name":"b"}]}}`, `{"rooms":{"totalCount":2}}`},
		"sse": {`{"rooms":{"nodes":[]}}`, `{"rooms":{"nodes":[{"name":"a"}]}}`, `{"rooms":{"nodes":[{"name":"a"},{"name":"b"}]}}`},
	} {
		testkit.Exec(t, db.Pool, "DELETE FROM rooms")
		program := exec.CommandContext(t.Context(), "node", "clients.mjs", kind, first)
		program.Dir, program.Env = dir, append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
		lines := newLines(t, program)
		for i, line := range want {
			if got := lines.next(); got != line {
				t.Fatalf("%s: answer %d is %s, want %s", kind, i, got, line)
			}
			switch i {
			case 0:
				testkit.Exec(t, db.Pool, "INSERT INTO rooms (id, name) VALUES (gen_random_uuid(), 'a')")
			case 1:
				if _, answer := ask(t, second, "ada", `mutation { createRoom(data: {name: "b"}) { name } }`); at(answer, "data.createRoom.name") != "b" {
					t.Fatalf("%v", answer)
				}
			}
		}
		if err := program.Wait(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// lineReader reads what a program writes.
type lineReader struct {
	t     *testing.T
	lines chan string
}

func newLines(t *testing.T, program *exec.Cmd) *lineReader {
	t.Helper()
	r := &lineReader{t, make(chan string, 100)}
	program.Stdout, program.Stderr = r, r
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// Write implements io.Writer.
func (r *lineReader) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		r.lines <- strings.TrimSpace(line)
	}
	return len(p), nil
}

func (r *lineReader) next() string {
	r.t.Helper()
	select {
	case line := <-r.lines:
		return line
	case <-r.t.Context().Done():
	case <-time.After(time.Minute):
		r.t.Fatal("the program writes nothing")
	}
	return ""
}
