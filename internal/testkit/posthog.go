package testkit

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// PostHog is a server that speaks the endpoint /batch/ of PostHog, and fails as it is told.
type PostHog struct {
	*httptest.Server

	mu        sync.Mutex
	responses []Response
	requests  []PostHogRequest
	arrived   chan struct{}
}

// Response is an answer of the server. The zero value confirms the request.
type Response struct {
	Status     int
	RetryAfter string
	Hang       bool   // until the client gives up
	MaxEvents  int    // 413 for requests with more; 0 has no limit
	MaxBytes   int    // no answer to requests with more; 0 has no limit
	Reject     string // the name of an event; Status is for requests with one, the others are confirmed
	Keep       bool   // for all further requests, too
}

// PostHogRequest is a request that arrived.
type PostHogRequest struct {
	Time   time.Time
	Path   string
	Header http.Header
	Key    string         `json:"api_key"`
	SentAt string         `json:"sent_at"`
	Batch  []PostHogEvent `json:"batch"`
	Body   []byte         // decompressed
	Status int            // of the answer
}

// PostHogEvent is an event of a request.
type PostHogEvent struct {
	Event      string         `json:"event"`
	UUID       string         `json:"uuid"`
	DistinctID string         `json:"distinct_id"`
	Timestamp  string         `json:"timestamp"`
	Properties map[string]any `json:"properties"`
}

// NewPostHog starts a server that gives these answers to the first requests, and confirms the others.
func NewPostHog(t testing.TB, responses ...Response) *PostHog {
	p := &PostHog{responses: responses, arrived: make(chan struct{}, 10_000)}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.CloseClientConnections() // some hang
		p.Close()
	})
	return p
}

// ServeHTTP implements http.Handler.
func (p *PostHog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := PostHogRequest{Time: time.Now(), Path: r.URL.Path, Header: r.Header.Clone(), Status: http.StatusOK}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	got.Body, _ = io.ReadAll(body)
	if err := json.Unmarshal(got.Body, &got); err != nil {
		got.Status = http.StatusBadRequest
	}
	answer := p.next()
	answer.Hang = answer.Hang || (answer.MaxBytes > 0 && len(got.Body) > answer.MaxBytes)
	isAccepted := answer.Reject != "" && !slices.ContainsFunc(got.Batch, func(e PostHogEvent) bool { return e.Event == answer.Reject })
	switch {
	case answer.Hang:
		got.Status = 0
	case isAccepted:
	case answer.MaxEvents > 0 && len(got.Batch) > answer.MaxEvents:
		got.Status = http.StatusRequestEntityTooLarge
	case answer.Status != 0:
		got.Status = answer.Status
	}
	p.mu.Lock()
	p.requests = append(p.requests, got)
	p.mu.Unlock()
	p.arrived <- struct{}{}
	if answer.Hang {
		<-r.Context().Done()
		return
	}
	if answer.RetryAfter != "" {
		w.Header().Set("Retry-After", answer.RetryAfter)
	}
	w.WriteHeader(got.Status)
	_, _ = io.WriteString(w, `{"status":1}`)
}

func (p *PostHog) next() (answer Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.responses) == 0 {
		return answer
	}
	answer = p.responses[0]
	if !answer.Keep {
		p.responses = p.responses[1:]
	}
	return answer
}

// Answer replaces the answers to the next requests.
func (p *PostHog) Answer(responses ...Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.responses = responses
}

// Requests returns what has arrived.
func (p *PostHog) Requests() []PostHogRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]PostHogRequest{}, p.requests...)
}

// Confirmed returns the events of requests that were confirmed.
func (p *PostHog) Confirmed() (events []PostHogEvent) {
	for _, r := range p.Requests() {
		if r.Status == http.StatusOK {
			events = append(events, r.Batch...)
		}
	}
	return events
}

// Await waits until n events are confirmed.
func (p *PostHog) Await(t testing.TB, n int) []PostHogEvent {
	t.Helper()
	for {
		if events := p.Confirmed(); len(events) >= n {
			return events
		}
		select {
		case <-p.arrived:
		case <-time.After(30 * time.Second):
			t.Fatalf("PostHog has %d events, and should have %d", len(p.Confirmed()), n)
		}
	}
}

// AwaitRequest waits for the next request.
func (p *PostHog) AwaitRequest(t testing.TB) {
	t.Helper()
	select {
	case <-p.arrived:
	case <-time.After(30 * time.Second):
		t.Fatal("no request arrived")
	}
}
