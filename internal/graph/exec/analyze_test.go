package exec_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// dataOf returns all rows of the tables of a database.
func dataOf(t *testing.T, s secured) string {
	t.Helper()
	var all []string
	for _, table := range s.tables {
		rows, err := s.db.Query(t.Context(), "SELECT x::text FROM "+table.Name+" x ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all = append(all, table.Name+row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(all, "\n")
}

// Plans and Analyze explain the statements of random operations for each caller, and change nothing. Analyze fails exactly where a server does.
func TestPlansAndAnalyze(t *testing.T) {
	analyzed, failed := 0, 0
	for i := range 2 {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i)))} //nolint:gosec // not for secrets
		s := secure(t, g.schema(), g.rows()...)
		s.conn.Conn = s.db
		before := dataOf(t, s)
		for _, who := range policyCallers {
			for _, document := range g.operations(s) {
				e, err := exec.Explain(t.Context(), s.api, &exec.Operation{Document: document, Caller: who})
				if err != nil {
					continue
				}
				plans, err := e.Plans(t.Context(), s.db, nil, "FORMAT TEXT")
				if err != nil || len(plans) != len(e.Statements) || slices.Contains(plans, "") {
					t.Fatalf("%s: %v, %q", document, err, plans)
				}
				op := exec.Operation{Document: document, Caller: who, Time: time.Now()}
				ran, err := exec.Analyze(t.Context(), s.db, exec.Options{API: s.api, Logger: testkit.Logger(t)}, &op, "ANALYZE, BUFFERS")
				if err == nil && len(ran) != len(e.Statements) {
					t.Errorf("%s: %d of %d statements ran", document, len(ran), len(e.Statements))
				}
				for _, r := range ran {
					if !strings.Contains(r.Plan, "Execution Time") {
						t.Errorf("%s\n%s", document, r.Plan)
					}
				}
				if after := dataOf(t, s); after != before {
					t.Fatalf("%s changes\n%s\nto\n%s", document, before, after)
				}
				body := client{handler: s.handler, caller: who}.send(t, document, nil).Body.String()
				if refused := strings.Contains(body, `"errors"`); refused != (err != nil) {
					t.Errorf("%s: %v, and a server says %s", document, err, body)
				}
				if err != nil {
					failed++
				}
				analyzed += len(ran)
				before = dataOf(t, s)
			}
		}
	}
	if analyzed < 50 || failed == 0 {
		t.Errorf("only %d statements ran, and %d operations failed", analyzed, failed)
	}
}

// Under row-level security, statements are explained as the role of the caller, and show its policies.
func TestPlansUnderPolicies(t *testing.T) {
	s := enforce(t, policyCases, policyCaseRows...)
	const document = `{posts {nodes {id}}}`
	api, rules := mustPolice(t, s.secured), &exec.Enforcement{Security: rls.Options{Enforce: true}}
	plan := func(who caller.Caller) string {
		e, err := exec.Explain(t.Context(), api, &exec.Operation{Document: document, Caller: who})
		if err != nil {
			t.Fatal(err)
		}
		plans, err := e.Plans(t.Context(), s.db, rules, "FORMAT TEXT")
		if err != nil {
			t.Fatal(err)
		}
		op := exec.Operation{Document: document, Caller: who, Time: time.Now()}
		ran, err := exec.Analyze(t.Context(), s.db, exec.Options{API: api, Enforce: rules, Logger: testkit.Logger(t)}, &op, "ANALYZE")
		if err != nil || len(ran) != 1 {
			t.Fatal(err, ran)
		}
		return strings.Join(plans, "\n")
	}
	if ada, service := plan(caller.Caller{UID: "ada"}), plan(caller.Caller{Service: true}); ada == service {
		t.Errorf("the policies are not in the plan:\n%s", ada)
	}
}

// SQL of the team can act outside of the transaction.
func TestAnalyzeRefusesSQLOfTheTeam(t *testing.T) {
	db := testkit.NewDatabase(t)
	api := apiOf(t, `extend type Mutation { note(text: String!): Int @sql(query: "SELECT 1 WHERE $text <> ''") @auth(rules: [{ allow: PUBLIC }]) }
		type Note @table @auth(rules: [{ allow: PUBLIC }]) { text: String! }`)
	op := exec.Operation{Document: `mutation {note(text: "a")}`}
	_, err := exec.Analyze(t.Context(), db, exec.Options{API: api, Logger: testkit.Logger(t)}, &op, "ANALYZE")
	if fault.CodeOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "note runs SQL of the schema") {
		t.Error(err)
	}
}
