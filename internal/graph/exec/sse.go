package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// sseType is the media type of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. The events are those of the
// distinct connections mode of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
const sseType = "text/event-stream"

const (
	// sseAlive is how often a comment shows that the connection lives.
	sseAlive = 15 * time.Second

	// sendTimeout is how long the network may take for a message.
	sendTimeout = 10 * time.Second
)

// lastEventID is the cursor of the last answer that a client has received.
const lastEventID = "Last-Event-ID"

// sendEvents answers an operation with events: one for a query, and one for each new answer of a subscription.
func sendEvents(p *pipeline, w http.ResponseWriter, r *http.Request, op *Operation) {
	e := &eventStream{control: http.NewResponseController(w), w: w, ready: make(chan struct{}, 1)}
	e.wake = func() {
		select {
		case e.ready <- struct{}{}:
		default:
		}
	}
	e.tooSlow = func() { p.hub.dropped.Add(1) }
	if p.hub == nil || !p.admit(r.Context(), op) {
		p.execute(r.Context(), op)
		e.begin()
		e.outcome(op)
		return
	}
	if op.Err != nil {
		e.begin()
		e.outcome(op)
		return
	}
	e.subscribe(p, r, op)
}

// eventStream writes events.
type eventStream struct {
	backlog
	control *http.ResponseController
	w       http.ResponseWriter
	ready   chan struct{}
}

// begin sends the header, so that the client knows that it is connected.
func (e *eventStream) begin() {
	h := e.w.Header()
	h.Set("Content-Type", sseType+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep the events for a while
	h.Add("Vary", "Accept")
	e.w.WriteHeader(http.StatusOK)
	_ = e.control.Flush()
}

// event writes an event. The payload is JSON of one line.
func event(name, id string, payload []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\n", name)
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	b.WriteString("data: ")
	b.Write(bytes.ReplaceAll(payload, []byte("\n"), []byte(" "))) // which JSON has between tokens only
	b.WriteString("\n\n")
	return b.Bytes()
}

// write sends bytes. It fails if the client is gone or does not read.
func (e *eventStream) write(message []byte) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(sendTimeout)) // not every writer has one
	if _, err := e.w.Write(message); err != nil {
		return err
	}
	return e.control.Flush()
}

// outcome sends the only answer to an operation.
func (e *eventStream) outcome(op *Operation) {
	result := errorsPayload(op.Err)
	if op.Err == nil {
		result = payload(op)
	}
	_ = e.write(append(event("next", "", result), event("complete", "", nil)...)) // or the client is gone
}

// errorsPayload is the result of an operation that failed.
func errorsPayload(err error) []byte {
	if err == nil {
		return nil
	}
	payload, failure := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{present(err)})
	if failure != nil {
		return []byte(`{"errors":[{"message":"internal error"}]}`)
	}
	return payload
}

// subscribe sends the answers of a subscription until either side ends it.
func (e *eventStream) subscribe(p *pipeline, r *http.Request, op *Operation) {
	s := &stream{who: op.Caller, end: e.finish}
	if !s.who.Anonymous() {
		s.request = r
	}
	if err := p.hub.open(s); err != nil {
		op.Err = err
		e.begin()
		e.outcome(op)
		return
	}
	defer p.hub.close(s)
	sub := &subscription{cursor: resumeFrom(op), end: e.finish, next: func(a *liveAnswer) { e.add(event("next", a.cursor, a.payload)) }}
	if id := r.Header.Get(lastEventID); id != "" {
		sub.cursor = id
	}
	e.begin()
	p.subscribe(op, sub)
	defer p.hub.leave(sub)
	e.run(r.Context())
}

// run writes what waits. When the server stops, the stream ends without the event "complete", so that the client connects again.
func (e *eventStream) run(ctx context.Context) {
	alive := time.NewTicker(sseAlive)
	defer alive.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			err = e.write([]byte(":\n\n"))
		case <-e.ready:
			err = e.flush()
		}
		if err != nil {
			return
		}
	}
}

var errEnded = errors.New("the stream has ended")

// flush writes what waits, and the end.
func (e *eventStream) flush() error {
	for {
		messages, ended, reason := e.take()
		for _, m := range messages {
			if err := e.write(m); err != nil {
				return err
			}
		}
		switch {
		case len(messages) > 0:
			continue
		case !ended:
			return nil
		case reason != nil:
			_ = e.write(event("next", "", errorsPayload(reason))) // or the client is gone
		}
		_ = e.write(event("complete", "", nil))
		return errEnded
	}
}

// resumeFrom returns the cursor of the answer that a client has, which it sends as an extension of its request.
func resumeFrom(op *Operation) string {
	cursor, _ := op.Extensions["cursor"].(string)
	return cursor
}
