package make_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A believable schema is one of which the rules are known without the code under test: its types are things, whose references have their
// names, and all of them have the same status, times and flags.

const lifeOfAThing = `status: Status! @default(value: DRAFT) publishedAt: DateTime archivedAt: DateTime failedAt: DateTime failureReason: String
	verified: Boolean! verifiedAt: DateTime startsOn: Date! endsOn: Date! createdAt: DateTime! updatedAt: DateTime!`

// rulesOfAThing hold for each row with lifeOfAThing.
var rulesOfAThing = []string{
	"(published_at IS NOT NULL) = (status IN ('PUBLISHED', 'ARCHIVED'))", "(archived_at IS NOT NULL) = (status = 'ARCHIVED')",
	"(failed_at IS NOT NULL) = (status = 'FAILED')", "(failure_reason IS NOT NULL) = (status = 'FAILED')", "(verified_at IS NOT NULL) = verified",
	"created_at <= coalesce(published_at, created_at)", "coalesce(published_at, created_at) <= coalesce(archived_at, updated_at)",
	"coalesce(archived_at, created_at) <= updated_at", "starts_on < ends_on",
}

// randomThings writes a schema of several types that refer to one another in many ways, and sometimes to themselves.
func randomThings(r *rand.Rand) string {
	names := []string{"Region", "Company", "Site", "Project", "Sprint", "Task", "Thread", "Remark"}[:5+r.IntN(4)]
	var b strings.Builder
	b.WriteString("enum Status { DRAFT PUBLISHED FAILED ARCHIVED }\n")
	for i, name := range names {
		fmt.Fprintf(&b, "type %s @table { %s\n", name, lifeOfAThing)
		for _, other := range r.Perm(i)[:min(i, 1+r.IntN(3))] {
			required := []string{"", "!"}[r.IntN(2)]
			fmt.Fprintf(&b, "  %s: %s%s\n", strings.ToLower(names[other]), names[other], required)
		}
		if r.IntN(3) == 0 {
			fmt.Fprintf(&b, "  previous: %s\n", name)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// disagreements returns a question for each two routes of a type: how many of its rows lead to different rows.
func disagreements(typ *schema.Type) (questions []string) {
	type walk struct {
		fields []*schema.Field
		tables []string
	}
	var all []walk
	var follow func(w walk, at *schema.Type)
	follow = func(w walk, at *schema.Type) {
		for _, f := range at.Fields {
			if f.Relation == nil || f.Relation.Kind != schema.RefOne || len(w.fields) == 3 {
				continue
			}
			to := f.Relation.Target
			if slices.Contains(w.tables, to.Table) || (to == typ && len(w.fields) > 0) {
				continue
			}
			next := walk{append(slices.Clone(w.fields), f), append(slices.Clone(w.tables), to.Table)}
			if to != typ {
				all = append(all, next)
			}
			follow(next, to)
		}
	}
	follow(walk{}, typ)
	for i, a := range all {
		for _, b := range all[:i] {
			last, other := a.fields[len(a.fields)-1], b.fields[len(b.fields)-1]
			inner := a.tables[:len(a.tables)-1]
			shared := slices.ContainsFunc(inner, func(table string) bool { return slices.Contains(b.tables[:len(b.tables)-1], table) })
			if last.Relation.Target != other.Relation.Target || last.Name != other.Name || a.fields[0] == b.fields[0] || shared {
				continue
			}
			questions = append(questions, fmt.Sprintf("SELECT count(*) FROM %s t%s%s WHERE %s <> %s",
				typ.Table, joins("a", a.fields), joins("b", b.fields), end("a", a.fields), end("b", b.fields)))
		}
	}
	return questions
}

// joins writes the joins along all references but the last.
func joins(name string, fields []*schema.Field) (sql string) {
	from := "t"
	for i, f := range fields[:len(fields)-1] {
		to := fmt.Sprint(name, i)
		var on []string
		for k, column := range f.Relation.Columns {
			on = append(on, fmt.Sprintf("%s.%s = %s.%s", to, f.Relation.ReferencedColumns()[k], from, column))
		}
		sql += fmt.Sprintf(" JOIN %s %s ON %s", f.Relation.Target.Table, to, strings.Join(on, " AND "))
		from = to
	}
	return sql
}

// end is the key to which the last reference leads.
func end(name string, fields []*schema.Field) string {
	from := "t"
	if len(fields) > 1 {
		from = fmt.Sprint(name, len(fields)-2)
	}
	var columns []string
	for _, column := range fields[len(fields)-1].Relation.Columns {
		columns = append(columns, from+"."+column)
	}
	return "(" + strings.Join(columns, ", ") + ")"
}

// olderThanParents returns a question for each reference between tables with createdAt: how many rows are older than what they refer to.
func olderThanParents(typ *schema.Type) (questions []string) {
	for _, f := range typ.Fields {
		if f.Relation != nil && f.Relation.Kind == schema.RefOne && typ.Field("createdAt") != nil && f.Relation.Target.Field("createdAt") != nil {
			questions = append(questions, fmt.Sprintf("SELECT count(*) FROM %s t%s WHERE t.created_at < a0.created_at", typ.Table, joins("a", []*schema.Field{f, f})))
		}
	}
	return questions
}

// none asserts that no row is found.
func none(t *testing.T, pool *pgxpool.Pool, questions []string) {
	t.Helper()
	for _, question := range questions {
		if got := testkit.Value(t, pool, question); got != "0" {
			t.Errorf("%s is %s", question, got)
		}
	}
}

// TestRandomSchemasAreBelievable generates rows of random schemas in two runs, and asks the database for rows that break a rule.
func TestRandomSchemasAreBelievable(t *testing.T) {
	t.Parallel()
	asked := 0
	for number := range uint64(8) {
		sdl := randomThings(rand.New(rand.NewPCG(number, 0))) //nolint:gosec // the same schemas in each run
		s := parse(t, sdl)
		pool := built(t, s)
		for _, rows := range []int64{120, 200} {
			must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
		}
		for _, typ := range s.Tables {
			questions := append(disagreements(typ), olderThanParents(typ)...)
			asked += len(questions)
			for _, rule := range rulesOfAThing {
				questions = append(questions, fmt.Sprintf("SELECT count(*) FROM %s WHERE NOT (%s)", typ.Table, rule))
			}
			none(t, pool, questions)
		}
		if t.Failed() {
			t.Fatal(sdl)
		}
	}
	if asked < 100 {
		t.Errorf("only %d questions were asked", asked)
	}
}

// TestPlatformIsBelievable does the same for the schema of this repository.
func TestPlatformIsBelievable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(text))
	pool := built(t, s)
	for _, rows := range []int64{300, 500} {
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows}, seed.Count{Type: "Execution", Rows: 4 * rows})))
	}
	questions := []string{
		"SELECT count(*) FROM executions e JOIN prompt_versions v ON v.id = e.version_id WHERE e.prompt_id IS DISTINCT FROM v.prompt_id",
		"SELECT count(*) FROM executions e JOIN models m ON m.id = e.model_id WHERE e.provider_id <> m.provider_id",
		"SELECT count(*) FROM executions WHERE (error IS NOT NULL) <> (status = 'FAILED')",
		"SELECT count(*) FROM executions WHERE (latency_ms IS NULL) <> (status = 'RUNNING')",
		"SELECT count(*) FROM prompts WHERE created_at > updated_at",
		"SELECT count(*) FROM provider_keys WHERE created_at > last_used_at",
	}
	for _, typ := range s.Tables {
		questions = append(questions, olderThanParents(typ)...)
	}
	none(t, pool, questions)
	if got := testkit.Value(t, pool, "SELECT count(DISTINCT prompt_id) > 100 AND count(*) FILTER (WHERE error IS NOT NULL) > 100 FROM executions"); got != "true" {
		t.Error(got)
	}
}
