package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

const nestedSchema = `
	type Team @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }, { allow: AUTHENTICATED, operations: [CREATE], where: "this.name != 'closed'" }]) { id: ID! @col(dataType: "text") name: String! @unique docs: [Doc!]! }
	type Doc @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }]) {
	  id: ID! @col(dataType: "text") title: String! @unique owner: String! @default(expr: "auth.uid") team: Team parts: [Part!]! labels: [Label!]!
	}
	type Part @table @auth(rules: [{ allow: PUBLIC, where: "this.doc.owner == auth.uid" }]) {
	  name: String! @length(max: 5) doc: Doc! notes: [Note!]! touched: Int! @default(value: 0) @onUpdate(expr: "this.touched + 1")
	}
	type Note @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }]) { id: ID! @col(dataType: "text") owner: String! @default(expr: "auth.uid") part: Part text: String @unique }
	type Label @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") docs: [Doc!]! }
	type Seat @table(key: ["hall", "number"]) @auth(rules: [{ allow: PUBLIC }]) { hall: String! number: Int! tickets: [Ticket!]! }
	type Ticket @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") seat: Seat }
	type Box @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ, UPDATE] }, { allow: PUBLIC, where: "this.balls.exists(b, b.red)", operations: [CREATE] }]) { id: ID! @col(dataType: "text") balls: [Ball!]! }
	type Ball @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") red: Boolean! box: Box chest: Chest }
	type Chest @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }, { allow: PUBLIC, where: "!this.balls.exists(b, b.red)", operations: [CREATE, UPDATE] }]) { id: ID! @col(dataType: "text") balls: [Ball!]! }`

const nestedRows = `INSERT INTO teams (id, name) VALUES ('t1', 'Red');
	INSERT INTO docs (id, title, owner, team_id) VALUES ('d1', 'One', 'ada', 't1'), ('d2', 'Two', 'bob', NULL);
	INSERT INTO parts (id, name, doc_id) VALUES ('00000000-0000-7000-8000-000000000001', 'p1', 'd1'), ('00000000-0000-7000-8000-000000000002', 'p2', 'd2');
	INSERT INTO notes (id, owner, part_id, text) VALUES ('n1', 'ada', '00000000-0000-7000-8000-000000000001', 'x'), ('n2', 'ada', NULL, NULL), ('n3', 'bob', NULL, NULL);
	INSERT INTO labels (id) VALUES ('l1'); INSERT INTO seats (hall, number) VALUES ('A', 1)`

func TestNestedWrites(t *testing.T) { // not in parallel: roles belong to the whole server
	clients := map[string]client{"rules": serve(t, nestedSchema, "", nestedRows), "policies": enforce(t, nestedSchema, nestedRows).kept(t)}
	ada := caller.Caller{UID: "ada"}
	const p1 = `"00000000-0000-7000-8000-000000000001"`
	const state = `SELECT concat_ws('|', (SELECT string_agg(id || name, ',' ORDER BY id) FROM teams), (SELECT string_agg(id || coalesce(team_id, '-'), ',' ORDER BY id) FROM docs),
		(SELECT string_agg(name || doc_id || touched, ',' ORDER BY name) FROM parts), (SELECT string_agg(n.id || coalesce(p.name, '-'), ',' ORDER BY n.id) FROM notes n LEFT JOIN parts p ON p.id = n.part_id))`
	const before = "t1Red|d1t1,d2-|p1d10,p2d20|n1p1,n2-,n3-"
	for _, tt := range []struct {
		query string
		want  string // data, or an error's code and message
		rows  string // afterwards
	}{
		{`createDoc(data: {id: "d3", title: "T", team: {create: {id: "t2", name: "New"}}}) {id team {name docs {totalCount}}}`, `{"createDoc":{"id":"d3","team":{"name":"New","docs":{"totalCount":1}}}}`, "t1Red,t2New|d1t1,d2-,d3t2|p1d10,p2d20|n1p1,n2-,n3-"},
		{`createDoc(data: {id: "d3", title: "T", team: {connect: {id: "t1"}}}) {team {name}}`, `{"createDoc":{"team":{"name":"Red"}}}`, "t1Red|d1t1,d2-,d3t1|p1d10,p2d20|n1p1,n2-,n3-"},
		{`createDoc(data: {id: "d3", title: "T", parts: {create: [{name: "a", notes: {create: [{id: "m1"}, {id: "m2", text: "t"}], connect: {id: "n2"}}}, {name: "b"}]}}) {parts {totalCount}}`, `{"createDoc":{"parts":{"totalCount":2}}}`,
			"t1Red|d1t1,d2-,d3-|ad30,bd30,p1d10,p2d20|m1a,m2a,n1p1,n2a,n3-"},
		{`updateDoc(id: "d1", data: {title: "U", parts: {create: [{name: "a"}]}, team: {create: {id: "t2", name: "New"}}}) {title team {name} parts {totalCount}}`, `{"updateDoc":{"title":"U","team":{"name":"New"},"parts":{"totalCount":2}}}`,
			"t1Red,t2New|d1t2,d2-|ad10,p1d10,p2d20|n1p1,n2-,n3-"},
		{`updatePart(id: ` + p1 + `, data: {notes: {disconnect: [{id: "n1"}, {id: "n2"}], create: {id: "m"}}}) {notes {nodes {id}}}`, `{"updatePart":{"notes":{"nodes":[{"id":"m"}]}}}`, "t1Red|d1t1,d2-|p1d11,p2d20|mp1,n1-,n2-,n3-"},
		{`createNote(data: {id: "m", part: {create: {name: "a", doc: {create: {id: "d3", title: "T", team: {create: {id: "t2", name: "New"}}, parts: {create: {name: "b"}}}}}}}) {part {name doc {title team {name} parts {totalCount}}}}`,
			`{"createNote":{"part":{"name":"a","doc":{"title":"T","team":{"name":"New"},"parts":{"totalCount":2}}}}}`, "t1Red,t2New|d1t1,d2-,d3t2|ad30,bd30,p1d10,p2d20|ma,n1p1,n2-,n3-"},
		{`createSeat(data: {hall: "B", number: 2, tickets: {create: [{id: "k1"}, {id: "k2"}]}}) {hall tickets {totalCount}}`, `{"createSeat":{"hall":"B","tickets":{"totalCount":2}}}`, before},
		{`createTicket(data: {id: "k", seat: {create: {hall: "C", number: 3}}}) {seat {hall number}}`, `{"createTicket":{"seat":{"hall":"C","number":3}}}`, before},
		{`createTicket(data: {id: "k", seat: {connect: {hall: "A", number: 1}}}) {seat {hall number}}`, `{"createTicket":{"seat":{"hall":"A","number":1}}}`, before},
		{`createDocs(data: [{id: "d3", title: "T", team: {connect: {id: "t1"}}}]) {nodes {team {name}}}`, `{"createDocs":{"nodes":[{"team":{"name":"Red"}}]}}`, "t1Red|d1t1,d2-,d3t1|p1d10,p2d20|n1p1,n2-,n3-"},

		{`createBox(data: {id: "b", balls: {create: [{id: "x", red: false}, {id: "y", red: true}]}}) {id}`, `FORBIDDEN you are not allowed to write this Box`, before},
		{`createChest(data: {id: "c", balls: {create: [{id: "x", red: true}]}}) {id}`, `FORBIDDEN you are not allowed to write this Chest`, before},
		{`createChest(data: {id: "c", balls: {create: [{id: "x", red: false}]}}) {balls {totalCount}}`, `{"createChest":{"balls":{"totalCount":1}}}`, before},
		{`createBox(data: {id: "b", balls: {create: [{id: "x", red: false}]}}) {id}`, `FORBIDDEN you are not allowed to write this Box`, before},
		{`createDoc(data: {id: "d3", title: "T", owner: "bob", parts: {create: [{name: "a"}]}}) {id}`, `FORBIDDEN you are not allowed to write this Doc`, before},
		{`updateDoc(id: "d2", data: {parts: {create: [{name: "a"}]}}) {id}`, `NOT_FOUND no Doc with this key exists that you are allowed to change`, before},
		{`createDoc(data: {id: "d3", title: "T", team: {create: {id: "t2", name: "closed"}}}) {id}`, `FORBIDDEN data.team.create: you are not allowed to write this Team`, before},
		{`createDoc(data: {id: "d3", title: "T", team: {create: {id: "t2", name: "Red"}}}) {id}`, `CONFLICT data.team.create: name: another Team has the same value`, before},
		{`createDoc(data: {id: "d3", title: "Two", team: {create: {id: "t2", name: "New"}}}) {id}`, `CONFLICT title: another Doc has the same value`, before},
		{`createDoc(data: {id: "d3", title: "Two", owner: "bob", team: {create: {id: "t2", name: "New"}}}) {id}`, `FORBIDDEN you are not allowed to write this Doc`, before},
		{`createDoc(data: {id: "d3", title: "T", parts: {create: [{name: "a"}, {name: "toolong"}]}}) {id}`, `INVALID data.parts.create[1]: name must have at most 5 characters`, before},
		{`createDoc(data: {id: "d3", title: "T", parts: {create: [{name: "a", notes: {create: [{id: "m", text: "x"}]}}]}}) {id}`, `CONFLICT data.parts.create[0].notes.create[0]: text: another Note has the same value`, before},
		{`createDoc(data: {id: "d3", title: "T", parts: {create: [{name: "a", notes: {create: [{id: "m", text: "x", owner: "bob"}]}}]}}) {id}`, `FORBIDDEN data.parts.create[0].notes.create[0]: you are not allowed to write this Note`, before},
		{`updatePart(id: ` + p1 + `, data: {notes: {connect: [{id: "n2"}, {id: "n3"}]}}) {id}`, `NOT_FOUND data.notes.connect[1]: no Note with this key exists that you are allowed to change`, before},
		{`updatePart(id: ` + p1 + `, data: {notes: {disconnect: [{id: "n3"}]}}) {id}`, `NOT_FOUND data.notes.disconnect[0]: no Note with this key exists that you are allowed to change`, before},
		{`updateDoc(id: "d1", data: {parts: {connect: [{id: "00000000-0000-7000-8000-000000000002"}]}}) {id}`, `NOT_FOUND data.parts.connect[0]: no Part with this key`, before},
		{`createDoc(data: {id: "d3", title: "T", parts: {create: [{name: "a", docId: "d1"}]}}) {id}`, `INVALID data.parts.create[0]: docId is set by the list that has the row`, before},
		{`createDoc(data: {id: "d3", title: "T", teamId: "t1", team: {connect: {id: "t1"}}}) {id}`, `INVALID teamId and team are both set`, before},
		{`createDoc(data: {id: "d3", title: "T", team: {connect: {id: "t1"}, create: {id: "t2", name: "q"}}}) {id}`, `INVALID team takes either connect or create`, before},
		{`createDoc(data: {id: "d3", title: "T", team: null}) {id}`, `INVALID team cannot be null`, before},
		{`createPart(data: {name: "a"}) {id}`, `INVALID docId is missing`, before},
		{`createDocs(data: [{id: "d3", title: "T", team: {create: {id: "t2", name: "q"}}}]) {count}`, `INVALID data[0]: team cannot be written with this row`, before},
		{`createDocs(data: [{id: "d3", title: "T", parts: {create: {name: "q"}}}]) {count}`, `INVALID data[0]: parts cannot be written with this row`, before},
		{`updateDocs(all: true, data: {parts: {create: {name: "q"}}}) {count}`, `INVALID parts cannot be written with this row`, before},
		{`upsertDoc(data: {id: "d1", title: "T", parts: {create: {name: "q"}}}, onConflict: {target: id, update: []}) {id}`, `INVALID parts cannot be written with this row`, before},
		{`createDoc(data: {id: "d3", title: "T", parts: {create: {name: "q"}}}) {id} x: deleteDoc(id: "d2") {id}`, `NOT_FOUND`, before},
	} {
		for kind, c := range clients {
			testkit.Exec(t, c.db, "TRUNCATE teams, docs, parts, notes, labels, seats, tickets, boxes, balls, chests CASCADE; "+nestedRows)
			got := outcome(t, c.as(ada), "mutation {"+tt.query+"}", nil)
			if got != tt.want && (strings.HasPrefix(tt.want, "{") || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("%s, %s: %s\nwant %s", tt.query, kind, got, tt.want)
			}
			if rows := testkit.Value(t, c.db, state); rows != tt.rows {
				t.Errorf("%s, %s leaves %s\nwant %s", tt.query, kind, rows, tt.rows)
			}
		}
	}
}
