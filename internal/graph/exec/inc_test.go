package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

const counterSchema = `
	enum Mark { RED BLUE }
	type Counter @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: ROLE, roles: ["blind"], operations: [UPDATE, CREATE] }, { allow: ROLE, roles: ["dim"] }]) {
	  id: ID! @col(dataType: "text") owner: String!
	  n: Int! @default(value: 0) @range(max: 100) small: Int @col(dataType: "smallint") big: Int64 ratio: Float price: Decimal
	  tags: [String!]! @default(value: []) @length(max: 4) marks: [Mark!] holes: [Int]
	  extra: JSON hidden: Int @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: ROLE, roles: ["dim"], operations: [UPDATE] }])
	  version: Int! @default(value: 1) @onUpdate(expr: "this.version + 1")
	}`

const counterRows = `INSERT INTO counters (id, owner, n, small, big, ratio, price, tags, marks, holes, extra, hidden) VALUES
	('a', 'ada', 5, 32767, 9007199254740993, 0.5, 1.10, '{x,y,x}', NULL, '{1,NULL,2,1}', '{"a": {"b": 1}, "l": [1, 2]}', 7), ('b', 'bob', 1, NULL, NULL, NULL, NULL, '{}', '{RED}', NULL, NULL, 8)`

func TestOperators(t *testing.T) { // not in parallel: roles belong to the whole server
	clients := map[string]client{"rules": serve(t, counterSchema, "", counterRows), "policies": enforce(t, counterSchema, counterRows).kept(t)}
	ada, bob := caller.Caller{UID: "ada"}, caller.Caller{UID: "bob"}
	blind, dim := caller.Caller{UID: "x", Roles: []string{"blind"}}, caller.Caller{UID: "x", Roles: []string{"dim"}}
	for _, tt := range []struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		{ada, `updateCounter(id: "a", data: {owner: "ada"}, inc: {n: 2, big: "1", ratio: 0.25, price: "-1.105"}) {n big ratio price version}`, nil,
			`{"updateCounter":{"n":7,"big":"9007199254740994","ratio":0.75,"price":"-0.005","version":2}}`},
		{bob, `updateCounter(id: "b", data: {}, inc: {small: 3, big: "-1", ratio: 1, price: "2"}) {small big ratio price}`, nil, `{"updateCounter":{"small":3,"big":"-1","ratio":1,"price":"2"}}`},
		{ada, `updateCounter(id: "a", data: {}, append: {tags: ["z"], marks: [RED], holes: [null, 3]}) {tags marks holes}`, nil, `{"updateCounter":{"tags":["x","y","x","z"],"marks":["RED"],"holes":[1,null,2,1,null,3]}}`},
		{ada, `updateCounter(id: "a", data: {}, prepend: {tags: ["z"]}, remove: {tags: ["x"], holes: [1], marks: [RED]}, append: {tags: ["w", "x"]}) {tags holes marks}`, nil, `{"updateCounter":{"tags":["z","y","w","x"],"holes":[null,2],"marks":null}}`},
		{ada, `updateCounter(id: "a", data: {}, remove: {tags: ["q"], holes: [null]}) {tags holes}`, nil, `{"updateCounter":{"tags":["x","y","x"],"holes":[1,null,2,1]}}`},
		{ada, `updateCounter(id: "a", data: {}, setIn: {extra: [{path: ["a", "c"], value: [1]}, {path: ["n"], value: null}, {path: ["l", "0"], value: "x"}]}) {extra}`, nil,
			`{"updateCounter":{"extra":{"a": {"b": 1, "c": [1]}, "l": ["x", 2], "n": null}}}`},
		{ada, `updateCounter(id: "a", data: {}, removeIn: {extra: [{path: ["a", "b"]}, {path: ["l", "-1"]}, {path: ["q"]}]}, setIn: {extra: [{path: ["q"], value: true}]}) {extra}`, nil, `{"updateCounter":{"extra":{"a": {}, "l": [1], "q": true}}}`},
		{bob, `updateCounter(id: "b", data: {}, setIn: {extra: [{path: ["a"], value: {b: 2}}, {path: ["x", "y"], value: 1}]}) {extra}`, nil, `{"updateCounter":{"extra":{"a": {"b": 2}}}}`},
		{ada, `updateCounter(id: "a", data: {}, inc: $i, append: $a, setIn: $s) {n tags extra}`, map[string]any{"i": map[string]any{"n": 1}, "a": map[string]any{"tags": []any{"v"}}, "s": map[string]any{"extra": []any{map[string]any{"path": []any{"l"}, "value": map[string]any{"k": 1.50}}}}},
			`{"updateCounter":{"n":6,"tags":["x","y","x","v"],"extra":{"a": {"b": 1}, "l": {"k": 1.5}}}}`},
		{ada, `updateCounter(id: "a", data: {}, inc: $i, append: $a) {n tags version}`, map[string]any{"a": nil}, `{"updateCounter":{"n":5,"tags":["x","y","x"],"version":2}}`},
		{ada, `updateCounters(where: {id: {ne: "z"}}, data: {}, inc: {n: 10, hidden: 1}, append: {tags: ["t"]}) {count nodes {n tags hidden}}`, nil, `{"updateCounters":{"count":1,"nodes":[{"n":15,"tags":["x","y","x","t"],"hidden":8}]}}`},
		{ada, `upsertCounter(data: {id: "a", owner: "ada"}, onConflict: {target: id, update: [], inc: {n: 1}, append: {tags: ["u"]}}) {n tags version}`, nil, `{"upsertCounter":{"n":6,"tags":["x","y","x","u"],"version":2}}`},
		{ada, `upsertCounter(data: {id: "n", owner: "ada", n: 1}, onConflict: {target: id, update: [], inc: {n: 1}}) {n}`, nil, `{"upsertCounter":{"n":1}}`},

		{ada, `updateCounter(id: "a", data: {n: 1}, inc: {n: 1}) {n}`, nil, `INVALID n is set, and changed by inc`},
		{ada, `updateCounter(id: "a", data: {}, inc: {n: null}) {n}`, nil, `INVALID inc.n cannot be null`},
		{ada, `updateCounter(id: "a", data: {}, append: {tags: $t}) {n}`, map[string]any{"t": nil}, `INVALID append.tags cannot be null`},
		{ada, `updateCounter(id: "a", data: {}, inc: {n: 96}) {n}`, nil, `INVALID n must be at most 100`},
		{ada, `updateCounter(id: "a", data: {}, append: {tags: ["1", "2"]}) {n}`, nil, `INVALID tags must have at most 4 elements`},
		{ada, `updateCounter(id: "a", data: {}, inc: {small: 1}) {n}`, nil, `INVALID smallint out of range`},
		{ada, `updateCounter(id: "a", data: {}, inc: {big: "9223372036854775807"}) {n}`, nil, `INVALID bigint out of range`},
		{ada, `updateCounter(id: "a", data: {}, inc: {price: "x"}) {n}`, nil, `INVALID price: "x" is not a valid Decimal`},
		{ada, `updateCounter(id: "a", data: {}, setIn: {extra: [{path: ["l", "x"], value: 1}]}) {n}`, nil, `INVALID`},
		{ada, `updateCounter(id: "b", data: {}, inc: {n: 1}) {n}`, nil, `NOT_FOUND`},
		{blind, `updateCounter(id: "a", data: {}, inc: {n: 200}) {n}`, nil, `NOT_FOUND`},
		{blind, `updateCounter(id: "a", data: {n: 3}) {n}`, nil, `{"updateCounter":null}`},
		{dim, `updateCounter(id: "a", data: {}, inc: {hidden: 1}) {n}`, nil, `NOT_FOUND`},
		{dim, `updateCounter(id: "a", data: {hidden: 1}) {n hidden}`, nil, `{"updateCounter":{"n":5,"hidden":null}}`},
		{dim, `updateCounters(all: true, data: {}, inc: {hidden: 1}) {count}`, nil, `{"updateCounters":{"count":0}}`},
		{blind, `upsertCounter(data: {id: "a", owner: "ada"}, onConflict: {target: id, update: [], inc: {n: 200}}) {n}`, nil, `FORBIDDEN you are not allowed to write this Counter`},
	} {
		for kind, c := range clients {
			testkit.Exec(t, c.db, "DELETE FROM counters")
			testkit.Exec(t, c.db, counterRows)
			defs := ""
			for name, def := range map[string]string{"$i": "$i: CounterInc", "$a": "$a: CounterElements", "$s": "$s: CounterSetIn", "$t": "$t: [String!]"} {
				if strings.Contains(tt.query, name) {
					defs += def + ", "
				}
			}
			if defs != "" {
				defs = "(" + defs + ")"
			}
			got := outcome(t, c.as(tt.caller), "mutation"+defs+" {"+tt.query+"}", tt.vars)
			if got != tt.want && (strings.HasPrefix(tt.want, "{") || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("%s as %+v, %s: %s\nwant %s", tt.query, tt.caller, kind, got, tt.want)
			}
		}
	}
}
