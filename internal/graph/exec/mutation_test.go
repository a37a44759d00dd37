package exec_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

const (
	post1 = "00000000-0000-7000-8000-000000000001" // ada's, live
	post2 = "00000000-0000-7000-8000-000000000002" // bob's, a draft
)

const blogRows = `
	INSERT INTO users (id, name, email) VALUES ('ada', 'Ada', 'ada@example.com'), ('bob', 'Bob', 'bob@example.com');
	INSERT INTO posts (id, title, state, owner_id, at) VALUES ('` + post1 + `', 'First', 'LIVE', 'ada', '2026-01-01T00:00:00Z'), ('` + post2 + `', 'Second', 'DRAFT', 'bob', '2026-01-02T00:00:00Z')`

// blog is a client of testdata/blog.graphql, whose requests are all of one moment.
func blog(t testing.TB, changes ...func(*exec.Options)) client {
	t.Helper()
	text, err := os.ReadFile("../testdata/blog.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, list := sdl.Parse(sdl.Source{Name: "blog.graphql", Text: string(text)})
	if err := list.Err("parse"); err != nil {
		t.Fatal(list)
	}
	api, err := graph.New(s, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.NewDatabase(t, testkit.Template(t, "blog", func(ctx context.Context, pool *pgxpool.Pool) error {
		if _, err := ddl.NewTarget(ctx, pool, s); err != nil {
			return err
		}
		_, err := pool.Exec(ctx, blogRows)
		return err
	}))
	return newClient(t, func(o *exec.Options) {
		o.API, o.DB, o.Now = api, exec.Single(db), func() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC) }
		for _, change := range changes {
			change(o)
		}
	})
}

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

func TestMutations(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		"create with defaults": {ada, `mutation {createPost(data: {title: "New"}) {title state ownerId owner {name} tags at changed revision number doubled}}`, nil,
			`{"createPost":{"title":"New","state":"DRAFT","ownerId":"ada","owner":{"name":"Ada"},"tags":[],"at":"2026-02-03T04:05:06Z","changed":null,"revision":1,"number":3,"doubled":2}}`},
		"create with everything": {ada, `mutation($d: PostCreate!) {createPost(data: $d) {id state parent {title} tags holes price big extra raw took day at revision}}`,
			map[string]any{"d": map[string]any{"id": "0190d4a1-0000-7000-8000-00000000000a", "title": "Été", "state": "LIVE", "ownerId": "ada", "parentId": post1, "tags": []any{`a"b`, "c,d"}, "holes": []any{1, nil},
				"price": "12.50", "big": "9007199254740993", "extra": map[string]any{"a": []any{1, nil}}, "raw": "aGk=", "took": "PT90M", "day": "2026-01-31", "at": "2026-01-31T12:00:00+02:00", "revision": 7}},
			`{"createPost":{"id":"0190d4a1-0000-7000-8000-00000000000a","state":"LIVE","parent":{"title":"First"},"tags":["a\"b","c,d"],"holes":[1,null],"price":"12.50","big":"9007199254740993","extra":{"a": [1, null]},"raw":"aGk=","took":"PT1H30M","day":"2026-01-31","at":"2026-01-31T10:00:00Z","revision":7}}`},
		"create for another":                       {ada, `mutation {createPost(data: {title: "New", ownerId: "bob"}) {title}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"create as nobody":                         {anonymous, `mutation {createPost(data: {title: "New"}) {title}}`, nil, `UNAUTHENTICATED you are not allowed to create a Post`},
		"create with a bad value":                  {ada, `mutation {createPost(data: {title: "New", price: "a"}) {title}}`, nil, `INVALID price: "a" is not a valid Decimal`},
		"create out of range":                      {ada, `mutation {createPost(data: {title: "New", price: "-1"}) {title}}`, nil, `INVALID price must be at least 0`},
		"create too long":                          {ada, `mutation {createPost(data: {title: "123456789012345678901"}) {title}}`, nil, `INVALID title must have 1 to 20 characters`},
		"create against a check":                   {ada, `mutation {createPost(data: {title: "x", state: LIVE}) {title}}`, nil, `INVALID A live post needs a name.`},
		"create null":                              {ada, `mutation {createPost(data: {title: "New", tags: null}) {title}}`, nil, `INVALID tags cannot be null`},
		"create null by variable":                  {ada, `mutation($t: [String!]) {createPost(data: {title: "New", tags: $t}) {title}}`, map[string]any{"t": nil}, `INVALID tags cannot be null`},
		"create without a variable":                {ada, `mutation($t: [String!]) {createPost(data: {title: "New", tags: $t}) {tags}}`, nil, `{"createPost":{"tags":[]}}`},
		"create twice the same":                    {ada, `mutation {createPost(data: {title: "First"}) {title}}`, nil, `CONFLICT owner, title: another Post has the same values`},
		"create below nothing":                     {ada, `mutation {createPost(data: {title: "New", parentId: "0190d4a1-0000-7000-8000-00000000000f"}) {title}}`, nil, `CONFLICT parent: no such Post exists`},
		"create what is generated":                 {ada, `mutation {createPost(data: {title: "New", number: 7}) {title}}`, nil, `INVALID Field "number" is not defined by type "PostCreate"`},
		"create where a rule looks at another row": {ada, `mutation {createNote(data: {postId: "` + post1 + `", text: "a"}) {text post {title}}}`, nil, `{"createNote":{"text":"a","post":{"title":"First"}}}`},
		"create against such a rule":               {ada, `mutation {createNote(data: {postId: "` + post2 + `", text: "a"}) {text}}`, nil, `FORBIDDEN you are not allowed to write this Note`},
		"create what the service may":              {service, `mutation {createPost(data: {title: "New", ownerId: "bob"}) {title ownerId}}`, nil, `{"createPost":{"title":"New","ownerId":"bob"}}`},
		"create with a field of one's own":         {caller.Caller{UID: "cy"}, `mutation {createUser(data: {id: "cy", name: "Cy", email: "cy@example.com"}) {name email}}`, nil, `{"createUser":{"name":"Cy","email":"cy@example.com"}}`},
		"create with a field of others":            {caller.Caller{UID: "cy"}, `mutation {createUser(data: {id: "cy", name: "Cy", role: "admin"}) {name}}`, nil, `FORBIDDEN you are not allowed to write this User`},
		"create what nobody may":                   {ada, `mutation {createLog(data: {line: "a"}) {line}}`, nil, `INVALID Cannot query field "createLog"`},

		"update":                    {ada, `mutation {updatePost(id: "` + post1 + `", data: {title: "Other", price: 3}) {title price state changed revision doubled}}`, nil, `{"updatePost":{"title":"Other","price":"3","state":"LIVE","changed":"2026-02-03T04:05:06Z","revision":2,"doubled":4}}`},
		"update to null":            {service, `mutation {updatePost(id: "` + post1 + `", data: {price: null, revision: 9}) {price revision}}`, nil, `{"updatePost":{"price":null,"revision":9}}`},
		"update nothing":            {ada, `mutation {updateVote(userId: "ada", postId: "` + post1 + `", data: {}) {value}}`, nil, `NOT_FOUND no Vote with this key exists that you are allowed to change`},
		"update of another":         {ada, `mutation {updatePost(id: "` + post2 + `", data: {title: "Mine"}) {title}}`, nil, `NOT_FOUND no Post with this key exists that you are allowed to change`},
		"update to another":         {ada, `mutation {updatePost(id: "` + post1 + `", data: {ownerId: "bob"}) {title}}`, nil, `FORBIDDEN you are not allowed to write this Post`},
		"update of what is not":     {ada, `mutation {updatePost(id: "0190d4a1-0000-7000-8000-00000000000f", data: {title: "x"}) {title}}`, nil, `NOT_FOUND no Post`},
		"update with a bad key":     {ada, `mutation {updatePost(id: "x", data: {title: "x"}) {title}}`, nil, `INVALID "x" is not a valid ID`},
		"update of a field":         {ada, `mutation {updateUser(id: "ada", data: {email: "a@example.com"}) {email}}`, nil, `{"updateUser":{"email":"a@example.com"}}`},
		"update of a field of some": {ada, `mutation {updateUser(id: "ada", data: {role: "admin"}) {role}}`, nil, `NOT_FOUND no User with this key exists that you are allowed to change`},
		"update to what there is":   {ada, `mutation {updateUser(id: "ada", data: {email: "bob@example.com"}) {email}}`, nil, `CONFLICT email: another User has the same value`},
		"update to a wrong format":  {ada, `mutation {updateUser(id: "ada", data: {email: "ada"}) {email}}`, nil, `INVALID email must be a valid email`},

		"delete":                        {ada, `mutation {deletePost(id: "` + post1 + `") {title owner {name}}}`, nil, `{"deletePost":{"title":"First","owner":{"name":"Ada"}}}`},
		"delete of another":             {ada, `mutation {deletePost(id: "` + post2 + `") {title}}`, nil, `NOT_FOUND no Post with this key exists that you are allowed to change`},
		"delete by a role":              {admin, `mutation {deletePost(id: "` + post2 + `") {title}}`, nil, `{"deletePost":{"title":"Second"}}`},
		"delete of what is referred to": {service, `mutation {deleteUser(id: "ada") {name}}`, nil, `CONFLICT owner: no such User exists, or a Post still refers to it`},

		"several, in their order": {ada, `mutation {a: createPost(data: {title: "A"}) {number} __typename b: createPost(data: {title: "B"}) {number} d: deletePost(id: "` + post1 + `") {title}}`, nil,
			`{"a":{"number":3},"__typename":"Mutation","b":{"number":4},"d":{"title":"First"}}`},
		"by a key of two": {bob, `mutation {createVote(data: {postId: "` + post1 + `"}) {value userId} updateVote(userId: "bob", postId: "` + post1 + `", data: {value: -1}) {value} deleteVote(userId: "bob", postId: "` + post1 + `") {value user {name}}}`, nil,
			`{"createVote":{"value":1,"userId":"bob"},"updateVote":{"value":-1},"deleteVote":{"value":-1,"user":{"name":"Bob"}}}`},
		"what one may not read": {admin, `mutation {deletePost(id: "` + post2 + `") {owner {email}}}`, nil, `{"deletePost":{"owner":{"email":null}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := blog(t).as(tt.caller)
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
		})
	}
}

// A mutation takes effect as a whole, or not at all.
func TestMutationsAreAtomic(t *testing.T) {
	t.Parallel()
	c := blog(t).as(ada)
	c.mistakes(t, `mutation {a: createPost(data: {title: "A"}) {id} b: deletePost(id: "`+post1+`") {id} c: createPost(data: {title: ""}) {id}}`, nil)
	if got := c.as(service).data(t, `{posts(orderBy: {at: ASC}) {nodes {title}}}`, nil); got != `{"posts":{"nodes":[{"title":"First"},{"title":"Second"}]}}` {
		t.Errorf("something of a mutation that failed is left: %s", got)
	}
}

// An id that the database makes is one of ours.
func TestCreatedIDs(t *testing.T) {
	t.Parallel()
	if got := blog(t).as(ada).data(t, `mutation {createPost(data: {title: "A"}) {id}}`, nil); !anyUUID.MatchString(got) {
		t.Error(got)
	}
}
