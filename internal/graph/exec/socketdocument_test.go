package exec_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// Operations of a WebSocket can name their document, and ask for their cost, as those of other requests can.
func TestDocumentsByIDOverWebSocket(t *testing.T) {
	p := exec.NewPersisted(exec.PersistedOptions{Trusted: map[string]string{"count": "{rooms {totalCount}}"}, OnlyTrusted: true})
	l := startLive(t, chatDatabase(t), exec.Options{API: apiOf(t, chat), Documents: p}, nil)
	c := l.open(t, "ada")
	for payload, want := range map[string]string{
		`{"documentId": "count"}`:                               `next {"data":{"rooms":{"totalCount":0}}}`,
		`{"documentId": "count", "extensions": {"cost": true}}`: `"extensions":{"cost":{"fields":`,
		`{"query": "{__typename}"}`:                             "FORBIDDEN",
		`{}`:                                                    "the request has no query",
		`{"documentId": "count", "query": "{rooms {totalCount}}"}`: "both query and documentId",
	} {
		c.send(message{ID: "x", Type: "subscribe", Payload: json.RawMessage(payload)})
		m := c.read()
		if got := m.Type + " " + string(m.Payload); !strings.Contains(got, want) {
			t.Errorf("%s: %s", payload, got)
		}
		if m.Type == "next" {
			c.read() // complete
		}
	}
}

// A client that prefers JSON to events does not ask for a stream.
func TestStreamsAreNegotiated(t *testing.T) {
	for accept, want := range map[string]bool{
		"text/event-stream": true, "text/event-stream, application/json;q=0.9": true, "": false, "*/*": false,
		"application/json, text/event-stream": false, "application/graphql-response+json, text/event-stream;q=0.5": false,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/graphql", nil)
		r.Header.Set("Accept", accept)
		if got := exec.IsStream(r); got != want {
			t.Errorf("%s: %t", accept, got)
		}
	}
}
