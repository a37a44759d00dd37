package sdl_test

import (
	"os"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

const prompts = `
enum Visibility { PRIVATE TEAM PUBLIC }

type User @table @auth(rules: [{ allow: OWNER, field: "id" }]) {
  id: ID!
  email: String! @unique @format(type: email)
  prompts: [Prompt!]!
  teams: [Team!]! @manyToMany(through: "Membership")
}

type Team @table @auth(rules: []) {
  name: String!
  members: [User!]! @manyToMany(through: "Membership")
}

type Membership @table(key: ["user", "team"]) @auth(rules: []) {
  user: User!
  team: Team! @ref(onDelete: CASCADE)
}

type Label @table @auth(rules: []) {
  name: String!
  prompts: [Prompt!]!
}

type Prompt
  @table
  @index(fields: ["visibility", "createdAt"], order: [ASC, DESC]) @index(fields: ["id", "createdAt"])
  @index(fields: ["owner"], where: "this.visibility == 'PUBLIC'", name: "prompts_public_idx")
  @check(expr: "size(this.title) > 0")
  @auth(rules: [
    { allow: OWNER, field: "owner" }
    { allow: PUBLIC, where: "this.visibility == 'PUBLIC'", operations: [READ] }
    { allow: ROLE, roles: ["admin"] }
    { allow: AUTHENTICATED, where: "this.owner.teams.exists(t, t.members.exists(m, m.id == auth.uid))" }
  ]) {
  "Shown in lists and search results."
  title: String! @length(min: 1, max: 200)
  body: String!
  tags: [String!]! @default(value: [])
  labels: [Label!]!
  visibility: Visibility! @default(value: PRIVATE)
  owner: User! @ref(onDelete: CASCADE) @default(expr: "auth.uid")
  executions: [Execution!]!              # the other end of Execution.prompt
  createdAt: DateTime! @default(expr: "request.time")
  updatedAt: DateTime! @default(expr: "request.time") @onUpdate(expr: "request.time")
}

type Execution @table(key: ["id", "startedAt"]) @auth(rules: []) {
  id: ID! @default(expr: "uuidV7()")
  prompt: Prompt
  retryOf: Execution
  startedAt: DateTime! @default(expr: "request.time")
  cost: Decimal! @range(min: 0) @default(value: 0)
}
`

func parse(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if len(list) > 0 {
		t.Fatalf("%s", list.Error())
	}
	return s
}

func TestParse(t *testing.T) {
	s := parse(t, prompts)
	if s.Type("Prompt").Field("owner").Column != "owner_id" {
		t.Error("owner")
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
