package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

func TestCreatesOfManyRows(t *testing.T) {
	t.Parallel()
	ada := caller.Caller{UID: "ada"}
	for name, tt := range map[string]struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		"in their order": {ada, `mutation {createTasks(data: [{id: "z", owner: "ada", size: 2}, {id: "y", owner: "ada", state: "done", teamId: "t1"}, {id: "x", owner: "ada"}]) {count nodes {id state size team {name}} __typename}}`, nil,
			`{"createTasks":{"count":3,"nodes":[{"id":"z","state":"open","size":2,"team":null},{"id":"y","state":"done","size":null,"team":{"name":"Red"}},{"id":"x","state":"open","size":null,"team":null}],"__typename":"TaskBatch"}}`},
		"by a variable": {ada, `mutation($d: [TaskCreate!]!) {createTasks(data: $d) {nodes(first: 1) {id} all: nodes {id}}}`,
			map[string]any{"d": []any{map[string]any{"id": "z", "owner": "ada"}, map[string]any{"id": "c", "owner": "ada"}}}, `{"createTasks":{"nodes":[{"id":"z"}],"all":[{"id":"z"},{"id":"c"}]}}`},
		"one for a list":      {ada, `mutation {createTasks(data: {id: "z", owner: "ada"}) {count}}`, nil, `{"createTasks":{"count":1}}`},
		"no row":              {ada, `mutation {createTasks(data: []) {count nodes {id}}}`, nil, `{"createTasks":{"count":0,"nodes":[]}}`},
		"two parts of a key":  {anonymous, `mutation {createSeats(data: [{hall: "Z", number: 9}, {hall: "Z", number: 1, taken: true}, {hall: "A", number: 7}]) {count nodes {hall number taken}}}`, nil, `{"createSeats":{"count":3,"nodes":[{"hall":"Z","number":9,"taken":false},{"hall":"Z","number":1,"taken":true},{"hall":"A","number":7,"taken":false}]}}`},
		"rows one may read":   {caller.Caller{UID: "ada"}, `mutation {createTasks(data: [{id: "z", owner: "ada", secret: "q"}, {id: "y", owner: "ada"}]) {nodes {id secret}}}`, nil, `{"createTasks":{"nodes":[{"id":"z","secret":"q"},{"id":"y","secret":null}]}}`},
		"more than a page":    {ada, `mutation($d: [TaskCreate!]!) {createTasks(data: $d) {count}}`, map[string]any{"d": manyTasks(101)}, `INVALID data has 101 rows; at most 100 are allowed`},
		"a whole page":        {ada, `mutation($d: [TaskCreate!]!) {createTasks(data: $d) {count}}`, map[string]any{"d": manyTasks(100)}, `{"createTasks":{"count":100}}`},
		"all are returned":    {ada, `mutation($d: [TaskCreate!]!) {createTasks(data: $d) {nodes {id}}}`, map[string]any{"d": manyTasks(25)}, ""},
		"nobody":              {anonymous, `mutation {createTasks(data: [{id: "z", owner: "ada"}]) {count}}`, nil, `UNAUTHENTICATED data[0]: you are not allowed to create a Task`},
		"nobody, no row":      {anonymous, `mutation {createTasks(data: []) {count}}`, nil, `UNAUTHENTICATED you are not allowed to create a Task`},
		"of another":          {ada, `mutation {createTasks(data: [{id: "z", owner: "ada"}, {id: "y", owner: "bob"}]) {count}}`, nil, `FORBIDDEN data[1]: you are not allowed to write this Task`},
		"a field of others":   {caller.Caller{UID: "jan", Roles: []string{"maker"}}, `mutation {createNotes(data: [{id: "z"}, {id: "y", mine: "x"}]) {count}}`, nil, `FORBIDDEN data[1]: you are not allowed to write this Note`},
		"fields of others":    {caller.Caller{UID: "jan", Roles: []string{"maker"}}, `mutation {createNotes(data: [{id: "z", owner: "jan", mine: "x"}, {id: "y"}, {id: "x", owner: "jan", mine: "x"}]) {count nodes {id mine}}}`, nil, `{"createNotes":{"count":3,"nodes":[{"id":"z","mine":"x"},{"id":"y","mine":null},{"id":"x","mine":"x"}]}}`},
		"against a check":     {ada, `mutation {createTasks(data: [{id: "z", owner: "ada"}, {id: "y", owner: "ada", size: 101}]) {count}}`, nil, `INVALID data[1]: size must be at most 100`},
		"an existing value":   {ada, `mutation {createTasks(data: [{id: "z", owner: "ada"}, {id: "y", owner: "ada"}, {id: "x", owner: "ada", slug: "s2"}]) {count}}`, nil, `CONFLICT data[2]: slug: another Task has the same value`},
		"a value twice":       {ada, `mutation {createTasks(data: [{id: "z", owner: "ada", slug: "n"}, {id: "y", owner: "ada", slug: "n"}]) {count}}`, nil, `CONFLICT data[1]: slug: another Task has the same value`},
		"conflict of others":  {ada, `mutation {createTasks(data: [{id: "z", owner: "ada"}, {id: "x", owner: "bob", slug: "s2"}]) {count}}`, nil, `FORBIDDEN data[1]: you are not allowed`},
		"no target":           {ada, `mutation {createTasks(data: [{id: "z", owner: "ada", teamId: "t1"}, {id: "x", owner: "ada", teamId: "none"}]) {count}}`, nil, `CONFLICT data[1]: team: no such Team exists`},
		"two of a wrong type": {ada, `mutation($d: [TaskCreate!]!) {createTasks(data: $d) {count}}`, map[string]any{"d": []any{map[string]any{"id": "z", "owner": "ada"}, map[string]any{"id": "y\u0000", "owner": "ada"}}}, `INVALID data[1]: id: text cannot hold the character U+0000`},
		"a null":              {ada, `mutation {createTasks(data: [{id: "z", owner: "ada"}, {id: "y", owner: "ada", state: null}]) {count}}`, nil, `INVALID data[1]: state cannot be null`},
		"in one transaction":  {ada, `mutation {createTasks(data: [{id: "z", owner: "ada"}]) {count} b: createTasks(data: [{id: "z", owner: "ada"}]) {count}}`, nil, `CONFLICT data[0]: another Task has the same key`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, batchSchema+listSchema, "", batchRows).as(tt.caller)
			switch {
			case tt.want == "":
				if got := strings.Count(c.data(t, tt.query, tt.vars), `"id"`); got != 25 {
					t.Errorf("%d rows", got)
				}
				return
			case strings.HasPrefix(tt.want, "{"):
				if got := c.data(t, tt.query, tt.vars); got != tt.want {
					t.Errorf("%s\nwant %s", got, tt.want)
				}
				return
			}
			_, a := c.mistakes(t, tt.query, tt.vars)
			if got := a.Errors[0].Extensions.Code + " " + a.Errors[0].Message; !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			if got := c.as(service).data(t, `{tasks {totalCount}}`, nil); got != `{"tasks":{"totalCount":6}}` {
				t.Errorf("a write that failed has changed %s", got)
			}
		})
	}
}

const listSchema = ` type Note @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }, { allow: ROLE, roles: ["maker"] }]) {
	id: ID! @col(dataType: "text") owner: String mine: String @auth(rules: [{ allow: OWNER, field: "owner" }]) }`

func manyTasks(n int) (list []any) {
	for i := range n {
		list = append(list, map[string]any{"id": strings.Repeat("n", i+1), "owner": "ada"})
	}
	return list
}
