package exec_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/caller"
)

const linkSchema = `
	type Post @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: PUBLIC, operations: [READ] }]) {
	  id: ID! @col(dataType: "text")
	  owner: String! @default(expr: "auth.uid")
	  title: String @unique
	  revision: Int! @default(value: 0) @onUpdate(expr: "this.revision + 1")
	  labels: [Label!]!
	  seats: [Seat!]!
	  follows: [Post!]! @inverse(field: "followers")
	  followers: [Post!]!
	  pinned: [Pin!]! @auth(rules: [{ allow: PUBLIC, operations: [READ] }, { allow: ROLE, roles: ["editor"] }])
	}
	type Label @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: PUBLIC, where: "this.open" }]) {
	  id: ID! @col(dataType: "text")
	  owner: String!
	  open: Boolean!
	  posts: [Post!]!
	}
	type Seat @table(key: ["hall", "number"]) @auth(rules: [{ allow: PUBLIC, where: "this.number < 10 && !this.posts.exists(p, p.id == 'p9')" }]) {
	  hall: String!
	  number: Int!
	  posts: [Post!]!
	}
	type Pin @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") posts: [Post!]! @inverse(field: "pinned") }
	type Fixed @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }]) { id: ID! @col(dataType: "text") boxes: [Box!]! }
	type Box @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") fixed: [Fixed!]! }`

const linkRows = `INSERT INTO posts (id, owner, title) VALUES ('p1', 'ada', 'First'), ('p2', 'ada', NULL), ('p3', 'bob', 'Third'), ('p9', 'ada', NULL);
	INSERT INTO labels (id, owner, open) VALUES ('l1', 'ada', true), ('l2', 'bob', true), ('l3', 'ada', false), ('l4', 'bob', false);
	INSERT INTO labels_posts (post_id, label_id) VALUES ('p1', 'l1'), ('p1', 'l4');
	INSERT INTO seats (hall, number) VALUES ('A', 1), ('A', 2), ('B', 1), ('B', 12);
	INSERT INTO pins (id) VALUES ('x'); INSERT INTO fixeds (id) VALUES ('f')`

func TestLinks(t *testing.T) {
	t.Parallel()
	ada, bob, editor := caller.Caller{UID: "ada"}, caller.Caller{UID: "bob"}, caller.Caller{UID: "ada", Roles: []string{"editor"}}
	for name, tt := range map[string]struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		"create":                  {ada, `mutation {createPost(data: {id: "n", labels: {connect: [{id: "l1"}, {id: "l2"}]}}) {labels(orderBy: [{id: ASC}]) {nodes {id}} revision}}`, nil, `{"createPost":{"labels":{"nodes":[{"id":"l1"},{"id":"l2"}]},"revision":0}}`},
		"connect":                 {ada, `mutation {updatePost(id: "p1", data: {labels: {connect: {id: "l2"}}}) {labels {nodes {id}} revision}}`, nil, `{"updatePost":{"labels":{"nodes":[{"id":"l1"},{"id":"l2"}]},"revision":1}}`},
		"connect again":           {ada, `mutation {updatePost(id: "p1", data: {labels: {connect: [{id: "l1"}, {id: "l1"}]}}) {labels {totalCount}}}`, nil, `{"updatePost":{"labels":{"totalCount":1}}}`},
		"disconnect":              {ada, `mutation {updatePost(id: "p1", data: {labels: {disconnect: [{id: "l1"}, {id: "l2"}]}}) {labels {nodes {id}}}}`, nil, `{"updatePost":{"labels":{"nodes":[]}}}`},
		"both":                    {ada, `mutation {updatePost(id: "p1", data: {title: "New", labels: {connect: [{id: "l2"}], disconnect: [{id: "l1"}]}}) {title labels {nodes {id}}}}`, nil, `{"updatePost":{"title":"New","labels":{"nodes":[{"id":"l2"}]}}}`},
		"set":                     {ada, `mutation($l: [LabelLinksKey!]) {updatePost(id: "p1", data: {labels: {set: $l}}) {labels {nodes {id}}}}`, map[string]any{"l": []any{map[string]any{"id": "l2"}, map[string]any{"id": "l3"}}}, `{"updatePost":{"labels":{"nodes":[{"id":"l2"},{"id":"l3"}]}}}`},
		"no links, not one's own": {ada, `mutation {createPost(data: {id: "n", owner: "bob", labels: {connect: []}}) {id}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"no verbs, not one's own": {ada, `mutation {updatePost(id: "p1", data: {owner: "bob", labels: {}}) {id}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"set to nothing":          {ada, `mutation {updatePost(id: "p1", data: {labels: {set: []}}) {labels {nodes {id}}}}`, nil, `{"updatePost":{"labels":{"nodes":[]}}}`},
		"set is absent":           {ada, `mutation($l: [LabelLinksKey!]) {updatePost(id: "p1", data: {labels: {set: $l}}) {labels {nodes {id}}}}`, nil, `{"updatePost":{"labels":{"nodes":[{"id":"l1"}]}}}`},
		"set with connect":        {ada, `mutation {updatePost(id: "p1", data: {labels: {set: [], connect: [{id: "l2"}]}}) {id}}`, nil, `INVALID labels: set excludes connect and disconnect`},
		"null":                    {ada, `mutation {updatePost(id: "p1", data: {labels: null}) {id}}`, nil, `INVALID labels cannot be null`},
		"a null verb":             {ada, `mutation {updatePost(id: "p1", data: {labels: {set: null}}) {id}}`, nil, `INVALID labels.set cannot be null`},
		"a key of two":            {ada, `mutation {updatePost(id: "p1", data: {seats: {connect: [{hall: "A", number: 1}, {hall: "B", number: 1}]}}) {seats {nodes {hall number}}}}`, nil, `{"updatePost":{"seats":{"nodes":[{"hall":"A","number":1},{"hall":"B","number":1}]}}}`},
		"a bad key":               {ada, `mutation {updatePost(id: "p1", data: {seats: {connect: [{hall: "A", number: 99999999999}]}}) {id}}`, nil, `INVALID "99999999999" is not a valid Int`},
		"its own type":            {ada, `mutation {updatePost(id: "p1", data: {follows: {connect: [{id: "p2"}, {id: "p1"}]}}) {follows {nodes {id}} followers {nodes {id}}}}`, nil, `{"updatePost":{"follows":{"nodes":[{"id":"p1"},{"id":"p2"}]},"followers":{"nodes":[{"id":"p1"}]}}}`},
		"the other side":          {ada, `mutation {updateLabel(id: "l1", data: {posts: {connect: [{id: "p2"}], disconnect: [{id: "p1"}]}}) {posts {nodes {id}}}}`, nil, `{"updateLabel":{"posts":{"nodes":[{"id":"p2"}]}}}`},
		"two lists":               {ada, `mutation {updatePost(id: "p2", data: {labels: {connect: [{id: "l3"}]}, seats: {connect: [{hall: "A", number: 2}]}}) {labels {totalCount} seats {totalCount}}}`, nil, `{"updatePost":{"labels":{"totalCount":1},"seats":{"totalCount":1}}}`},
		"several steps":           {ada, `mutation {a: createPost(data: {id: "n"}) {id} b: updatePost(id: "n", data: {labels: {connect: [{id: "l2"}]}}) {labels {totalCount}} c: deletePost(id: "n") {labels {totalCount}}}`, nil, `{"a":{"id":"n"},"b":{"labels":{"totalCount":1}},"c":{"labels":{"totalCount":1}}}`},
		"a field's rule":          {editor, `mutation {updatePost(id: "p1", data: {pinned: {connect: [{id: "x"}]}}) {pinned {totalCount}}}`, nil, `{"updatePost":{"pinned":{"totalCount":1}}}`},
		"against such a":          {ada, `mutation {updatePost(id: "p1", data: {pinned: {connect: [{id: "x"}]}}) {id}}`, nil, `NOT_FOUND no Post with this key exists that you are allowed to change`},
		"and from its side":       {ada, `mutation {updatePin(id: "x", data: {posts: {connect: [{id: "p1"}]}}) {id}}`, nil, `NOT_FOUND no Post with this key`},
		"a row of others":         {bob, `mutation {updatePost(id: "p1", data: {labels: {connect: [{id: "l2"}]}}) {id}}`, nil, `NOT_FOUND no Post with this key`},
		"to a hidden row":         {ada, `mutation {updatePost(id: "p1", data: {labels: {connect: [{id: "l4"}]}}) {id}}`, nil, `NOT_FOUND no Label with this key exists that you are allowed to change`},
		"to no row":               {ada, `mutation {updatePost(id: "p1", data: {labels: {connect: [{id: "l1"}, {id: "none"}]}}) {id}}`, nil, `NOT_FOUND no Label with this key exists that you are allowed to change`},
		"from a hidden row":       {ada, `mutation {updatePost(id: "p1", data: {labels: {disconnect: [{id: "l4"}]}}) {id}}`, nil, `NOT_FOUND no Label with this key exists that you are allowed to change`},
		"from no row":             {ada, `mutation {updatePost(id: "p1", data: {labels: {disconnect: [{id: "none"}]}}) {id}}`, nil, `NOT_FOUND no Label with this key`},
		"a create":                {ada, `mutation {createPost(data: {id: "n", labels: {connect: [{id: "l4"}]}}) {id}}`, nil, `NOT_FOUND no Label with this key`},
		"not allowed after":       {ada, `mutation {updatePost(id: "p9", data: {seats: {connect: [{hall: "A", number: 1}]}}) {id}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"a create of bob's":       {ada, `mutation {createPost(data: {id: "n", owner: "bob", labels: {connect: [{id: "l1"}]}}) {id}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"no conflict first":       {ada, `mutation {createPost(data: {id: "n", owner: "bob", title: "Third", labels: {connect: [{id: "l1"}]}}) {id}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"a conflict":              {ada, `mutation {createPost(data: {id: "n", title: "Third", labels: {connect: [{id: "l1"}]}}) {id}}`, nil, `CONFLICT title`},
		"nobody":                  {anonymous, `mutation {updatePost(id: "p1", data: {labels: {connect: [{id: "l1"}]}}) {id}}`, nil, `UNAUTHENTICATED`},
		"many at once":            {ada, `mutation {updatePosts(all: true, data: {labels: {connect: [{id: "l1"}]}}) {count}}`, nil, `INVALID labels cannot be changed for many rows at once`},
		"fixed rows":              {ada, `mutation {createBox(data: {id: "b", fixed: {connect: [{id: "f"}]}}) {id}}`, nil, `INVALID Field "fixed" is not defined by type "BoxCreate"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, linkSchema, "", linkRows).as(tt.caller)
			before := linksIn(t, c)
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
			if after := linksIn(t, c); !maps.Equal(before, after) {
				t.Errorf("a write that failed leaves %v", after)
			}
		})
	}
}

// linksIn returns the rows of the join table of posts and labels.
func linksIn(t *testing.T, c client) map[string]bool {
	t.Helper()
	rows, err := c.db.Query(t.Context(), `SELECT post_id || ' ' || label_id FROM labels_posts`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, pair := range list {
		out[pair] = true
	}
	return out
}

// Random writes of either list leave the rows of the join table that the same changes of a set leave.
func TestLinksAgainstRows(t *testing.T) {
	t.Parallel()
	c := serve(t, linkSchema, "", linkRows)
	want := linksIn(t, c)
	owners := map[string]string{"p1": "ada", "p2": "ada", "p3": "bob", "p9": "ada", "l1": "ada", "l2": "bob", "l3": "ada", "l4": "bob"}
	open := map[string]bool{"l1": true, "l2": true}
	random := rand.New(rand.NewPCG(*randomSeed, 0)) //nolint:gosec // not for secrets
	applied, refused := 0, 0
	for i := range 2 * *operations {
		who := []string{"ada", "bob"}[random.IntN(2)]
		may := func(id string) bool { return owners[id] == who || open[id] }
		typ, list, id, others := "Post", "labels", []string{"p1", "p2", "p3", "none"}[random.IntN(4)], []string{"l1", "l2", "l3", "l4", "none"}
		pair := func(other string) string { return id + " " + other }
		if random.IntN(2) == 0 {
			typ, list, id, others = "Label", "posts", []string{"l1", "l2", "l3", "l4"}[random.IntN(4)], []string{"p1", "p2", "p3"}
			pair = func(other string) string { return other + " " + id }
		}
		next, fails := maps.Clone(want), !may(id) || owners[id] == ""
		keys := func() (text string, chosen []string) {
			var parts []string
			for range random.IntN(3) {
				other := others[random.IntN(len(others))]
				chosen, parts = append(chosen, other), append(parts, fmt.Sprintf("{id: %q}", other))
				fails = fails || !may(other) || owners[other] == ""
			}
			return "[" + strings.Join(parts, ", ") + "]", chosen
		}
		var verbs []string
		if random.IntN(3) == 0 {
			text, chosen := keys()
			verbs = []string{"set: " + text}
			for _, other := range others {
				if may(other) {
					delete(next, pair(other))
				}
			}
			for _, other := range chosen {
				next[pair(other)] = true
			}
		} else {
			gone, disconnected := keys()
			more, connected := keys()
			verbs = []string{"connect: " + more, "disconnect: " + gone}
			for _, other := range disconnected {
				delete(next, pair(other))
			}
			for _, other := range connected {
				next[pair(other)] = true
			}
		}
		query := fmt.Sprintf("mutation {update%s(id: %q, data: {%s: {%s}}) {id}}", typ, id, list, strings.Join(verbs, ", "))
		body := c.as(caller.Caller{UID: who}).send(t, query, nil).Body.String()
		if failed := strings.Contains(body, `"errors"`); failed != fails {
			t.Fatalf("%d: %s as %s answers %s", i, query, who, body)
		}
		if fails {
			refused++
		} else {
			want, applied = next, applied+1
		}
		if got := linksIn(t, c); !maps.Equal(got, want) {
			t.Fatalf("%d: %s as %s leaves\n%v, not\n%v", i, query, who, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
	if applied < *operations/10 || refused < *operations/10 {
		t.Errorf("%d writes are applied, %d are refused; the test asks too little", applied, refused)
	}
}
