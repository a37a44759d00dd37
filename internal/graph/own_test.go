package graph_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/testkit"
)

// The SDL of an API with names, computed fields and fields of the team's own.
func TestOwnSDL(t *testing.T) {
	api, err := derive(t, `
		enum Size { SMALL LARGE @deprecated(reason: "Use SMALL.") }
		type Human @table(name: "people") @api(name: "Person", hide: [DELETE]) @auth(rules: [{ allow: PUBLIC }]) {
			fullName: String! @api(name: "name")
			password: String @api(hide: [READ])
			salt: Int! @default(value: 1) @api(hide: true)
			size: Size! @deprecated
			"In capitals."
			title: String @sql(expr: "upper(this.full_name)")
			boss: Human @api(name: "head")
		}
		"What there is."
		type Sum { people: Int! sizes: [Size!] }
		extend type Query {
			"The first ones."
			oldest("How many." first: Int = 10, size: Size @deprecated(reason: "Filter yourself.")): [Human!]!
				@sql(query: "select id from people where $size is null order by id limit $first") @auth(rules: [{ allow: PUBLIC }])
			sum: Sum @sql(query: "select count(*)::int as people, null::size[] as sizes from people") @auth(rules: [{ allow: PUBLIC }]) @deprecated
		}
		extend type Mutation { promote(id: ID!): Human @function(name: "promote") @auth(rules: [{ allow: AUTHENTICATED }]) }`, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "testdata/own.api.graphql", []byte(api.SDL()))
}
