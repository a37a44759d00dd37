package exec

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// IsStream reports whether a request asks for answers that go on: a WebSocket or server-sent events.
func IsStream(r *http.Request) bool {
	t := negotiate(r.Header.Values("Accept"))
	isEvents := t != nil && t.media == sseType
	return isEvents || isUpgrade(r)
}

// stream is an open connection with subscriptions.
type stream struct {
	who     caller.Caller
	request *http.Request // with the caller's credentials; nil if nobody asks again
	end     func(reason error)
	ping    func() // asks the client for a sign of life; nil asks for none

	timer *time.Timer
	owner string // whose streams are counted
}

// open registers a stream, unless its caller has too many.
func (h *hub) open(s *stream) error {
	if !s.who.Anonymous() {
		s.owner = fmt.Sprintf("%q %q", s.who.Key, s.who.UID)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.owner != "" && h.callers[s.owner] >= h.MaxStreams {
		return fault.New(fault.RateLimited, "", fmt.Sprintf("you have %d open streams, which is the limit", h.MaxStreams), "close one, or use one WebSocket for several subscriptions")
	}
	h.streams[s] = struct{}{}
	if s.owner != "" {
		h.callers[s.owner]++
	}
	s.timer = time.AfterFunc(h.Check, func() { h.check(s) })
	return nil
}

// close forgets a stream.
func (h *hub) close(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.timer.Stop()
	delete(h.streams, s)
	if s.owner == "" {
		return
	}
	if h.callers[s.owner]--; h.callers[s.owner] == 0 {
		delete(h.callers, s.owner)
	}
}

// check asks who calls and whether the client is there, from time to time.
func (h *hub) check(s *stream) {
	h.verify(s)
	if s.ping != nil {
		s.ping()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.streams[s]; open {
		s.timer.Reset(h.Check)
	}
}

// verifyTimeout limits the question who calls.
const verifyTimeout = 10 * time.Second

// verify ends a stream whose caller is not who they were: their token has expired, they have logged out, or they have other roles. It stays if
// that cannot be found out.
func (h *hub) verify(s *stream) {
	if h.Authenticate == nil || s.request == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.request.Context()), verifyTimeout)
	defer cancel()
	who, err := h.Authenticate(s.request.WithContext(ctx))
	switch code := fault.CodeOf(err); {
	case code == fault.Unauthenticated || code == fault.Forbidden:
		s.end(err)
	case err == nil && !sameCaller(who, s.who):
		s.end(fault.New(fault.Unauthenticated, "", "what you are allowed to do has changed", "connect again"))
	}
}

// CheckCallers ends the streams of callers who are no longer who they were. It is called when something has been revoked.
func (h *Handler) CheckCallers() {
	hub := h.options.hub
	if hub == nil {
		return
	}
	hub.mu.Lock()
	var all []*stream
	for s := range hub.streams {
		if s.request != nil {
			all = append(all, s)
		}
	}
	hub.mu.Unlock()
	for _, s := range all {
		hub.verify(s)
	}
}

// The messages that wait for a client to read them.
const (
	mostMessages = 64
	mostBytes    = 1 << 20
)

var errSlow = fault.New(fault.RateLimited, "", "the client reads its answers too slowly", "read faster, or subscribe to less")

// backlog has the messages that a client has not been sent. It keeps one message of any size, and others within the limits.
type backlog struct {
	mu       sync.Mutex
	messages [][]byte
	bytes    int
	reason   error // why the stream ends after the messages
	ended    bool
	sending  bool // somebody takes
	wake     func()
	tooSlow  func() // is called once, when the client is dropped
}

// add adds a message. A client for which too many wait is dropped, with all of them.
func (b *backlog) add(message []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.bytes += len(message)
	if len(b.messages) > 0 && (len(b.messages) >= mostMessages || b.bytes > mostBytes) {
		b.messages, b.ended, b.reason = nil, true, errSlow
		b.tooSlow()
	} else {
		b.messages = append(b.messages, message)
	}
	b.send()
}

// finish ends the stream after the messages that wait. A nil reason is none.
func (b *backlog) finish(reason error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.ended, b.reason = true, reason
		b.send()
	}
}

func (b *backlog) send() {
	if !b.sending {
		b.sending = true
		b.wake()
	}
}

// take returns the messages that wait. Without any, it reports that nobody takes any longer, until wake is called.
func (b *backlog) take() (messages [][]byte, ended bool, reason error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	messages = b.messages
	b.messages, b.bytes = nil, 0
	if len(messages) == 0 {
		b.sending = b.ended
	}
	return messages, b.ended, b.reason
}
