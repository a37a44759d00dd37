package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

const batchSchema = `
	type Team @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }]) { id: ID! @col(dataType: "text") name: String! tasks: [Task!]! }
	type Task @table(key: ["id"]) @auth(rules: [
	  { allow: OWNER, field: "owner" }
	  { allow: AUTHENTICATED, where: "this.state == 'open'", operations: [READ] }
	  { allow: ROLE, roles: ["janitor"], operations: [UPDATE, DELETE] }
	  { allow: ROLE, roles: ["reader"], operations: [READ] }
	]) {
	  id: ID! @col(dataType: "text")
	  owner: String!
	  state: String! @default(value: "open")
	  size: Int @range(max: 100)
	  slug: String @unique
	  secret: String @auth(rules: [{ allow: OWNER, field: "owner" }])
	  team: Team
	  parent: Task @ref(onDelete: RESTRICT)
	  children: [Task!]! @inverse(field: "parent")
	  touched: Int! @default(value: 0) @onUpdate(expr: "this.touched + 1")
	}
	type Seat @table(key: ["hall", "number"]) @auth(rules: [{ allow: PUBLIC }]) { hall: String! number: Int! taken: Boolean! @default(value: false) }`

const batchRows = `INSERT INTO teams (id, name) VALUES ('t1', 'Red'), ('t2', 'Blue');
	INSERT INTO tasks (id, owner, state, size, slug, secret, team_id) VALUES
	('a1', 'ada', 'open', 1, 's1', 'x', 't1'), ('a2', 'ada', 'done', 2, NULL, 'y', 't1'), ('a3', 'ada', 'open', 3, NULL, NULL, 't2'),
	('b1', 'bob', 'open', 1, 's2', 'x', 't1'), ('b2', 'bob', 'done', NULL, NULL, 'z', NULL);
	INSERT INTO tasks (id, owner, state, parent_id) VALUES ('b3', 'bob', 'open', 'b1');
	INSERT INTO seats (hall, number) VALUES ('A', 1), ('A', 2), ('B', 1), ('B', 2)`

func TestWritesOfManyRows(t *testing.T) {
	t.Parallel()
	ada, janitor := caller.Caller{UID: "ada"}, caller.Caller{UID: "jan", Roles: []string{"janitor"}}
	reader := caller.Caller{UID: "jan", Roles: []string{"janitor", "reader"}}
	const tasks = `{tasks {nodes {id state size touched}}}`
	for name, tt := range map[string]struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		"update": {ada, `mutation {updateTasks(where: {state: {eq: "open"}}, data: {size: 7}) {count nodes {id size touched team {name}} __typename}}`, nil,
			`{"updateTasks":{"count":2,"nodes":[{"id":"a1","size":7,"touched":1,"team":{"name":"Red"}},{"id":"a3","size":7,"touched":1,"team":{"name":"Blue"}}],"__typename":"TaskBatch"}}`},
		"update of nothing":   {ada, `mutation {updateTasks(where: {id: {eq: "none"}}, data: {size: 7}) {count nodes {id}}}`, nil, `{"updateTasks":{"count":0,"nodes":[]}}`},
		"update of all":       {ada, `mutation {updateTasks(all: true, data: {size: 7}) {count}}`, nil, `{"updateTasks":{"count":3}}`},
		"empty with all":      {ada, `mutation {updateTasks(where: {}, all: true, data: {size: 7}) {count}}`, nil, `{"updateTasks":{"count":3}}`},
		"first rows":          {ada, `mutation {updateTasks(all: true, data: {}) {count nodes(first: 1) {id} more: nodes(first: 2) {id touched}}}`, nil, `{"updateTasks":{"count":3,"nodes":[{"id":"a1"}],"more":[{"id":"a1","touched":1},{"id":"a2","touched":1}]}}`},
		"too many rows":       {ada, `mutation {updateTasks(all: true, data: {}) {nodes(first: 1000) {id}}}`, nil, `INVALID first must be between 0 and 100; it is 1000`},
		"by a relation":       {ada, `mutation {updateTasks(where: {team: {name: {eq: "Red"}}}, data: {state: "done"}) {count nodes {id}}}`, nil, `{"updateTasks":{"count":2,"nodes":[{"id":"a1"},{"id":"a2"}]}}`},
		"moved away":          {ada, `mutation {updateTasks(where: {state: {eq: "open"}}, data: {owner: "bob"}) {count}}`, nil, `FORBIDDEN you are not allowed to write one of these rows of Task`},
		"against a check":     {ada, `mutation {updateTasks(all: true, data: {size: 101}) {count}}`, nil, `INVALID size must be at most 100`},
		"to one unique value": {ada, `mutation {updateTasks(all: true, data: {slug: "same"}) {count}}`, nil, `CONFLICT slug: another Task has the same value`},
		"conflict of others":  {ada, `mutation {updateTasks(all: true, data: {slug: "s2", owner: "bob"}) {count}}`, nil, `FORBIDDEN you are not allowed`},
		"a field of others":   {reader, `mutation {updateTasks(all: true, data: {secret: "q"}) {count}}`, nil, `{"updateTasks":{"count":0}}`},
		"a hidden field":      {reader, `mutation {updateTasks(where: {secret: {eq: "x"}}, data: {size: 5}) {count}}`, nil, `{"updateTasks":{"count":0}}`},
		"hidden rows":         {janitor, `mutation {updateTasks(where: {state: {ne: "open"}}, data: {size: 5}) {count}}`, nil, `{"updateTasks":{"count":0}}`},
		"rows one may read":   {janitor, `mutation {updateTasks(all: true, data: {state: "done"}) {count nodes {id}}}`, nil, `{"updateTasks":{"count":4,"nodes":[]}}`},
		"nobody":              {anonymous, `mutation {updateTasks(all: true, data: {}) {count}}`, nil, `UNAUTHENTICATED you are not allowed to update a Task`},
		"two in order":        {ada, `mutation {a: updateTasks(where: {size: {gt: 1}}, data: {size: 1}) {count} b: updateTasks(where: {size: {eq: 1}}, data: {size: 9}) {count}}`, nil, `{"a":{"count":2},"b":{"count":3}}`},
		"the service":         {service, `mutation {updateTasks(where: {secret: {eq: "x"}}, data: {secret: null}) {count nodes {id secret}}}`, nil, `{"updateTasks":{"count":2,"nodes":[{"id":"a1","secret":null},{"id":"b1","secret":null}]}}`},
		"keys of two parts":   {anonymous, `mutation {updateSeats(where: {or: [{hall: {eq: "A"}, number: {eq: 1}}, {hall: {eq: "B"}, number: {eq: 2}}]}, data: {taken: true}) {count nodes {hall number taken}}}`, nil, `{"updateSeats":{"count":2,"nodes":[{"hall":"A","number":1,"taken":true},{"hall":"B","number":2,"taken":true}]}}`},

		"delete":           {ada, `mutation {deleteTasks(where: {state: {eq: "open"}}) {count nodes {id team {name tasks {totalCount}}}}}`, nil, `{"deleteTasks":{"count":2,"nodes":[{"id":"a1","team":{"name":"Red","tasks":{"totalCount":3}}},{"id":"a3","team":{"name":"Blue","tasks":{"totalCount":1}}}]}}`},
		"delete all":       {ada, `mutation {deleteTasks(all: true) {count nodes {id}}}`, nil, `{"deleteTasks":{"count":3,"nodes":[{"id":"a1"},{"id":"a2"},{"id":"a3"}]}}`},
		"delete none":      {ada, `mutation {deleteTasks(where: {owner: {eq: "bob"}}) {count}}`, nil, `{"deleteTasks":{"count":0}}`},
		"delete a parent":  {janitor, `mutation {deleteTasks(where: {id: {eq: "b1"}}) {count}}`, nil, `CONFLICT parent: no such Task exists, or a Task still refers to it`},
		"delete of both":   {janitor, `mutation {deleteTasks(where: {owner: {eq: "bob"}}) {count}}`, nil, `{"deleteTasks":{"count":2}}`},
		"delete two parts": {anonymous, `mutation {deleteSeats(where: {number: {eq: 2}}) {nodes {hall number} count}}`, nil, `{"deleteSeats":{"nodes":[{"hall":"A","number":2},{"hall":"B","number":2}],"count":2}}`},

		"no where":           {ada, `mutation {deleteTasks {count}}`, nil, `INVALID where has no condition`},
		"an empty where":     {ada, `mutation {deleteTasks(where: {}) {count}}`, nil, `INVALID where has no condition`},
		"all is false":       {ada, `mutation {deleteTasks(where: {}, all: false) {count}}`, nil, `INVALID where has no condition`},
		"all is absent":      {ada, `mutation($a: Boolean) {deleteTasks(all: $a) {count}}`, nil, `INVALID where has no condition`},
		"all and where":      {ada, `mutation {deleteTasks(where: {id: {eq: "a1"}}, all: true) {count}}`, nil, `INVALID where and all: true exclude each other`},
		"null":               {ada, `mutation {deleteTasks(where: null, all: true) {count}}`, nil, `INVALID where has no value: it is null`},
		"absent":             {ada, `mutation($w: TaskWhere) {deleteTasks(where: $w, all: true) {count}}`, nil, `INVALID where has no value: the variable $w is not set`},
		"a null variable":    {ada, `mutation($w: TaskWhere) {deleteTasks(where: $w) {count}}`, map[string]any{"w": nil}, `INVALID where has no value: the variable $w is null`},
		"an absent operand":  {ada, `mutation($i: ID) {deleteTasks(where: {state: {eq: "open"}, id: {eq: $i}}) {count}}`, nil, `INVALID where.id.eq has no value: the variable $i is not set`},
		"a null operand":     {ada, `mutation {deleteTasks(where: {state: {eq: "open"}, id: {eq: null}}) {count}}`, nil, `INVALID where.id.eq has no value: it is null`},
		"a default of null":  {ada, `mutation($i: ID = null) {deleteTasks(where: {id: {eq: $i}}) {count}}`, nil, `INVALID where.id.eq has no value: the variable $i is null`},
		"a default":          {ada, `mutation($i: ID = "a1") {deleteTasks(where: {id: {eq: $i}}) {count}}`, nil, `{"deleteTasks":{"count":1}}`},
		"undefined in JSON":  {ada, `mutation($w: TaskWhere!) {deleteTasks(where: $w) {count}}`, map[string]any{"w": map[string]any{"id": map[string]any{}}}, `INVALID where.id has no value: it is empty`},
		"below a relation":   {ada, `mutation($w: TaskWhere) {deleteTasks(where: {children: {none: $w}}) {count}}`, nil, `INVALID where.children.none has no value`},
		"an empty relation":  {ada, `mutation {deleteTasks(where: {children: {none: {}}}) {count}}`, nil, `INVALID where.children.none has no value: it is empty`},
		"an empty list":      {ada, `mutation {deleteTasks(where: {and: []}) {count}}`, nil, `INVALID where.and has no value: it is empty`},
		"null in a list":     {ada, `mutation($l: [ID!]) {deleteTasks(where: {id: {in: $l}}) {count}}`, map[string]any{"l": nil}, `INVALID where.id.in has no value`},
		"an empty operand":   {ada, `mutation {deleteTasks(where: {id: {in: []}}) {count}}`, nil, `{"deleteTasks":{"count":0}}`},
		"a read leaves out":  {ada, `query($i: ID) {tasks(where: {owner: {eq: "ada"}, id: {eq: $i}}) {totalCount}}`, nil, `{"tasks":{"totalCount":3}}`},
		"a read takes null":  {ada, `query($i: ID) {tasks(where: {id: {eq: $i}}) {totalCount}}`, map[string]any{"i": nil}, `INVALID where: id.eq cannot be null`},
		"what others read":   {ada, tasks, nil, `{"tasks":{"nodes":[{"id":"a1","state":"open","size":1,"touched":0},{"id":"a2","state":"done","size":2,"touched":0},{"id":"a3","state":"open","size":3,"touched":0},{"id":"b1","state":"open","size":1,"touched":0},{"id":"b3","state":"open","size":null,"touched":0}]}}`},
		"after a failed one": {ada, `mutation {a: deleteTasks(all: true) {count} b: updateTasks(where: {}, data: {}) {count}}`, nil, `INVALID where has no condition`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, batchSchema, "", batchRows).as(tt.caller)
			if strings.HasPrefix(tt.want, "{") {
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

// Rows whose key is hidden are written like others, and neither the filter nor the answer tells the key.
func TestManyRowsOfHiddenKeys(t *testing.T) {
	t.Parallel()
	c := serve(t, ballotSchema, "", ballotRows)
	for _, tt := range []struct{ query, want string }{
		{`updateBallots(where: {voterId: {eq: "alice"}}, data: {choice: 7}) {count}`, `{"updateBallots":{"count":0}}`},
		{`updateBallots(where: {voter: {id: {eq: "alice"}}}, data: {choice: 7}) {count}`, `{"updateBallots":{"count":0}}`},
		{`updateBallots(where: {voterId: {eq: "bob"}}, data: {choice: 7}) {count nodes {choice voterId}}`, `{"updateBallots":{"count":1,"nodes":[{"choice":7,"voterId":"bob"}]}}`},
		{`updateBallots(where: {poll: {eq: "p2"}}, data: {choice: 8}) {count nodes {choice voterId}}`, `{"updateBallots":{"count":1,"nodes":[{"choice":8,"voterId":null}]}}`},
		{`deleteBallots(where: {comments: {none: {id: {isNull: false}}}}) {count nodes {poll voterId}}`, ``},
		{`deleteBallots(where: {voterId: {eq: "alice"}}) {count}`, `{"deleteBallots":{"count":0}}`},
	} {
		got := c.as(caller.Caller{UID: "bob"}).data(t, "mutation {"+tt.query+"}", nil)
		if (tt.want != "" && got != tt.want) || strings.Contains(got, "alice") || strings.Contains(got, "zoe") {
			t.Errorf("%s: %s, not %s", tt.query, got, tt.want)
		}
	}
}
