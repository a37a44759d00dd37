package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

const viewSchema = `
	type Sale @table @auth(rules: []) { seller: String! amount: Int! }
	type SellerDay @view(name: "seller_totals", key: ["seller"]) @auth(rules: [{ allow: OWNER, field: "seller" }, { allow: PUBLIC, where: "this.sales > 1" }]) {
	  seller: String!
	  sales: Int!
	  total: Int64 @auth(rules: [{ allow: OWNER, field: "seller" }])
	}
	extend type Query { best: [SellerDay!]! @sql(query: "select seller from seller_totals order by total desc") @auth(rules: [{ allow: PUBLIC }]) }`

const sellerTotals = `CREATE VIEW seller_totals AS SELECT seller, count(*)::int AS sales, sum(amount) AS total FROM sales GROUP BY seller;
	INSERT INTO sales (id, seller, amount) SELECT gen_random_uuid(), s, a FROM (VALUES ('ann', 5), ('ann', 6), ('ben', 3), ('cas', 1), ('cas', 20)) v(s, a)`

// A view is read under its rules as a table is, and written by nobody.
func TestViews(t *testing.T) {
	c := serve(t, viewSchema, "", sellerTotals)
	sdl := apiOf(t, viewSchema).SDL()
	if strings.Contains(sdl, "type Mutation") {
		t.Error("a view has mutations")
	}
	for _, tt := range []struct{ who, query, want string }{
		{"", `{sellerDays(orderBy: [{sales: DESC}]) {totalCount nodes {seller sales total}}}`,
			`{"sellerDays":{"totalCount":2,"nodes":[{"seller":"cas","sales":2,"total":null},{"seller":"ann","sales":2,"total":null}]}}`},
		{"ben", `{sellerDays(first: 1, orderBy: [{total: ASC}]) {totalCount nodes {seller total} pageInfo {hasNextPage}}}`,
			`{"sellerDays":{"totalCount":3,"nodes":[{"seller":"ben","total":"3"}],"pageInfo":{"hasNextPage":true}}}`},
		{"", `{sellerDay(seller: "ben") {sales}}`, `{"sellerDay":null}`},
		{"ben", `{sellerDay(seller: "ben") {sales}}`, `{"sellerDay":{"sales":1}}`},
		{"ann", `{sellerDays(where: {total: {gt: "1"}}) {totalCount}}`, `{"sellerDays":{"totalCount":1}}`},
		{"", `{best {seller}}`, `{"best":[{"seller":"cas"},{"seller":"ann"}]}`},
	} {
		if got := c.as(caller.Caller{UID: tt.who}).data(t, tt.query, nil); got != tt.want {
			t.Errorf("%s as %q: %s, want %s", tt.query, tt.who, got, tt.want)
		}
	}
	conn, err := c.db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if err := exec.Verify(t.Context(), conn.Conn(), apiOf(t, viewSchema)); err != nil {
		t.Error(err)
	}
	err = exec.Verify(t.Context(), conn.Conn(), apiOf(t, strings.ReplaceAll(viewSchema, "sales: Int!", "sold: Int!\n sales: Int!")))
	if err == nil || !strings.Contains(err.Error(), `schema.graphql:3:7: SellerDay: column "sold" does not exist`) {
		t.Errorf("Verify returns %v", err)
	}
	if _, err := graph.New(parsed(t, viewSchema), graph.Options{Policed: true}); err == nil || !strings.Contains(err.Error(), "SellerDay is over a view") {
		t.Errorf("views are served under policies: %v", err)
	}
}
