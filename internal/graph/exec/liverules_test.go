package exec_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A client that does not read is dropped with a reason, and others are not held up.
func TestSlowSubscribersAreDropped(t *testing.T) {
	l := newLiveServer(t, nil)
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) VALUES (gen_random_uuid(), '0')")
	slow, fast := l.open(t, "slow"), l.open(t, "fast")
	query := "subscription { rooms(first: 5) { nodes { name " + namesTimes(1000) + " } } }"
	slow.SetReadLimit(-1)
	fast.SetReadLimit(-1)
	slow.subscribe("1", query)
	fast.subscribe("1", query)
	fast.next("1")
	long := strings.Repeat("x", 1000)
	for i := range 100 { // of a megabyte each: more than the network keeps, and than the server does
		testkit.Exec(t, l.db, "UPDATE rooms SET name = $1", fmt.Sprint(i, long))
		if data, _ := fast.next("1"); !strings.Contains(data, fmt.Sprintf(`"name":"%dx`, i)) {
			t.Fatalf("another subscriber is sent %.100s", data)
		}
		if l.handler.Stats().Live.Dropped == 1 {
			return
		}
	}
	t.Errorf("%+v: a client that does not read keeps its stream", l.handler.Stats().Live)
}

func namesTimes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d: name ", i)
	}
	return b.String()
}

// Without a revocation, the clock finds out that a caller is no longer who they were.
func TestTimesOfSubscriptions(t *testing.T) {
	l := newLiveServer(t, func(l *exec.Live) { l.Check = 20 * time.Millisecond })
	c := l.open(t, "ada")
	c.subscribe("1", rooms)
	c.next("1")
	l.refused.Store(true) // found out by the clock
	if got := c.closed(); got != "4403 the access token has expired" {
		t.Error(got)
	}
	l.refused.Store(false)
	r := l.events(t, "ada", rooms, "")
	event(t, r)
	l.refused.Store(true)
	if _, _, data := event(t, r); !strings.Contains(data, "the access token has expired") {
		t.Error(data)
	}
	if _, err := l.connect(t, http.Header{"As": {"ada"}}); err == nil {
		t.Error("a caller who is refused opens a stream")
	}
}

// Under row-level security, each subscriber sees what the policies show.
func TestSubscriptionsUnderPolicies(t *testing.T) {
	e := enforce(t, chat)
	l := startLive(t, e.db, exec.Options{API: mustPolice(t, e.secured), Enforce: &exec.Enforcement{Security: rls.Options{Enforce: true}}}, nil)
	const query = "subscription { messages { nodes { text } } }"
	ada, bob, admin := l.open(t, "ada"), l.open(t, "bob"), l.open(t, "root;admin")
	for _, c := range []socketClient{ada, bob, admin} {
		c.subscribe("1", query)
		c.wants("1", `{"messages":{"nodes":[]}}`)
	}
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) VALUES ('0190b4a8-0000-7000-8000-000000000001', 'a')")
	testkit.Exec(t, l.db, "INSERT INTO messages (id, room_id, text, author) SELECT gen_random_uuid(), id, 'of ada', 'ada' FROM rooms")
	ada.wants("1", `{"messages":{"nodes":[{"text":"of ada"}]}}`)
	admin.wants("1", `{"messages":{"nodes":[{"text":"of ada"}]}}`)
	testkit.Exec(t, l.db, "UPDATE messages SET author = 'bob', text = 'of bob'")
	ada.wants("1", `{"messages":{"nodes":[]}}`)
	bob.wants("1", `{"messages":{"nodes":[{"text":"of bob"}]}}`)
}
