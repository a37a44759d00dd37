package graph_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
)

// BenchmarkBind binds a plan with parameters of every kind.
func BenchmarkBind(b *testing.B) {
	api := platform(b)
	doc, op := operation(b, api, `query($w: PromptWhere, $n: Int, $t: String!) {
		prompts(where: $w, first: $n) {nodes {title executions(where: {tokens: {in: ["1", "2"]}}) {nodes {id}}}}
		users(where: {name: {eq: $t}, prompts: {some: {title: {eq: "x"}}}}) {totalCount}}`)
	r := graph.Request{Caller: caller.Caller{UID: "ada", Roles: []string{"admin"}}, Variables: map[string]any{
		"w": map[string]any{"or": []any{map[string]any{"title": map[string]any{"contains": "a"}}, map[string]any{"score": map[string]any{"in": []any{1, 2}}}}}, "n": 5, "t": "b",
	}}
	plan, err := api.Plan(doc, op, r)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Bind(r); err != nil {
			b.Fatal(err)
		}
	}
}
