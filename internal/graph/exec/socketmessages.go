package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// wsMessage is a message of the subprotocol.
type wsMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// send sends a message. Payload is JSON, or nil.
func (s *socket) send(id, kind string, payload []byte) {
	message, err := json.Marshal(wsMessage{ID: id, Type: kind})
	if err != nil {
		return // a string and a constant
	}
	if payload != nil {
		message = append(append(append(message[:len(message)-1], `,"payload":`...), payload...), '}')
	}
	s.add(message)
}

// handle acts on a message. It reports false if the connection is to end.
func (s *socket) handle(m wsMessage, late *time.Timer) bool {
	switch m.Type {
	case "connection_init":
		late.Stop()
		return s.init(m)
	case "ping":
		s.send("", "pong", m.Payload)
	case "pong":
	case "subscribe":
		return s.begin(m)
	case "complete":
		s.guard.Lock()
		s.drop(m.ID)
		s.guard.Unlock()
	default:
		s.close(closeBadRequest, "unknown type of message")
		return false
	}
	return true
}

// init finds out who calls. The payload can have what a page cannot set as headers of a WebSocket.
func (s *socket) init(m wsMessage) bool {
	if s.stream != nil {
		s.close(closeTooManyInits, "Too many initialisation requests")
		return false
	}
	r, who, err := s.identify(m.Payload)
	if err == nil {
		st := &stream{who: who, request: r, end: s.finish, ping: s.ping}
		if err = s.hub.open(st); err == nil {
			s.stream = st
			s.ctx = caller.With(s.ctx, who)
			s.send("", "connection_ack", nil)
			return true
		}
	}
	s.closeFor(err)
	return false
}

// identify returns the caller of the connection, and the request that identifies them.
func (s *socket) identify(payload json.RawMessage) (*http.Request, caller.Caller, error) {
	who := caller.From(s.request.Context())
	token, err := tokenOf(payload)
	switch {
	case err != nil:
		return nil, who, err
	case token == "" && who.Anonymous():
		return nil, who, nil
	case token == "":
		return s.request, who, nil
	case s.hub.Authenticate == nil:
		return nil, who, fault.New(fault.Unauthenticated, "", "the access token is not one of this service")
	}
	r := s.request.Clone(s.request.Context())
	r.Header.Set("Authorization", token)
	who, err = s.hub.Authenticate(r)
	return r, who, err
}

// tokenOf returns the header Authorization in the payload of connection_init: {"Authorization": "Bearer …"} or {"token": "…"}.
func tokenOf(payload json.RawMessage) (string, error) {
	if len(payload) == 0 {
		return "", nil
	}
	var given map[string]any
	if err := json.Unmarshal(payload, &given); err != nil {
		return "", fault.New(fault.Invalid, "", "the payload of connection_init is not an object")
	}
	for name, value := range given {
		text, isText := value.(string)
		switch {
		case !isText || text == "":
		case strings.EqualFold(name, "authorization"):
			return text, nil
		case name == "token":
			return "Bearer " + text, nil
		}
	}
	return "", nil
}

// begin begins an operation.
func (s *socket) begin(m wsMessage) bool {
	var b body
	if err := decode(strings.NewReader(string(m.Payload)), &b); err != nil || m.ID == "" {
		s.close(closeBadRequest, "subscribe takes an id, and a payload with a query")
		return false
	}
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.operations[m.ID] != nil {
		s.close(closeSubscriberHere, fmt.Sprintf("Subscriber for %s already exists", m.ID))
		return false
	}
	if len(s.operations) >= s.hub.MaxSubscriptions {
		s.fail(m.ID, fault.New(fault.RateLimited, "", fmt.Sprintf("the WebSocket has %d operations, which is the limit", len(s.operations)), "complete one first"))
		return true
	}
	p := s.handler.current.Load()
	op, err := b.operation()
	if err != nil {
		s.fail(m.ID, err)
		return true
	}
	op.Caller, op.Time, op.wantsCost = s.stream.who, p.Now(), wantsCost("", b.Extensions)
	switch ctx, cancel := context.WithCancel(s.ctx); {
	case !p.admit(ctx, op):
		s.operations[m.ID] = &socketOperation{cancel: cancel}
		go s.execute(ctx, p, m.ID, op)
	case op.Err != nil:
		cancel()
		s.fail(m.ID, op.Err)
	default:
		cancel()
		s.subscribe(p, m.ID, op)
	}
	return true
}

// fail sends the error of an operation that did not begin, or that ends.
func (s *socket) fail(id string, err error) {
	payload, failure := json.Marshal(present(err))
	if failure != nil {
		payload = []byte(`[{"message":"internal error"}]`)
	}
	s.send(id, "error", payload)
}

// execute answers a query or mutation.
func (s *socket) execute(ctx context.Context, p *pipeline, id string, op *Operation) {
	p.execute(ctx, op)
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.operations[id] == nil {
		return // the client has completed it
	}
	s.drop(id)
	if op.Err != nil {
		s.fail(id, op.Err)
		return
	}
	s.send(id, "next", payload(op))
	s.send(id, "complete", nil)
}

// subscribe begins a subscription. The guard is locked.
func (s *socket) subscribe(p *pipeline, id string, op *Operation) {
	sub := &subscription{cursor: resumeFrom(op)}
	sub.next = func(a *liveAnswer) { s.send(id, "next", a.payload) }
	sub.end = func(reason error) {
		go func() { // the hub is locked
			s.guard.Lock()
			defer s.guard.Unlock()
			if o := s.operations[id]; o != nil && o.sub == sub {
				s.drop(id)
				s.fail(id, reason)
			}
		}()
	}
	s.operations[id] = &socketOperation{sub: sub}
	p.subscribe(op, sub)
}
