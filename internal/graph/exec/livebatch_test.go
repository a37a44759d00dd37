package exec_test

import (
	"fmt"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
)

// Runs with one plan are answered together, each as it would be alone: for its caller, with its arguments.
func TestRunsWithOnePlanAreAnsweredTogether(t *testing.T) {
	l := newLiveServer(t, nil)
	testkit.Exec(t, l.db, "INSERT INTO rooms (id, name) SELECT ('0190b4a8-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'room ' || n FROM generate_series(1, 40) n")
	testkit.Exec(t, l.db, "INSERT INTO messages (id, room_id, text, author) SELECT gen_random_uuid(), r.id, 'hi', 'user' || n FROM rooms r, generate_series(1, 40) n WHERE r.name = 'room ' || n OR n % 7 = 0")
	const query = `subscription ($id: ID!, $first: Int, $names: [String!]) {
		room(id: $id) { name messages(first: $first, where: {text: {in: $names}}) { totalCount nodes { author } } }
	}`
	wants := func(n int, text string) string {
		author := fmt.Sprintf(`{"author":"user%d"}`, n)
		if n%3 == 0 { // first: 0
			author = ""
		}
		count := 1
		if text == "gone" {
			count, author = 0, ""
		}
		return fmt.Sprintf(`{"room":{"name":"room %d","messages":{"totalCount":%d,"nodes":[%s]}}}`, n, count, author)
	}
	var clients []socketClient
	for n := 1; n <= 40; n++ {
		c := l.open(t, fmt.Sprint("user", n))
		first := 5
		if n%3 == 0 {
			first = 0
		}
		c.subscribeWith("1", query, map[string]any{"id": fmt.Sprintf("0190b4a8-0000-7000-8000-%012d", n), "first": first, "names": []string{"hi", `it's "{a,b}`}})
		c.wants("1", wants(n, "hi"))
		clients = append(clients, c)
	}
	before := l.runs.Load()
	testkit.Exec(t, l.db, "UPDATE messages SET text = 'gone'")
	for i, c := range clients {
		c.wants("1", wants(i+1, "gone"))
	}
	if n := l.runs.Load() - before; n > 10 {
		t.Errorf("40 runs take %d statements", n)
	}
	testkit.Exec(t, l.db, `UPDATE messages SET text = 'it''s "{a,b}'`)
	for i, c := range clients {
		c.wants("1", wants(i+1, "hi"))
	}
}
