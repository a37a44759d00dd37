package exec_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

const upsertSchema = `
	type Room @table(key: ["hall", "number"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }, { allow: OWNER, field: "owner" }, { allow: ROLE, roles: ["guest"], operations: [CREATE] }])
	@unique(fields: ["owner", "label"]) {
	  hall: String! number: Int! owner: String! label: String size: Int @range(max: 10)
	  secret: String @unique @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: ROLE, roles: ["admin"], operations: [CREATE, UPDATE] }])
	  version: Int! @default(value: 1) @onUpdate(expr: "this.version + 1")
	  state: String! @default(value: "open") @check(expr: "this.state != 'bad'")
	}
	type Log @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ, CREATE] }]) { id: ID! @col(dataType: "text") note: String }`

const upsertRows = `INSERT INTO rooms (hall, number, owner, label, secret, size) VALUES ('A', 1, 'ada', 'x', 's1', 1), ('A', 2, 'bob', 'x', 's2', 2)`

func TestUpserts(t *testing.T) { // not in parallel: roles belong to the whole server
	ada, guest := caller.Caller{UID: "ada"}, caller.Caller{UID: "gus", Roles: []string{"guest"}}
	rooms := map[string]client{"rules": serve(t, upsertSchema, "", upsertRows), "policies": enforce(t, upsertSchema, upsertRows).kept(t)}
	for name, tt := range map[string]struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		"new": {ada, `upsertRoom(data: {hall: "B", number: 1, owner: "ada", size: 3}, onConflict: {target: hall_number, update: [size]}) {hall size version state}`, nil,
			`{"upsertRoom":{"hall":"B","size":3,"version":1,"state":"open"}}`},
		"existing": {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada", size: 3, label: "z"}, onConflict: {target: hall_number, update: [size]}) {size label version secret}`, nil,
			`{"upsertRoom":{"size":3,"label":"x","version":2,"secret":"s1"}}`},
		"by another key": {ada, `upsertRoom(data: {hall: "Z", number: 9, owner: "ada", label: "x", size: 4}, onConflict: {target: owner_label, update: [size, label, size]}) {hall number size}`, nil,
			`{"upsertRoom":{"hall":"A","number":1,"size":4}}`},
		"nothing to change": {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada", size: 3}, onConflict: {target: hall_number, update: []}) {size version}`, nil,
			`{"upsertRoom":{"size":1,"version":2}}`},
		"by variables": {ada, `upsertRoom(data: $d, onConflict: $c) {size label}`, map[string]any{"d": map[string]any{"hall": "A", "number": 1, "owner": "ada", "size": 5, "label": "q"}, "c": map[string]any{"target": "hall_number", "update": []any{"label"}}},
			`{"upsertRoom":{"size":1,"label":"q"}}`},
		"null":                 {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada", size: null}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `{"upsertRoom":{"size":null}}`},
		"given away":           {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "bob"}, onConflict: {target: hall_number, update: [owner]}) {size}`, nil, `FORBIDDEN you are not allowed to write this Room`},
		"of another":           {ada, `upsertRoom(data: {hall: "A", number: 2, owner: "ada", size: 5}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `FORBIDDEN you are not allowed to write this Room`},
		"new row refused":      {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "bob", size: 5}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `FORBIDDEN you are not allowed to write this Room`},
		"new row refused, too": {ada, `upsertRoom(data: {hall: "N", number: 1, owner: "bob", size: 5}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `FORBIDDEN you are not allowed to write this Room`},
		"only creates":         {guest, `upsertRoom(data: {hall: "N", number: 1, owner: "bob", size: 5}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `{"upsertRoom":{"size":5}}`},
		"only creates, exists": {guest, `upsertRoom(data: {hall: "A", number: 2, owner: "bob", size: 5}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `FORBIDDEN you are not allowed to write this Room`},
		"by a hidden value": {caller.Caller{UID: "bob", Roles: []string{"admin"}}, `upsertRoom(data: {hall: "N", number: 1, owner: "bob", secret: "s1"}, onConflict: {target: secret, update: []}) {size}`, nil,
			`FORBIDDEN you are not allowed to write this Room`},
		"by a secret":          {caller.Caller{UID: "bob"}, `upsertRoom(data: {hall: "N", number: 1, owner: "bob", secret: "s2", size: 7}, onConflict: {target: secret, update: [size]}) {number size secret}`, nil, `{"upsertRoom":{"number":2,"size":7,"secret":"s2"}}`},
		"against a check":      {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada", size: 11}, onConflict: {target: hall_number, update: []}) {size}`, nil, `INVALID size must be at most 10`},
		"two checks":           {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada", size: 11, state: "bad"}, onConflict: {target: hall_number, update: [state]}) {size}`, nil, `INVALID size must be at most 10; INVALID state: it must satisfy this.state != 'bad'`},
		"another conflict":     {ada, `upsertRoom(data: {hall: "N", number: 1, owner: "ada", label: "x"}, onConflict: {target: hall_number, update: [size]}) {size}`, nil, `INVALID data has no size, which onConflict.update names`},
		"another value exists": {ada, `upsertRoom(data: {hall: "N", number: 1, owner: "ada", label: "x"}, onConflict: {target: hall_number, update: [label]}) {size}`, nil, `CONFLICT owner, label: another Room has the same values`},
		"refused conflict":     {ada, `upsertRoom(data: {hall: "A", number: 2, owner: "ada", label: "x"}, onConflict: {target: hall_number, update: [label]}) {size}`, nil, `FORBIDDEN you are not allowed to write this Room`},
		"without its value":    {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada"}, onConflict: {target: owner_label, update: []}) {size}`, nil, `INVALID data has no label, by which onConflict finds an existing row`},
		"with a null":          {ada, `upsertRoom(data: {hall: "A", number: 1, owner: "ada", label: null}, onConflict: {target: owner_label, update: []}) {size}`, nil, `INVALID data has no label, by which onConflict finds an existing row`},
		"nobody":               {anonymous, `upsertRoom(data: {hall: "A", number: 1, owner: "ada"}, onConflict: {target: hall_number, update: []}) {size}`, nil, `UNAUTHENTICATED you are not allowed to`},
		"twice":                {ada, `upsertRoom(data: {hall: "B", number: 1, owner: "ada", size: 3}, onConflict: {target: hall_number, update: [size]}) {size} b: upsertRoom(data: {hall: "B", number: 1, owner: "ada", size: 4}, onConflict: {target: hall_number, update: [size]}) {size version}`, nil, `{"upsertRoom":{"size":3},"b":{"size":4,"version":2}}`},
	} {
		for kind, c := range rooms {
			testkit.Exec(t, c.db, "DELETE FROM rooms")
			testkit.Exec(t, c.db, upsertRows)
			defs := ""
			if tt.vars != nil {
				defs = "($d: RoomCreate!, $c: RoomConflict!)"
			}
			got := outcome(t, c.as(tt.caller), "mutation"+defs+" {"+tt.query+"}", tt.vars)
			if got != tt.want && (strings.HasPrefix(tt.want, "{") || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("%s, %s: %s\nwant %s", name, kind, got, tt.want)
			}
			kept := testkit.Value(t, c.db, "SELECT string_agg(hall || number || owner || label || secret || size || version, ',' ORDER BY hall, number) FROM rooms")
			if !strings.HasPrefix(tt.want, "{") && kept != "A1adaxs111,A2bobxs221" {
				t.Errorf("%s, %s: an upsert that failed has left %s", name, kind, kept)
			}
		}
	}
	if sdl := apiOf(t, upsertSchema).SDL(); strings.Contains(sdl, "upsertLog") || !strings.Contains(sdl, "enum RoomUnique {\n  hall_number\n  secret\n  owner_label\n}") {
		t.Errorf("%s", sdl)
	}
}

// outcome returns the data of an answer, or the code and message of each error.
func outcome(t testing.TB, c client, query string, vars map[string]any) string {
	t.Helper()
	w := c.send(t, query, vars)
	if data, ok := strings.CutPrefix(strings.TrimSpace(w.Body.String()), `{"data":`); ok {
		return strings.TrimSuffix(data, "}")
	}
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s\nanswers %d %s", query, w.Code, w.Body)
	}
	var list []string
	for _, e := range a.Errors {
		list = append(list, e.Extensions.Code+" "+e.Message)
	}
	return strings.Join(list, "; ")
}
