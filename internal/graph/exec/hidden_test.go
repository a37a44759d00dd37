package exec_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

const ballotSchema = `
	type User @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  ballots: [Ballot!]!
	  seat: Seat @inverse(field: "holder")
	}
	type Ballot @table(key: ["voter", "poll"]) @auth(rules: [{ allow: PUBLIC }]) {
	  voter: User! @auth(rules: [{ allow: OWNER, field: "voter" }])
	  poll: String!
	  choice: Int!
	  comments: [Comment!]!
	}
	type Comment @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  ballot: Ballot!
	}
	type Seat @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  holder: User! @unique @auth(rules: [{ allow: ROLE, roles: ["clerk"] }])
	}`

const ballotRows = `INSERT INTO users (id) VALUES ('alice'), ('bob'), ('zoe');
	INSERT INTO ballots (voter_id, poll, choice) VALUES ('alice', 'p1', 1), ('bob', 'p1', 2), ('zoe', 'p1', 3), ('alice', 'p2', 1);
	INSERT INTO comments (id, ballot_voter_id, ballot_poll) VALUES ('c1', 'alice', 'p1'), ('c2', 'bob', 'p1');
	INSERT INTO seats (id, holder_id) VALUES ('s1', 'alice')`

// A field that a caller may not read is null on every path.
func TestHiddenKeys(t *testing.T) {
	c := serve(t, ballotSchema, "", ballotRows)
	for _, tt := range []struct{ who, query, want string }{
		{"", `{ballot(voterId: "alice", poll: "p1") {choice}}`, `{"ballot":null}`},
		{"bob", `{ballot(voterId: "alice", poll: "p1") {choice}}`, `{"ballot":null}`},
		{"alice", `{ballot(voterId: "alice", poll: "p1") {choice voterId voter {id}}}`, `{"ballot":{"choice":1,"voterId":"alice","voter":{"id":"alice"}}}`},
		{"", `{ballots(where: {voterId: {eq: "alice"}}) {totalCount}}`, `{"ballots":{"totalCount":0}}`},
		{"", `{ballots(where: {voterId: {isNull: true}}) {totalCount}}`, `{"ballots":{"totalCount":4}}`},
		{"bob", `{ballots(where: {voterId: {isNull: true}}) {totalCount}}`, `{"ballots":{"totalCount":3}}`},
		{"bob", `{ballots(where: {voterId: {ne: "alice"}}) {totalCount}}`, `{"ballots":{"totalCount":4}}`},
		{"bob", `{ballots(where: {voterId: {notIn: ["alice", "bob"]}}) {totalCount}}`, `{"ballots":{"totalCount":3}}`},
		{"bob", `{ballots(where: {not: {voterId: {eq: "alice"}}}) {totalCount}}`, `{"ballots":{"totalCount":4}}`},
		{"bob", `{ballots(where: {voter: {id: {eq: "alice"}}}) {totalCount}}`, `{"ballots":{"totalCount":0}}`},
		{"", `{users {nodes {ballots {totalCount nodes {choice}}}}}`, `{"users":{"nodes":[{"ballots":{"totalCount":0,"nodes":[]}},{"ballots":{"totalCount":0,"nodes":[]}},{"ballots":{"totalCount":0,"nodes":[]}}]}}`},
		{"alice", `{users(first: 2) {nodes {ballots {nodes {poll}}}}}`, `{"users":{"nodes":[{"ballots":{"nodes":[{"poll":"p1"},{"poll":"p2"}]}},{"ballots":{"nodes":[]}}]}}`},
		{"", `{users(where: {ballots: {some: {choice: {eq: 1}}}}) {nodes {id}}}`, `{"users":{"nodes":[]}}`},
		{"", `{users(where: {ballots: {none: {choice: {eq: 1}}}}) {totalCount}}`, `{"users":{"totalCount":3}}`},
		{"", `{comments {nodes {id ballotVoterId ballotPoll ballot {choice voterId}}}}`,
			`{"comments":{"nodes":[{"id":"c1","ballotVoterId":null,"ballotPoll":"p1","ballot":{"choice":1,"voterId":null}},{"id":"c2","ballotVoterId":null,"ballotPoll":"p1","ballot":{"choice":2,"voterId":null}}]}}`},
		{"bob", `{comments {nodes {ballotVoterId}}}`, `{"comments":{"nodes":[{"ballotVoterId":null},{"ballotVoterId":"bob"}]}}`},
		{"", `{comments(where: {ballotVoterId: {eq: "alice"}}) {totalCount}}`, `{"comments":{"totalCount":0}}`},
		{"", `{user(id: "alice") {seat {id}}}`, `{"user":{"seat":null}}`},
		{"", `{users(where: {seat: {id: {eq: "s1"}}}) {totalCount}}`, `{"users":{"totalCount":0}}`},
	} {
		if got := c.as(caller.Caller{UID: tt.who}).data(t, tt.query, nil); got != tt.want {
			t.Errorf("%s as %q: %s, want %s", tt.query, tt.who, got, tt.want)
		}
	}
}

// Pages of rows whose key is hidden are complete, and neither cursors nor the order of the rows tell the keys.
func TestPagesOfHiddenKeys(t *testing.T) {
	var rows strings.Builder
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not for secrets
	for _, i := range random.Perm(30) {
		fmt.Fprintf(&rows, "INSERT INTO users (id) VALUES ('voter-%02d'); INSERT INTO ballots (voter_id, poll, choice) VALUES ('voter-%02d', 'p1', %d);", i, i, i)
	}
	c := serve(t, ballotSchema, "", rows.String())
	cursor := regexp.MustCompile(`"endCursor":"([^"]+)"`)
	choice := regexp.MustCompile(`"choice":(\d+)`)
	for _, order := range []string{"[]", "[{voterId: ASC}]", "[{poll: DESC}, {voterId: DESC}]"} {
		var seen []string
		var after any
		for page := range 10 {
			body := c.as(caller.Caller{UID: "voter-07"}).data(t, `query($after: String) {ballots(first: 7, after: $after, orderBy: `+order+`) {nodes {choice} edges {cursor} pageInfo {hasNextPage endCursor}}}`, map[string]any{"after": after})
			for _, m := range choice.FindAllStringSubmatch(body, -1) {
				seen = append(seen, m[1])
			}
			next := cursor.FindStringSubmatch(body)[1]
			if text := unbase64(t, next); strings.Contains(strings.ReplaceAll(text, "voter-07", ""), "voter-") {
				t.Errorf("a cursor tells a hidden key: %s", text)
			}
			if after = next; !strings.Contains(body, `"hasNextPage":true`) {
				break
			}
			if page == 9 {
				t.Fatal("the pages do not end")
			}
		}
		distinct := map[string]bool{}
		sorted := true
		for i, s := range seen {
			distinct[s] = true
			sorted = sorted && (i == 0 || len(seen[i-1]) < len(s) || seen[i-1] < s)
		}
		if len(seen) != 30 || len(distinct) != 30 || sorted {
			t.Errorf("orderBy %s: %v", order, seen)
		}
	}
}

// What the rules refuse is refused before a conflict tells that another row exists.
func TestWritesAreNoOracle(t *testing.T) {
	c := serve(t, `
		type User @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }]) { id: ID! @col(dataType: "text") }
		type Note @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: PUBLIC, where: "this.big && this.kind == 'open'", operations: [CREATE, UPDATE] }]) {
		  id: ID! @col(dataType: "text")
		  slug: String! @unique
		  kind: String! @default(value: "closed")
		  size: Int! @default(value: 1)
		  big: Boolean! @generated(expr: "this.size > 10")
		  owner: User
		}`, "", `INSERT INTO users (id) VALUES ('ada'), ('bob'); INSERT INTO notes (id, slug, owner_id) VALUES ('n1', 'taken', 'ada'), ('n2', 'mine', 'bob')`)
	bob := caller.Caller{UID: "bob"}
	for _, tt := range []struct{ query, code string }{
		{`createNote(data: {id: "x", slug: "taken", ownerId: "ada"}) {id}`, "FORBIDDEN"},
		{`createNote(data: {id: "x", slug: "free", ownerId: "ada"}) {id}`, "FORBIDDEN"},
		{`createNote(data: {id: "n1", slug: "free", ownerId: "nobody"}) {id}`, "FORBIDDEN"},
		{`createNote(data: {id: "x", slug: "free", ownerId: "nobody"}) {id}`, "FORBIDDEN"},
		{`createNote(data: {id: "x", slug: "taken", ownerId: "bob"}) {id}`, "CONFLICT"},
		{`createNote(data: {id: "x", slug: "taken", kind: "open", size: 11}) {id}`, "CONFLICT"},
		{`createNote(data: {id: "x", slug: "taken", kind: "open", size: 9}) {id}`, "FORBIDDEN"},
		{`createNote(data: {id: "x", slug: "taken", size: 11}) {id}`, "FORBIDDEN"},
		{`a: createNote(data: {id: "x", slug: "new", ownerId: "bob"}) {id} b: createNote(data: {id: "y", slug: "new", ownerId: "ada"}) {id}`, "FORBIDDEN"},
		{`a: createNote(data: {id: "x", slug: "new", ownerId: "bob"}) {id} b: createNote(data: {id: "y", slug: "new", ownerId: "bob"}) {id}`, "CONFLICT"},
		{`updateNote(id: "n2", data: {slug: "taken", ownerId: "ada"}) {id}`, "FORBIDDEN"},
		{`updateNote(id: "n2", data: {slug: "other", ownerId: "ada"}) {id}`, "FORBIDDEN"},
		{`updateNote(id: "n2", data: {slug: "taken"}) {id}`, "CONFLICT"},
		{`updateNote(id: "n2", data: {slug: "taken", ownerId: null, kind: "open", size: 20}) {id}`, "CONFLICT"},
		{`updateNote(id: "n2", data: {ownerId: "nobody"}) {id}`, "FORBIDDEN"},
	} {
		_, a := c.as(bob).mistakes(t, "mutation {"+tt.query+"}", nil)
		if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != tt.code {
			t.Errorf("%s: %+v, want %s", tt.query, a.Errors, tt.code)
		}
	}
	ballots := serve(t, ballotSchema, "", ballotRows)
	for _, query := range []string{`updateBallot(voterId: "alice", poll: "p1", data: {choice: 9}) {choice}`, `deleteBallot(voterId: "alice", poll: "p1") {choice}`} {
		_, hidden := ballots.as(bob).mistakes(t, "mutation {"+query+"}", nil)
		_, absent := ballots.as(bob).mistakes(t, "mutation {"+strings.ReplaceAll(query, "p1", "p9")+"}", nil)
		if len(hidden.Errors) != 1 || len(absent.Errors) != 1 || hidden.Errors[0].Message != absent.Errors[0].Message {
			t.Errorf("%s: %+v; of no row: %+v", query, hidden.Errors, absent.Errors)
		}
	}
}

// All that is wrong with an input is said at once, with the field and the limit.
func TestAllViolationsAtOnce(t *testing.T) {
	c := serve(t, `
		type Item @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) @check(name: "cheap", expr: "this.price < this.size * 10", message: "the price is too high") {
		  id: ID! @col(dataType: "text")
		  name: String! @length(min: 2, max: 5)
		  size: Int! @range(min: 1, max: 100)
		  price: Int!
		  code: String @pattern(regex: "^[a-z]+$")
		  at: DateTime
		}`, "", `INSERT INTO items (id, name, size, price) VALUES ('a', 'abc', 10, 1)`).as(service)
	for _, tt := range []struct{ query, want string }{
		{`createItem(data: {id: "x", name: "a", size: 0, price: 5, code: "1"}) {id}`,
			"code: code must match ^[a-z]+$; name: name must have 2 to 5 characters; size: size must be between 1 and 100; : the price is too high"},
		{`createItem(data: {id: "x", name: "abc", size: 101, price: 5}) {id}`, "size: size must be between 1 and 100"},
		{`updateItem(id: "a", data: {name: "abcdef", price: 500}) {id}`, "name: name must have 2 to 5 characters; : the price is too high"},
		{`createItem(data: {id: "x", name: "abc", size: 3000000000, price: 5, at: "now"}) {id}`,
			`size: size: "3000000000" is not a valid Int; at: at: "now" is not a valid DateTime`},
	} {
		_, a := c.mistakes(t, "mutation {"+tt.query+"}", nil)
		var all []string
		for _, e := range a.Errors {
			all = append(all, e.Extensions.Field+": "+e.Message)
			if len(e.Path) != 1 || e.Extensions.Code != "INVALID" {
				t.Errorf("%s: %+v", tt.query, e)
			}
		}
		if got := strings.Join(all, "; "); got != tt.want && !sameWords(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.query, got, tt.want)
		}
	}
}

// An error names no field that the caller is not allowed to read, of no type.
func TestViolationsNameWhatIsReadable(t *testing.T) {
	t.Parallel()
	c := serve(t, `
		type User @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
		  id: ID! @col(dataType: "text")
		  email: String @unique @length(min: 3) @auth(rules: [{ allow: PUBLIC, operations: [CREATE, UPDATE] }, { allow: ROLE, roles: ["clerk"], operations: [READ] }])
		  nick: String @unique @length(min: 3)
		}
		type Secret @table(key: ["id"]) @auth(rules: []) { id: ID! @col(dataType: "text") user: User! @ref(onDelete: RESTRICT) }
		type Note @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") user: User! @ref(onDelete: RESTRICT) }`,
		"", `INSERT INTO users VALUES ('a', 'a@x', 'ann'), ('b', 'b@x', 'bob'), ('c', 'c@x', 'cyd'); INSERT INTO secrets VALUES ('s', 'a'); INSERT INTO notes VALUES ('n', 'b')`)
	clerk := caller.Caller{Roles: []string{"clerk"}}
	for _, tt := range []struct {
		who         caller.Caller
		query, want string
	}{
		{anonymous, `createUser(data: {id: "d", email: "a@x"}) {id}`, "CONFLICT another row has the same key or unique value  "},
		{clerk, `createUser(data: {id: "d", email: "a@x"}) {id}`, "CONFLICT email: another User has the same value email users_email_key"},
		{anonymous, `updateUsers(where: {id: {eq: "c"}}, data: {email: "a@x"}) {count}`, "CONFLICT another row has the same key or unique value  "},
		{anonymous, `createUser(data: {id: "d", nick: "ann"}) {id}`, "CONFLICT nick: another User has the same value nick users_nick_key"},
		{anonymous, `createUser(data: {id: "d", email: "x"}) {id}`, "INVALID a value is not allowed  "},
		{anonymous, `createUser(data: {id: "d", nick: "x"}) {id}`, "INVALID nick must have at least 3 characters nick users_nick_length_check"},
		{anonymous, `deleteUser(id: "a") {id}`, "CONFLICT a reference has no target, or another row still refers to this one  "},
		{service, `deleteUser(id: "a") {id}`, "CONFLICT user: no such User exists, or a Secret still refers to it user secrets_user_id_fkey"},
		{anonymous, `deleteUser(id: "b") {id}`, "CONFLICT user: no such User exists, or a Note still refers to it user notes_user_id_fkey"},
	} {
		_, a := c.as(tt.who).mistakes(t, "mutation {"+tt.query+"}", nil)
		x := a.Errors[0].Extensions
		if got := x.Code + " " + a.Errors[0].Message + " " + x.Field + " " + x.Constraint; got != tt.want {
			t.Errorf("%s as %+v: %s, not %s", tt.query, tt.who, got, tt.want)
		}
	}
}

// A check that names fields which the caller is not allowed to read tells at most its own message.
func TestChecksOfHiddenFields(t *testing.T) {
	t.Parallel()
	c := serve(t, `
		type Offer @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }])
			@check(name: "offers_price_floor", expr: "this.price >= this.floor", message: "the price is too low")
			@check(name: "offers_price_cap", expr: "this.price <= this.cap")
			@check(name: "offers_floor_cap", expr: "this.floor <= this.cap", message: "floor and cap")
			@check(name: "offers_size", expr: "this.size > 0", message: "an offer has a size")
			@check(name: "offers_sql", sql: "size < 900 OR FLOOR < 9", message: "large offers have a low price") {
		  id: ID! @col(dataType: "text")
		  price: Int! @check(name: "offers_price_even", expr: "this.price % 2 == 0 || this.cap > 50", message: "it must be even")
		  size: Int! @default(value: 1)
		  floor: Int! @default(value: 10) @auth(rules: [{ allow: ROLE, roles: ["clerk"] }, { allow: PUBLIC, operations: [CREATE, UPDATE] }])
		  cap: Int! @default(value: 20) @auth(rules: [{ allow: ROLE, roles: ["clerk"] }, { allow: PUBLIC, operations: [CREATE, UPDATE] }])
		}`, "", "")
	clerk := caller.Caller{Roles: []string{"clerk"}}
	for _, tt := range []struct{ data, anonymous, clerk string }{
		{`price: 2`, "the price is too low  ", "the price is too low  offers_price_floor"},
		{`price: 30`, "a value is not allowed  ", "it must satisfy this.price <= this.cap  offers_price_cap"},
		{`price: 40, floor: 40`, "a value is not allowed  ; a value is not allowed  ", "floor and cap  offers_floor_cap; it must satisfy this.price <= this.cap  offers_price_cap"},
		{`price: 12, size: 0`, "an offer has a size  offers_size", "an offer has a size  offers_size"},
		{`price: 12, size: 900`, "large offers have a low price  ", "large offers have a low price  offers_sql"},
		{`price: 13`, "price: it must be even price ", "price: it must be even price offers_price_even"},
	} {
		for who, want := range map[*caller.Caller]string{&anonymous: tt.anonymous, &clerk: tt.clerk} {
			_, a := c.as(*who).mistakes(t, `mutation {createOffer(data: {id: "x", `+tt.data+`}) {id}}`, nil)
			var got []string
			for _, e := range a.Errors {
				got = append(got, e.Message+" "+e.Extensions.Field+" "+e.Extensions.Constraint)
			}
			if !sameWords(strings.Join(got, "; "), want) {
				t.Errorf("%s as %+v: %q, want %q", tt.data, *who, got, want)
			}
		}
	}
}

// sameWords compares lists of mistakes in any order.
func sameWords(a, b string) bool {
	x, y := strings.Split(a, "; "), strings.Split(b, "; ")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
