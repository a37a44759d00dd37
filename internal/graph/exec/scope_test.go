package exec_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

// scoped is a schema with a rule that looks at another type, a delete that deletes rows of another type, and an implied join table.
const scoped = `
type Team @table @auth(rules: [{allow: PUBLIC}]) { name: String! members: [Member!]! }
type Member @table @auth(rules: [{allow: PUBLIC, where: "this.team.name != 'hidden'"}]) { name: String! team: Team! @ref(onDelete: CASCADE) }
type Note @table @auth(rules: [{allow: PUBLIC}]) { text: String! labels: [Label!]! }
type Label @table @auth(rules: [{allow: PUBLIC}]) { name: String! notes: [Note!]! }
`

// An operation of an API key is refused if it is not among the key's operations, or touches a type that is not among its types: by its
// selection, a rule or a delete. An implied join table belongs to both of its ends. The service key has the same limits.
func TestScopeOfAPIKeys(t *testing.T) {
	c := serve(t, scoped, "", "INSERT INTO teams (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'a')")
	const remove = `mutation { deleteTeam(id: "00000000-0000-7000-8000-000000000009") { id } }`
	for _, test := range []struct {
		operations, types, query, missing string
		service                           bool
	}{
		{"", "", "{ teams { totalCount } members { totalCount } }", "", false},
		{"query", "", "{ teams { totalCount } }", "", false},
		{"mutation", "", "{ teams { totalCount } }", "operation query", false},
		{"query", "", remove, "operation mutation", false},
		{"query", "", remove, "operation mutation", true},
		{"none", "", "{ __typename }", "operation query", false},
		{"", "Team", "{ teams { totalCount } }", "", false},
		{"", "Team", "{ teams { nodes { members { totalCount } } } }", "types Member", false},
		{"", "Member", "{ members { totalCount } }", "types Team", false},
		{"", "Member", "{ members { totalCount } }", "", true}, // no rule applies, so that Team is not read
		{"", "Member", "{ teams { totalCount } notes { totalCount } members { totalCount } }", "types Note, Team", true},
		{"", "Team", remove, "types Member", true},
		{"", "Note", "{ notes { nodes { labels { totalCount } } } }", "types Label", false},
		{"", "Note,Label", "{ notes { nodes { labels { totalCount } } } }", "", false},
		{"", "Label,Team", `mutation { createNote(data: {text: "x", labels: {connect: [{id: "00000000-0000-7000-8000-000000000009"}]}}) { id } }`, "types Note", false},
		{"", "Note", "{ __typename }", "", false},
	} {
		who := caller.Caller{UID: "u", Key: "k", Service: test.service}
		if test.operations != "" {
			who.Scope.Operations = strings.Split(test.operations, ",")
		}
		if test.types != "" {
			who.Scope.Types = strings.Split(test.types, ",")
		}
		var answer struct {
			Errors []struct {
				Message    string
				Extensions struct{ Code string }
			}
		}
		body := c.as(who).send(t, test.query, nil).Body
		if err := json.Unmarshal(body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		refused := len(answer.Errors) == 1 && answer.Errors[0].Extensions.Code == "FORBIDDEN" && answer.Errors[0].Message == "the API key does not allow the "+test.missing
		if (test.missing == "" && len(answer.Errors) > 0) || (test.missing != "" && !refused) {
			t.Errorf("%+v\nanswers %s", test, body)
		}
	}
}
