package exec_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
)

// How many rows of each type there are.
const (
	users  = 4
	teams  = 2
	posts  = 5
	labels = 3
)

// id returns the key of a row.
func id(kind rune, n int) string {
	return fmt.Sprintf("00000000-0000-7000-8000-0000000000%c%d", kind, n)
}

// policyCallers are nobody, users, and one whose id no uuid can hold. A token without a subject is nobody's, whatever its roles.
var policyCallers = []caller.Caller{
	{}, {UID: id('c', 0), Tier: "PRO"}, {UID: id('c', 1), Roles: []string{"editor"}, Tier: "FREE"}, {UID: id('c', 2), Roles: []string{"admin", "editor"}},
	{UID: "O'Neil", Tier: "TEAM"},
}

// policyMaker makes schemas with random rules over the same fields, and rows.
type policyMaker struct {
	*rand.Rand
	fresh bool // some of it asks for a recent log-in
}

// conditions are what rules can look at, by type: of the row, of the caller, and of other rows.
var conditions = map[string][]string{
	"": {"auth.uid != null", "auth.uid == null", "'admin' in auth.roles", "!('editor' in auth.roles)", "request.time > timestamp('2020-01-01T00:00:00Z')"},
	"User": {"this.name == 'u1'", "string(this.id) == auth.uid", "this.posts.exists(p, p.kind == 'PUBLIC')",
		"this.memberships.exists(m, m.team.name == 't0')", "this.posts.exists(p, p.labels.exists(l, l.creator == auth.uid))"},
	"Team": {"this.memberships.exists(m, m.user.id == auth.uid)", "this.name != 't1'", "this.posts.all(p, p.kind != 'PRIVATE')",
		"this.posts.exists(p, p.owner.memberships.exists(m, m.rank > 1))"},
	"Membership": {"this.rank > 1", "this.team.name == 't0'", "this.team.memberships.exists(m, m.user.id == auth.uid && m.rank > 1)",
		"this.user.memberships.all(m, m.rank < 3)"},
	"Post": {"this.kind == 'PUBLIC'", "this.team.memberships.exists(m, m.user.id == auth.uid)", "this.score > 3", "this.owner.name == 'u1'",
		"this.editor == auth.uid", "this.labels.exists(l, l.name == 'l0')", "this.owner == null", "has(this.editor) && this.kind in ['TEAM', 'PUBLIC']",
		"!this.labels.exists(l, l.name == 'l1')", "this.labels.all(l, l.creator == auth.uid)", "this.parent.kind == 'PUBLIC'",
		"this.children.exists(c, c.editor == auth.uid)", "this.parent == null || this.parent.editor == this.editor"},
	"Label": {"this.name == 'l0'", "this.posts.exists(p, p.owner.id == auth.uid)", "this.creator == auth.uid", "this.posts.all(p, p.kind != 'TEAM')"},
}

// owners are the fields that can hold the owner of a row.
var owners = map[string][]string{"User": {"id"}, "Membership": {"user"}, "Post": {"owner", "editor"}, "Label": {"creator"}}

// rule returns a random rule. One of a field has no DELETE.
func (g policyMaker) rule(typ string, onField bool) string {
	parts := []string{[]string{"allow: PUBLIC", "allow: AUTHENTICATED", "allow: ROLE, roles: [\"admin\", \"x\"]", "allow: ROLE, roles: [\"editor\"]", "allow: TIER, atLeast: PRO"}[g.IntN(5)]}
	if list := owners[typ]; len(list) > 0 && g.IntN(3) == 0 {
		parts[0] = fmt.Sprintf("allow: OWNER, field: %q", list[g.IntN(len(list))])
	}
	if list := append(conditions[typ], conditions[""]...); g.IntN(2) == 0 {
		parts = append(parts, fmt.Sprintf("where: %q", list[g.IntN(len(list))]))
	}
	var operations []string
	for _, o := range []string{"READ", "CREATE", "UPDATE", "DELETE"} {
		if g.IntN(2) == 0 && (!onField || o != "DELETE") {
			operations = append(operations, o)
		}
	}
	if len(operations) > 0 {
		parts = append(parts, "operations: ["+strings.Join(operations, ", ")+"]")
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// auth returns a directive with up to four rules.
func (g policyMaker) auth(typ string, onField bool) string {
	var rules []string
	for range g.IntN(5) {
		rules = append(rules, g.rule(typ, onField))
	}
	if isLinked := typ == "Post" || typ == "Label"; isLinked && !onField && g.IntN(2) == 0 {
		rules = append(rules, "{ allow: AUTHENTICATED, operations: [UPDATE] }") // both ends of a link must be open to it
	}
	return " @auth(rules: [" + strings.Join(rules, ", ") + "]" + g.within(len(rules)) + ")"
}

// within asks for a recent log-in at times.
func (g policyMaker) within(rules int) string {
	if !g.fresh || rules == 0 || g.IntN(3) > 0 {
		return ""
	}
	return `, fresh: "1h", freshFor: [` + []string{"READ", "UPDATE", "CREATE, UPDATE", "READ, CREATE"}[g.IntN(4)] + "]"
}

// field returns the rules of a field; most have none.
func (g policyMaker) field(typ string) string {
	switch g.IntN(4) {
	case 0:
		return g.auth(typ, true)
	case 1:
		if g.fresh {
			return ` @auth(fresh: "1h")`
		}
	}
	return ""
}

func (g policyMaker) schema() string {
	return fmt.Sprintf(`
enum Kind { PRIVATE TEAM PUBLIC }
enum Tier @tiers { FREE PRO TEAM }
type User @table%s { name: String!%s note: String memberships: [Membership!]! posts: [Post!]! }
type Team @table%s { name: String! note: String memberships: [Membership!]! posts: [Post!]! }
type Membership @table(key: ["user", "team"])%s {
  user: User! @ref(onDelete: CASCADE)
  team: Team! @ref(onDelete: CASCADE)
  rank: Int!%s
  note: String
}
type Post @table%s {
  owner: User%s
  editor: String%s
  team: Team%s
  parent: Post%s
  children: [Post!]!
  kind: Kind!%s
  score: Int!%s
  note: String
  labels: [Label!]!%s
}
type Label @table%s { name: String!%s creator: String note: String posts: [Post!]!%s }
`, g.auth("User", false), g.field("User"), g.auth("Team", false), g.auth("Membership", false), g.field("Membership"), g.auth("Post", false),
		g.field("Post"), g.field("Post"), g.field("Post"), g.field("Post"), g.field("Post"), g.field("Post"), g.field("Post"), g.auth("Label", false), g.field("Label"), g.field("Label"))
}

func (g policyMaker) maybe(text string) string {
	if g.IntN(4) == 0 {
		return "NULL"
	}
	return "'" + text + "'"
}

// kinds are the values of the enum.
var kinds = []string{"PRIVATE", "TEAM", "PUBLIC"}

func (g policyMaker) rows() (statements []string) {
	add := func(format string, args ...any) { statements = append(statements, fmt.Sprintf(format, args...)) }
	for i := range users {
		add("INSERT INTO users (id, name) VALUES ('%s', 'u%d')", id('c', i), i)
	}
	for i := range teams {
		add("INSERT INTO teams (id, name) VALUES ('%s', 't%d')", id('d', i), i)
		for u := range users {
			if g.IntN(2) == 0 {
				add("INSERT INTO memberships (user_id, team_id, rank) VALUES ('%s', '%s', %d)", id('c', u), id('d', i), g.IntN(4))
			}
		}
	}
	for i := range labels {
		add("INSERT INTO labels (id, name, creator) VALUES ('%s', 'l%d', %s)", id('b', i), i, g.maybe(id('c', g.IntN(users))))
	}
	for i := range posts {
		parent := "NULL"
		if i > 0 {
			parent = g.maybe(id('a', g.IntN(i)))
		}
		add("INSERT INTO posts (id, owner_id, editor, team_id, parent_id, kind, score) VALUES ('%s', %s, %s, %s, %s, '%s', %d)", id('a', i),
			g.maybe(id('c', g.IntN(users))), g.maybe(id('c', g.IntN(users))), g.maybe(id('d', g.IntN(teams))), parent, kinds[g.IntN(3)], g.IntN(8))
		for l := range labels {
			if g.IntN(3) == 0 {
				add("INSERT INTO labels_posts (post_id, label_id) VALUES ('%s', '%s')", id('a', i), id('b', l))
			}
		}
	}
	return statements
}

func text(field, value string) policyValue {
	return policyValue{field, fmt.Sprintf("%q", value), "'" + value + "'"}
}

// values returns random values of a type: all that a new row needs, or some to change.
func (g policyMaker) values(typ string, isNew bool) []policyValue {
	name := text("name", fmt.Sprintf("%c%d", strings.ToLower(typ)[0], g.IntN(3)))
	user, team := id('c', g.IntN(users)), id('d', g.IntN(teams))
	number := func(field string) policyValue {
		n := fmt.Sprint(g.IntN(8))
		return policyValue{field, n, n}
	}
	var list []policyValue
	switch typ {
	case "Membership":
		list = []policyValue{number("rank")}
		if isNew {
			list = append(list, text("userId", user), text("teamId", team))
		}
	case "Post":
		kind := kinds[g.IntN(3)]
		list = []policyValue{number("score"), {"kind", kind, "'" + kind + "'"}}
		for _, v := range []policyValue{text("ownerId", user), text("editor", user), text("teamId", team), text("parentId", id('a', g.IntN(posts)))} {
			if g.IntN(2) == 0 {
				list = append(list, v)
			}
		}
	case "Label":
		list = []policyValue{name, text("creator", user)}
	default:
		list = []policyValue{name}
	}
	return list
}
