package exec_test

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
)

// Callers of one shape get the same bytes unless the plan says that the answer depends on what differs between them.
func TestPerCallerCoversWhatAnswersDependOn(t *testing.T) {
	c := newClient(t, nil)
	api := platform(t, graph.Options{})
	groups := [][]caller.Caller{
		{ada, bob, cy, admin, support, {UID: "ada", Roles: []string{"admin"}}},
		{keyed, {Roles: []string{"support"}}, {Roles: []string{"other"}}},
	}
	uses := map[string]bool{}
	for _, query := range []string{
		`{prompts {totalCount nodes {title owner {email}}}}`, `{users {nodes {id name}}}`, `{users {nodes {email}}}`, `{profiles {nodes {bio}}}`,
		`{teams {nodes {name memberships {totalCount}}}}`, `{labels {nodes {name}}}`, `{labels {nodes {prompts {totalCount}}}}`, `{memberships {totalCount}}`,
		`{executions {nodes {tokens}}}`, `{users(where: {email: {startsWith: "a"}}) {totalCount}}`, `{users(orderBy: {email: DESC}) {nodes {id}}}`,
		`{audits {totalCount}}`, `{teams(where: {memberships: {some: {}}}) {totalCount}}`, `{__typename}`,
	} {
		doc, errs := gqlparser.LoadQueryWithRules(api.Schema(), query, rules.NewDefaultRules())
		if errs != nil {
			t.Fatal(errs)
		}
		for _, group := range groups {
			plan, err := api.Plan(doc, doc.Operations[0], graph.Request{Caller: group[0]})
			if err != nil {
				t.Fatal(err)
			}
			uses[plan.PerCaller.String()] = true
			for _, a := range group {
				for _, b := range group {
					same := (a.UID == b.UID || !plan.PerCaller.UID) && (slices.Equal(a.Roles, b.Roles) || !plan.PerCaller.Roles)
					if !same {
						continue
					}
					if x, y := c.as(a).data(t, query, nil), c.as(b).data(t, query, nil); x != y {
						t.Errorf("%s depends on %s, and answers %+v with\n%s\nand %+v with\n%s", query, plan.PerCaller, a, x, b, y)
					}
				}
			}
		}
	}
	for _, use := range []string{"nothing", "uid", "uid, roles", "roles"} {
		if !uses[use] {
			t.Errorf("no plan of the test depends on %s", use)
		}
	}
}
