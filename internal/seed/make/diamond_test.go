package make_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestRoutesAgree generates tables that reach one another in several ways, in three steps.
func TestRoutesAgree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sdl       string
		questions []string // each with the answer true
	}{
		"more steps": {`type Project @table { name: String! } type Task @table { project: Project! title: String! }
			type Thread @table { task: Task title: String! } type Comment @table { thread: Thread task: Task! project: Project! text: String! }`,
			[]string{
				"SELECT bool_and(c.project_id = t.project_id) AND count(DISTINCT c.project_id) > 20 FROM comments c JOIN tasks t ON t.id = c.task_id",
				"SELECT bool_and(c.task_id = t.task_id) AND count(*) > 100 FROM comments c JOIN threads t ON t.id = c.thread_id WHERE t.task_id IS NOT NULL",
			}},
		"no task of its own": {`type Project @table { name: String! } type Task @table { project: Project! title: String! }
			type Thread @table { task: Task! title: String! } type Comment @table { thread: Thread! project: Project! text: String! }`,
			[]string{"SELECT bool_and(c.project_id = t.project_id) AND count(DISTINCT c.project_id) > 20 FROM comments c JOIN threads h ON h.id = c.thread_id JOIN tasks t ON t.id = h.task_id"}},
		"the same parent": {`type Customer @table { name: String! } type Order @table(name: "orders") { customer: Customer! } type Address @table { customer: Customer! }
			type Line @table { order: Order! address: Address! n: Int! } type Note @table { order: Order! address: Address }`,
			[]string{
				"SELECT bool_and(o.customer_id = a.customer_id) AND count(DISTINCT order_id) > 50 FROM lines l JOIN orders o ON o.id = l.order_id JOIN addresses a ON a.id = l.address_id",
				"SELECT bool_and(o.customer_id = a.customer_id) AND count(DISTINCT order_id) > 50 FROM notes l JOIN orders o ON o.id = l.order_id JOIN addresses a ON a.id = l.address_id",
			}},
		"other names": {`type Organization @table { name: String! } type Team @table { org: Organization! } type Member @table { team: Team! organization: Organization! }`,
			[]string{"SELECT bool_and(m.organization_id = t.org_id) AND count(DISTINCT org_id) > 20 FROM members m JOIN teams t ON t.id = m.team_id"}},
		"roles of people": {`enum Place { A B C } type Org @table(key: ["place"]) { place: Place! } type User @table { org: Org! } type Post @table { author: User! org: Org! }
			type Review @table { post: Post! author: User! reviewer: User! }`,
			[]string{
				"SELECT count(*) FILTER (WHERE author_id <> reviewer_id) > 50 FROM reviews",
				"SELECT count(*) FILTER (WHERE r.author_id <> p.author_id) > 50 FROM reviews r JOIN posts p ON p.id = r.post_id",
				"SELECT bool_and(p.org_place = u.org_place) FROM posts p JOIN users u ON u.id = p.author_id",
			}},
		"two of a table": {`type Bank @table { name: String! } type Account @table { bank: Bank! } type Transfer @table { source: Account! target: Account! }`,
			[]string{"SELECT count(*) FILTER (WHERE a.bank_id <> b.bank_id) > 50 FROM transfers t JOIN accounts a ON a.id = t.source_id JOIN accounts b ON b.id = t.target_id"}},
		"replies": {`type Post @table { title: String! } type Comment @table { post: Post! parent: Comment text: String! @unique }`,
			[]string{"SELECT bool_and(c.post_id = p.post_id) AND count(*) > 50 FROM comments c JOIN comments p ON p.id = c.parent_id"}},
		"a key of several fields": {`type Prompt @table { title: String! } type Version @table(key: ["prompt", "number"]) { prompt: Prompt! number: Int! }
			type Eval @table { version: Version! } type Run @table { version: Version eval: Eval prompt: Prompt }`,
			[]string{
				"SELECT bool_and((r.version_prompt_id, r.version_number) = (e.version_prompt_id, e.version_number)) AND count(*) > 50 FROM runs r JOIN evals e ON e.id = r.eval_id",
				"SELECT bool_and(version_prompt_id = prompt_id) AND count(*) > 50 FROM runs WHERE version_number IS NOT NULL",
			}},
		"unique pairs": {`type Org @table { name: String! } type Team @table { org: Org! } type User @table { org: Org! email: String! @unique }
			type Member @table(key: ["team", "user"]) { team: Team! user: User! }`,
			[]string{"SELECT bool_and(t.org_id = u.org_id) AND count(*) > 100 FROM members m JOIN teams t ON t.id = m.team_id JOIN users u ON u.id = m.user_id"}},
		"a unique reference": {`type Project @table { name: String! } type Task @table { project: Project! } type Report @table { project: Project! @unique task: Task! } type Leaf @table { project: Project! task: Task! @unique }`,
			[]string{
				"SELECT bool_and(r.project_id = t.project_id) AND count(*) > 50 FROM reports r JOIN tasks t ON t.id = r.task_id",
				"SELECT bool_and(r.project_id = t.project_id) AND count(*) > 50 FROM leaves r JOIN tasks t ON t.id = r.task_id",
			}},
		"a cycle": {`type Org @table { name: String! owner: User } type User @table { org: Org! project: Project } type Project @table { org: Org! lead: User! }`,
			[]string{"SELECT bool_and(p.org_id = u.org_id) FROM projects p JOIN users u ON u.id = p.lead_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.sdl)
			pool := built(t, s)
			for _, rows := range []int64{150, 300} {
				must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
				for _, question := range c.questions {
					if got := testkit.Value(t, pool, question); got != "true" {
						t.Errorf("%d rows: %s is %s", rows, question, got)
					}
				}
			}
		})
	}
}

// TestRecipesWin generates references and fields that a recipe describes: others agree with them, and two that are described need not agree.
func TestRecipesWin(t *testing.T) {
	t.Parallel()
	const sdl = `enum Status { DRAFT PUBLISHED } type User @table { name: String! } type Prompt @table { title: String! owner: User! } type Version @table { prompt: Prompt! }
		type Run @table { prompt: Prompt! version: Version owner: User status: Status! publishedAt: DateTime note: String createdAt: DateTime! updatedAt: DateTime! }`
	for recipe, question := range map[string]string{
		"prompt: {pick: $prompts, weighted: zipf}":                                                "bool_and(r.prompt_id = v.prompt_id) AND count(*) > 100 FROM runs r JOIN versions v ON v.id = r.version_id",
		"version: {pick: $versions, weighted: zipf}":                                              "bool_and(r.prompt_id = v.prompt_id) AND count(*) > 100 FROM runs r JOIN versions v ON v.id = r.version_id",
		"prompt: {pick: $prompts}, version: {pick: $versions}":                                    "count(*) > 50 FROM runs r JOIN versions v ON v.id = r.version_id WHERE r.prompt_id <> v.prompt_id",
		"owner: {of: prompt.owner}":                                                               "bool_and(r.owner_id = p.owner_id AND r.prompt_id = v.prompt_id) AND count(*) > 100 FROM runs r JOIN prompts p ON p.id = r.prompt_id JOIN versions v ON v.id = r.version_id",
		"status: {weights: {DRAFT: 9, PUBLISHED: 1}}":                                             "bool_and((status = 'DRAFT') = (published_at IS NULL)) AND count(published_at) BETWEEN 5 AND 60 FROM runs",
		"publishedAt: 2020-01-01T00:00:00Z":                                                       "count(published_at) = 300 FROM runs",
		"updatedAt: {between: [2020-01-01, 2020-02-01]}":                                          "bool_and(created_at <= updated_at) FROM runs",
		"createdAt: {between: [2020-01-01, 2020-02-01]}, publishedAt: {of: createdAt, plus: -1h}": "count(*) = 300 FROM runs WHERE published_at < created_at",
	} {
		t.Run(recipe, func(t *testing.T) {
			t.Parallel()
			s := parse(t, sdl)
			pool := built(t, s)
			must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {User: 20, Prompt: 40, Version: 120, Run: {count: 300, "+recipe+"}}")))
			if got := testkit.Value(t, pool, "SELECT "+question); got != "true" {
				t.Errorf("%s is %s", question, got)
			}
		})
	}
}
