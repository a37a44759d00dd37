package exec

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// wsProtocol is the subprotocol of WebSockets: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
const wsProtocol = "graphql-transport-ws"

// The codes with which the subprotocol closes a connection.
const (
	closeBadRequest     websocket.StatusCode = 4400
	closeUnauthorized   websocket.StatusCode = 4401
	closeForbidden      websocket.StatusCode = 4403 // clients connect again, with new credentials
	closeNotAcceptable  websocket.StatusCode = 4406
	closeInitTimeout    websocket.StatusCode = 4408
	closeSubscriberHere websocket.StatusCode = 4409
	closeTooManyInits   websocket.StatusCode = 4429
)

// initTimeout is how long a client may take for its first message.
const initTimeout = 10 * time.Second

func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// serveSocket serves a WebSocket until either side closes it.
func (h *Handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	r, err := h.options.hub.fromPage(r)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wsProtocol}, InsecureSkipVerify: true}) // fromPage has verified the origin
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(h.options.hub.MaxMessage)
	s := newSocket(h, conn, r)
	stop := context.AfterFunc(r.Context(), func() { s.close(websocket.StatusGoingAway, "the server is shutting down") })
	defer stop()
	if conn.Subprotocol() != wsProtocol {
		s.close(closeNotAcceptable, "Subprotocol not acceptable")
	}
	s.run()
}

// fromPage refuses pages of other origins, which can open WebSockets with the cookies of the browser. If the cookies of pages of another origin do
// not count, the request is returned without them.
func (h *hub) fromPage(r *http.Request) (*http.Request, error) {
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	if origin == "" || (err == nil && strings.EqualFold(u.Host, r.Host)) {
		return r, nil
	}
	allowed, credentials := false, false
	if h.Origin != nil {
		allowed, credentials = h.Origin(origin)
	}
	if !allowed {
		return r, fault.New(fault.Forbidden, "open a WebSocket", "a page of another origin sent the request", "add the origin to server.cors.origins if it is one of your own pages")
	}
	if credentials || r.Header.Get("Cookie") == "" {
		return r, nil
	}
	r = r.Clone(r.Context())
	r.Header.Del("Cookie")
	who := caller.Caller{}
	if h.Authenticate != nil {
		if who, err = h.Authenticate(r); err != nil {
			return r, err
		}
	}
	return r.WithContext(caller.With(r.Context(), who)), nil
}

// socket is a WebSocket with its operations.
type socket struct {
	backlog
	handler *Handler
	hub     *hub
	conn    *websocket.Conn
	request *http.Request
	ctx     context.Context // of operations; ends with the socket, and has the caller once the client is acknowledged
	cancel  context.CancelFunc
	closing sync.Once

	stream *stream // nil until the client is acknowledged

	guard      sync.Mutex
	operations map[string]*socketOperation
}

// socketOperation is an operation under way.
type socketOperation struct {
	sub    *subscription      // nil for a query or mutation
	cancel context.CancelFunc // of a query or mutation
}

func newSocket(h *Handler, conn *websocket.Conn, r *http.Request) *socket {
	s := &socket{handler: h, hub: h.options.hub, conn: conn, request: r, operations: map[string]*socketOperation{}}
	s.ctx, s.cancel = context.WithCancel(r.Context())
	s.wake = func() { go s.flush() }
	s.tooSlow = func() {
		s.hub.dropped.Add(1)
		s.closeFor(errSlow) // a write may hang
	}
	return s
}

// run reads messages until the connection ends.
func (s *socket) run() {
	defer s.finishAll()
	late := time.AfterFunc(initTimeout, func() { s.close(closeInitTimeout, "Connection initialisation timeout") })
	defer late.Stop()
	open := s.conn.Subprotocol() == wsProtocol
	for {
		kind, data, err := s.conn.Read(context.Background()) // a context that ends would close the connection without a reason
		if err != nil {
			return
		}
		if open { // afterwards, until the client has answered that it is closed, messages do not count
			open = s.message(kind, data, late)
		}
	}
}

// message acts on a message. It reports false if the connection is to end.
func (s *socket) message(kind websocket.MessageType, data []byte, late *time.Timer) bool {
	var m wsMessage
	if err := json.Unmarshal(data, &m); kind != websocket.MessageText || err != nil {
		s.close(closeBadRequest, "a message must be a JSON object with a type")
		return false
	}
	early := m.Type == "connection_init" || m.Type == "ping" || m.Type == "pong"
	if s.stream == nil && !early {
		s.close(closeUnauthorized, "Unauthorized")
		return false
	}
	return s.handle(m, late)
}

// finishAll ends what is under way when the connection has ended.
func (s *socket) finishAll() {
	s.cancel()
	s.guard.Lock()
	for id := range s.operations {
		s.drop(id)
	}
	s.guard.Unlock()
	if s.stream != nil {
		s.hub.close(s.stream)
	}
	_ = s.conn.CloseNow()
}

// drop ends an operation. The guard is locked.
func (s *socket) drop(id string) {
	op := s.operations[id]
	delete(s.operations, id)
	switch {
	case op == nil:
	case op.sub != nil:
		s.hub.leave(op.sub)
	default:
		op.cancel()
	}
}

// How long a client may take to answer that the connection is closed, and one that reads slowly to read why.
const (
	closeGrace = 500 * time.Millisecond
	slowGrace  = 3 * time.Second
)

// maxReason is the length of a reason in bytes that a close frame can have (RFC 6455, section 5.5.1).
const maxReason = 123

// close closes the connection with a reason. It does not wait.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.closing.Do(func() {
		if len(reason) > maxReason {
			reason = strings.ToValidUTF8(reason[:maxReason], "")
		}
		grace := closeGrace
		if code == websocket.StatusTryAgainLater {
			grace = slowGrace
		}
		go func() { _ = s.conn.Close(code, reason) }() // it waits for the client
		time.AfterFunc(grace, func() { _ = s.conn.CloseNow() })
	})
}

// flush writes what waits, and the end.
func (s *socket) flush() {
	for {
		messages, ended, reason := s.take()
		for _, m := range messages {
			ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
			err := s.conn.Write(ctx, websocket.MessageText, m)
			cancel()
			if err != nil {
				_ = s.conn.CloseNow()
				return
			}
		}
		if len(messages) > 0 {
			continue
		}
		if ended {
			s.closeFor(reason)
		}
		return
	}
}

// closeFor closes the connection for a reason that the server has.
func (s *socket) closeFor(reason error) {
	code := closeForbidden
	if errors.Is(reason, errSlow) {
		code = websocket.StatusTryAgainLater
	}
	s.close(code, problem.From(reason).Detail)
}

// ping asks the client for a sign of life. One that gives none is gone.
func (s *socket) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil {
		_ = s.conn.CloseNow()
	}
}
