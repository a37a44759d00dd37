package conformance_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The compiler of Relay takes the API, with a connection that it pages through and a fragment that it fetches again by node. The server answers the
// operations that it writes.
func TestRelayCompiler(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := platform(t)
	a.Config.GraphQL.Relay = true
	types, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range a.Targets() {
		if target.Name == "graphql" {
			writeClient(t, dir, "api.graphql", target, types)
		}
	}
	if err := os.CopyFS(dir, os.DirFS("testdata/relay")); err != nil {
		t.Fatal(err)
	}
	npmInstall(t, dir)
	program(t, dir, "npx", "relay-compiler")
	r := relayServer{t, dir, serve(t, a) + "/graphql"}
	type page struct {
		Prompts struct {
			PageInfo struct{ EndCursor string }
			Edges    []struct {
				Node struct{ ID, RowID, Title string }
			}
		}
	}
	var first, next page
	r.answer("PageQuery", nil, &first)
	r.answer("ListPaginationQuery", map[string]any{"count": 1, "cursor": first.Prompts.PageInfo.EndCursor}, &next)
	if len(first.Prompts.Edges) != 2 || len(next.Prompts.Edges) != 1 || first.Prompts.Edges[1].Node.Title >= next.Prompts.Edges[0].Node.Title {
		t.Fatalf("pages %+v and %+v", first, next)
	}
	want := first.Prompts.Edges[1].Node
	var again struct {
		Node struct{ ID, RowID, Title string }
	}
	r.answer("CardRefetchQuery", map[string]any{"id": want.ID}, &again)
	if again.Node != want {
		t.Errorf("node returns %+v, want %+v", again.Node, want)
	}
}

// relayServer answers operations that the compiler has written.
type relayServer struct {
	t        *testing.T
	dir, url string
}

// operationText is the text of an operation in what the compiler writes, as JSON.
var operationText = regexp.MustCompile(`"text": ("query (?:[^"\\]|\\.)*")`)

func (r relayServer) answer(name string, variables map[string]any, data any) {
	r.t.Helper()
	written, err := os.ReadFile(filepath.Join(r.dir, "src", "__generated__", name+".graphql.ts"))
	if err != nil {
		r.t.Fatal(err)
	}
	match := operationText.FindSubmatch(written)
	if match == nil {
		r.t.Fatalf("%s has no text of an operation:\n%s", name, written)
	}
	text := json.RawMessage(match[1])
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	if err != nil || len(answer.Errors) > 0 {
		r.t.Fatalf("%s: %v, %v", strings.Trim(string(text), `"`), err, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		r.t.Fatal(err)
	}
}
