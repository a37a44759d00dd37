package exec_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/changes"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

const chat = `
	type Room @table @live @auth(rules: [{ allow: PUBLIC }]) { name: String! @unique messages: [Message!]! }
	type Message @table @live @auth(rules: [{ allow: OWNER, field: "author" }, { allow: ROLE, roles: ["admin"] }]) {
		room: Room! text: String! author: String! @default(expr: "auth.uid")
	}
	type Note @table @auth(rules: [{ allow: PUBLIC }]) { text: String! }`

// liveServer serves the chat. The header As names the caller.
type liveServer struct {
	*httptest.Server
	db      *pgxpool.Pool
	handler *exec.Handler
	refused atomic.Bool   // callers are no longer known
	runs    *atomic.Int64 // statements
}

type countingDB struct {
	exec.DB
	reads *atomic.Int64
}

func (c countingDB) Read(ctx context.Context) exec.Conn {
	c.reads.Add(1)
	return c.DB.Read(ctx)
}

func newLiveServer(t *testing.T, change func(*exec.Live)) *liveServer {
	t.Helper()
	return startLive(t, chatDatabase(t), exec.Options{API: apiOf(t, chat)}, change)
}

func chatDatabase(t *testing.T) *pgxpool.Pool {
	t.Helper()
	s := parsed(t, chat)
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, ddl.CreateUUIDFunction)
	for _, sql := range statements {
		testkit.Exec(t, db, sql)
	}
	return db
}

// startLive notes the changes of the chat's tables, and serves them.
func startLive(t *testing.T, db *pgxpool.Pool, o exec.Options, change func(*exec.Live)) *liveServer {
	t.Helper()
	for _, table := range changes.Tables(parsed(t, chat)) {
		for _, sql := range table.Create() {
			testkit.Exec(t, db, sql)
		}
	}
	follower := changes.NewFollower(changes.Options{Pool: db, Logger: testkit.Logger(t)})
	live := &liveServer{db: db, runs: &atomic.Int64{}}
	o.DB, o.Logger = countingDB{exec.Single(db), live.runs}, testkit.Logger(t)
	o.Live = &exec.Live{Changes: follower, Authenticate: live.authenticate, Check: time.Hour}
	if change != nil {
		change(o.Live)
	}
	live.handler = handlerOf(t, o)
	live.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := live.authenticate(r)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		live.handler.ServeHTTP(w, r.WithContext(caller.With(r.Context(), who)))
	}))
	t.Cleanup(func() {
		live.CloseClientConnections()
		live.Close()
		follower.Close()
	})
	return live
}

func (l *liveServer) authenticate(r *http.Request) (caller.Caller, error) {
	text := r.Header.Get("As")
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		text = token
	}
	switch {
	case text == "":
		return caller.Caller{}, nil
	case l.refused.Load():
		return caller.Caller{}, fault.New(fault.Unauthenticated, "", "the access token has expired")
	case text == "service":
		return service, nil
	}
	return caller.Parse(text, ";"), nil
}

// message is one of graphql-transport-ws.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// socketClient is a client of graphql-transport-ws.
type socketClient struct {
	*websocket.Conn
	t *testing.T
}

// connect opens a WebSocket without the first message.
func (l *liveServer) connect(t *testing.T, header http.Header) (socketClient, error) {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), l.URL, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if response != nil && response.Body != nil {
		response.Body.Close()
	}
	if err == nil {
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return socketClient{conn, t}, err
}

// open opens a WebSocket as somebody.
func (l *liveServer) open(t *testing.T, as string) socketClient {
	t.Helper()
	c, err := l.connect(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(map[string]string{"token": as})
	c.send(message{Type: "connection_init", Payload: payload})
	if m := c.read(); m.Type != "connection_ack" {
		t.Fatalf("%+v", m)
	}
	return c
}

func (c socketClient) send(m message) {
	c.t.Helper()
	if err := wsjson.Write(c.t.Context(), c.Conn, m); err != nil {
		c.t.Fatal(err)
	}
}

func (c socketClient) read() (m message) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	if err := wsjson.Read(ctx, c.Conn, &m); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// closed returns the code and reason with which the server closes the connection.
func (c socketClient) closed() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for {
		_, _, err := c.Read(ctx)
		var closing websocket.CloseError
		switch {
		case errors.As(err, &closing):
			return fmt.Sprintf("%d %s", closing.Code, closing.Reason)
		case err != nil:
			c.t.Fatal(err)
		}
	}
}

func (c socketClient) subscribeWith(id, query string, variables map[string]any) {
	c.t.Helper()
	payload, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	c.send(message{ID: id, Type: "subscribe", Payload: payload})
}

func (c socketClient) subscribe(id, query string, more ...string) {
	c.t.Helper()
	payload, _ := json.Marshal(map[string]any{"query": query, "extensions": map[string]any{"cursor": strings.Join(more, "")}})
	c.send(message{ID: id, Type: "subscribe", Payload: payload})
}

// next returns the data of the next answer, and its cursor.
func (c socketClient) next(id string) (data, cursor string) {
	c.t.Helper()
	m := c.read()
	var p struct {
		Data       json.RawMessage
		Extensions struct{ Cursor string }
	}
	if err := json.Unmarshal(m.Payload, &p); err != nil || m.ID != id || m.Type != "next" {
		c.t.Fatalf("%s: %s %s %s", id, m.ID, m.Type, m.Payload)
	}
	return string(p.Data), p.Extensions.Cursor
}

func (c socketClient) wants(id, want string) (cursor string) {
	c.t.Helper()
	data, cursor := c.next(id)
	if data != want {
		c.t.Fatalf("%s\n got %s\nwant %s", id, data, want)
	}
	return cursor
}

const rooms = "subscription { rooms(orderBy: [{name: ASC}]) { nodes { name messages { totalCount } } } }"

// Writes of anybody reach subscribers, each sees what the rules show, and nothing is sent twice.
func TestSubscriptionsOverWebSocket(t *testing.T) {
	l := newLiveServer(t, nil)
	ada, bob := l.open(t, "ada"), l.open(t, "bob")
	ada.subscribe("1", rooms)
	bob.subscribe("1", rooms)
	none := `{"rooms":{"nodes":[]}}`
	ada.wants("1", none)
	bob.wants("1", none)
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) VALUES ('0190b4a8-0000-7000-8000-000000000001', 'a')") // psql
	one := func(n int) string {
		return fmt.Sprintf(`{"rooms":{"nodes":[{"name":"a","messages":{"totalCount":%d}}]}}`, n)
	}
	ada.wants("1", one(0))
	bob.wants("1", one(0))
	ada.subscribe("w", `mutation { createMessage(data: {roomId: "0190b4a8-0000-7000-8000-000000000001", text: "hi"}) { text } }`)
	seen := map[string]bool{}
	for range 3 {
		m := ada.read()
		seen[m.ID+" "+m.Type] = true
	}
	if !seen["w next"] || !seen["w complete"] || !seen["1 next"] {
		t.Errorf("%v", seen)
	}
	// bob cannot read the message: his answer did not change, and none is sent until the room's name does.
	testkit.Exec(t, l.db, "UPDATE rooms SET name = 'b'")
	bob.wants("1", `{"rooms":{"nodes":[{"name":"b","messages":{"totalCount":0}}]}}`)
	cursor := ada.wants("1", `{"rooms":{"nodes":[{"name":"b","messages":{"totalCount":1}}]}}`)

	again := l.open(t, "ada")
	again.subscribe("r", rooms, cursor) // knows the last answer
	testkit.Exec(t, l.db, "UPDATE rooms SET name = 'c'")
	again.wants("r", `{"rooms":{"nodes":[{"name":"c","messages":{"totalCount":1}}]}}`)

	ada.wants("1", `{"rooms":{"nodes":[{"name":"c","messages":{"totalCount":1}}]}}`)
	ada.send(message{ID: "1", Type: "complete"})
	ada.send(message{Type: "ping"})
	if m := ada.read(); m.Type != "pong" {
		t.Errorf("%+v", m)
	}
}

// Subscribers with the same plan, arguments and inputs share a run; inputs that no rule uses do not count.
func TestSubscribersShareRuns(t *testing.T) {
	l := newLiveServer(t, nil)
	const query = "subscription { rooms { nodes { name } } }"
	var clients []socketClient
	for i := range 20 {
		c := l.open(t, fmt.Sprint("user", i))
		c.subscribe("1", query)
		c.wants("1", `{"rooms":{"nodes":[]}}`)
		clients = append(clients, c)
	}
	before := l.runs.Load()
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) VALUES (gen_random_uuid(), 'a')")
	for _, c := range clients {
		c.wants("1", `{"rooms":{"nodes":[{"name":"a"}]}}`)
	}
	if n := l.runs.Load() - before; n > 3 { // the first poll and a poll between may each have run it once
		t.Errorf("20 subscribers take %d statements", n)
	}
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	l := newLiveServer(t, func(l *exec.Live) { l.MaxSubscriptions, l.MaxStreams = 2, 3 })
	c := l.open(t, "ada")
	for query, want := range map[string]string{
		"subscription { notes { totalCount } }": `Cannot query field \"notes\"`,
		"subscription {":                        "Expected Name",
		"subscription { room(id: 1) { name } }": "INVALID",
	} {
		c.subscribe("x", query)
		if m := c.read(); m.Type != "error" || m.ID != "x" || !strings.Contains(string(m.Payload), want) {
			t.Errorf("%s: %s %s", query, m.Type, m.Payload)
		}
	}
	c.subscribe("1", rooms)
	c.next("1")
	c.subscribe("2", "subscription { rooms { totalCount } }")
	c.next("2")
	c.subscribe("3", rooms)
	if m := c.read(); m.Type != "error" || !strings.Contains(string(m.Payload), "RATE_LIMITED") {
		t.Errorf("%s %s", m.Type, m.Payload)
	}
	c.subscribe("2", rooms)
	if got := c.closed(); got != "4409 Subscriber for 2 already exists" {
		t.Error(got)
	}
	for range 3 {
		l.open(t, "bob")
	}
	more, err := l.connect(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	more.send(message{Type: "connection_init", Payload: json.RawMessage(`{"Authorization": "Bearer bob"}`)})
	if got := more.closed(); !strings.HasPrefix(got, "4403 you have 3 open streams") {
		t.Error(got)
	}
}

func TestCloseCodes(t *testing.T) {
	l := newLiveServer(t, nil)
	for messages, want := range map[string]string{
		`{"id":"1","type":"subscribe","payload":{"query":"{__typename}"}}`: "4401 Unauthorized",
		`nonsense`: "4400 a message must be a JSON object with a type",
		`{"type":"connection_init"}|{"type":"connection_init"}`:    "4429 Too many initialisation requests",
		`{"type":"connection_init"}|{"type":"other"}`:              "4400 unknown type of message",
		`{"type":"connection_init"}|{"id":"1","type":"subscribe"}`: "4400 subscribe takes an id, and a payload with a query",
	} {
		c, err := l.connect(t, nil)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.SplitSeq(messages, "|") {
			if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.closed(); got != want {
			t.Errorf("%s closes with %s", messages, got)
		}
	}
}

// A page of another origin cannot use the browser's cookies.
func TestOriginsOfWebSockets(t *testing.T) {
	l := newLiveServer(t, func(l *exec.Live) {
		l.Origin = func(origin string) (bool, bool) { return strings.HasSuffix(origin, "friend.example"), false }
	})
	for origin, allowed := range map[string]bool{"https://evil.example": false, l.URL: true, "https://friend.example": true, "": true, "null": false} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		if _, err := l.connect(t, header); (err == nil) != allowed {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
}

// A caller who is no longer who they were loses their streams, and others keep theirs.
func TestCallersWhoChange(t *testing.T) {
	l := newLiveServer(t, nil)
	ada, nobody := l.open(t, "ada"), l.open(t, "")
	ada.subscribe("1", rooms)
	ada.next("1")
	nobody.subscribe("1", rooms)
	nobody.next("1")
	l.handler.CheckCallers() // nothing has changed
	l.refused.Store(true)
	l.handler.CheckCallers()
	if got := ada.closed(); got != "4403 the access token has expired" {
		t.Error(got)
	}
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) VALUES (gen_random_uuid(), 'a')")
	nobody.wants("1", `{"rooms":{"nodes":[{"name":"a","messages":{"totalCount":0}}]}}`)
}

// Another schema ends subscriptions, whose plans are those of the old one.
func TestSubscriptionsEndWithTheSchema(t *testing.T) {
	l := newLiveServer(t, nil)
	c := l.open(t, "ada")
	c.subscribe("1", rooms)
	c.next("1")
	l.handler.Swap(apiOf(t, chat))
	if m := c.read(); m.Type != "error" || !strings.Contains(string(m.Payload), "schema of the API has changed") {
		t.Errorf("%s %s", m.Type, m.Payload)
	}
	c.subscribe("1", rooms)
	c.next("1")
}

// events opens a stream of server-sent events.
func (l *liveServer) events(t *testing.T, as, query, lastID string) *bufio.Reader {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"query": query})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.URL, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"text/event-stream"}, "As": {as}, "Last-Event-Id": {lastID}}
	response, err := l.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("%d %s", response.StatusCode, got)
	}
	return bufio.NewReader(response.Body)
}

// event reads one event.
func event(t *testing.T, r *bufio.Reader) (name, id, data string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			return name, id, data
		}
	}
}

func TestSubscriptionsOverEvents(t *testing.T) {
	l := newLiveServer(t, nil)
	r := l.events(t, "ada", "subscription { rooms { nodes { name } } }", "")
	if name, id, data := event(t, r); name != "next" || id == "" || !strings.HasPrefix(data, `{"data":{"rooms":{"nodes":[]}}`) {
		t.Errorf("%s %s %s", name, id, data)
	}
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) VALUES (gen_random_uuid(), 'a')")
	_, id, data := event(t, r)
	if !strings.HasPrefix(data, `{"data":{"rooms":{"nodes":[{"name":"a"}]}}`) {
		t.Error(data)
	}
	resumed := l.events(t, "ada", "subscription { rooms { nodes { name } } }", id)
	testkit.Exec(t, l.db, "UPDATE rooms SET name = 'b'")
	if _, _, data := event(t, resumed); !strings.HasPrefix(data, `{"data":{"rooms":{"nodes":[{"name":"b"}]}}`) {
		t.Errorf("a client that resumes is sent %s", data)
	}
	event(t, r)
	l.refused.Store(true)
	l.handler.CheckCallers()
	if name, _, data := event(t, r); name != "next" || !strings.Contains(data, "the access token has expired") {
		t.Errorf("%s %s", name, data)
	}
	if name, _, _ := event(t, r); name != "complete" {
		t.Error(name)
	}
	for query, want := range map[string]string{"{ rooms { totalCount } }": `{"data":{"rooms":{"totalCount":1}}}`, "{ nothing }": `Cannot query field`} {
		one := l.events(t, "", query, "")
		if name, _, data := event(t, one); name != "next" || !strings.Contains(data, want) {
			t.Errorf("%s: %s %s", query, name, data)
		}
		if name, _, _ := event(t, one); name != "complete" {
			t.Error(name)
		}
	}
}

// One answer cannot be a subscription.
func TestSubscriptionsTakeAStream(t *testing.T) {
	l := newLiveServer(t, nil)
	w := client{handler: l.handler}.send(t, "subscription { rooms { totalCount } }", nil)
	if !strings.Contains(w.Body.String(), "takes a stream") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
