package graph_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
)

const liveSchema = `
	type Room @table @live @auth(rules: [{ allow: PUBLIC }]) { name: String! owner: User messages: [Message!]! }
	type Message @table @live @auth(rules: [{ allow: PUBLIC, where: "this.room.name != 'secret'" }]) { room: Room! text: String! }
	type User @table @auth(rules: [{ allow: PUBLIC }]) { name: String! rooms: [Room!]! }
	type Hidden @table { name: String! notes: [Note!]! }
	type Note @table @live @auth(rules: [{ allow: PUBLIC, where: "this.hidden.name == 'x'" }]) { hidden: Hidden! }`

// What is hidden from queries is hidden from subscriptions.
func TestNoSubscriptionsOfHiddenReads(t *testing.T) {
	const log = ` type Log @table @live @api(hide: [READ]) @auth(rules: [{ allow: PUBLIC }]) { text: String! }`
	api, err := derive(t, liveSchema+log, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fields := api.Schema().Subscription.Fields
	if fields.ForName("room") == nil || fields.ForName("log") != nil || fields.ForName("logs") != nil {
		t.Errorf("%v", fields)
	}
	if api, err = derive(t, log, graph.Options{}); err != nil || api.Live() {
		t.Errorf("live: %v", err)
	}
}

// A subscription reads live types only, also through relations, filters, orders and rules.
func TestSubscriptions(t *testing.T) {
	api, err := derive(t, liveSchema, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ query, failure string }{
		{"subscription { rooms { nodes { name messages { nodes { text } } } } }", ""},
		{"subscription($id: ID!) { room(id: $id) { name } }", ""},
		{`subscription { rooms(where: {messages: {some: {text: {eq: "a"}}}}) { totalCount } }`, ""},
		{"subscription { rooms { nodes { owner { name } } } }", "read User, whose changes are not noted"},
		{`subscription { rooms(where: {owner: {name: {eq: "a"}}}) { totalCount } }`, "read User, whose changes are not noted"},
		{"subscription { notes { totalCount } }", "read a type whose changes are not noted"},
	} {
		doc, op := operation(t, api, c.query)
		_, err := api.Plan(doc, op, graph.Request{Variables: map[string]any{"id": "8f1c2b7e-4a55-4e0b-9d3e-5b0a6f1c0001"}, Caller: caller.Caller{UID: "ada"}})
		if c.failure == "" && err != nil || c.failure != "" && (err == nil || !strings.Contains(err.Error(), c.failure)) {
			t.Errorf("%s: %v", c.query, err)
		}
		if err != nil && strings.Contains(err.Error(), "Hidden") {
			t.Errorf("%s names a type that is not in the API: %v", c.query, err)
		}
	}
	if strings.Contains(api.SDL(), "  users: UserConnection") || strings.Count(api.SDL(), "  rooms(where") != 3 {
		t.Errorf("Subscription has other fields than those of live types:\n%s", api.SDL())
	}
}

// Without @live nothing changes.
func TestNoSubscriptions(t *testing.T) {
	if strings.Contains(platform(t).SDL(), "type Subscription") {
		t.Error("an API without live types has subscriptions")
	}
}
