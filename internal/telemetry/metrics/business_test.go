package metrics_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	graphexec "github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/telemetry/metrics"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const shop = `
	enum Status { PLACED PAID }
	type Order @table @auth(rules: [{ allow: PUBLIC }])
	  @metric(name: "orders", by: ["status", "gift"])
	  @metric(name: "revenue", sum: "total", by: ["shop"]) {
	  id: Int!
	  status: Status! @default(value: PLACED)
	  gift: Boolean
	  shop: String
	  total: Float
	}`

func parsed(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, mistakes := celsql.Parser().Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(err)
	}
	return s
}

// Mutations through the API show in the metrics that the schema declares, with bounded labels and the trace that caused them.
func TestMetricsOfTheSchema(t *testing.T) {
	t.Parallel()
	s := parsed(t, shop)
	db := database(t, s)
	api, err := graph.New(s, graph.Options{MaxAliases: 200})
	if err != nil {
		t.Fatal(err)
	}
	m := metrics.New(metrics.Options{})
	m.Business.Declare(s)
	h, err := graphexec.New(graphexec.Options{API: api, DB: graphexec.Single(db), Logger: testkit.Logger(t), Observers: []graphexec.Observer{m.GraphQL}})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, m); !strings.Contains(got, `orders_total{gift="",status="PAID"} 0`) || strings.Contains(got, "revenue_total") {
		t.Errorf("before the first count:\n%s", got)
	}
	ctx := caller.With(sampled(t, trace.FlagsSampled), caller.Caller{UID: "ada"})
	var all strings.Builder
	for i := range 150 {
		fmt.Fprintf(&all, "a%d: createOrder(data: {id: %d, shop: \"s%d\", total: 1.5}) {id}\n", i, i, i)
	}
	ask(ctx, t, h, "mutation {"+all.String()+"}")
	ask(ctx, t, h, `mutation {updateOrder(id: 1, data: {status: PAID, gift: true, total: 4}) {id}}`)
	ask(ctx, t, h, `mutation {createOrder(data: {id: 1}) {id}}`) // conflicts
	got := text(t, m)
	for _, want := range []string{
		`orders_total{gift="",status="PLACED"} 150`, `orders_total{gift="true",status="PAID"} 1`,
		`revenue_total{shop="s1"} 4`, `revenue_total{shop="_OTHER"} 75`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "revenue_total{"); n != 101 {
		t.Errorf("%d shops are told apart", n)
	}
	if _, open := scrape(t, m.Handler("", slog.New(slog.DiscardHandler)), openMetrics); !strings.Contains(open, `orders_total{gift="true",status="PAID"} 1.0 # {trace_id=`) {
		t.Error("no exemplar leads to the trace of the mutation")
	}

	// A saved schema keeps what is the same.
	m.Business.Declare(parsed(t, strings.Replace(shop, `, by: ["shop"]`, "", 1)))
	got = text(t, m)
	if !strings.Contains(got, `orders_total{gift="true",status="PAID"} 1`) || !strings.Contains(got, "revenue_total 0") || strings.Contains(got, "shop=") {
		t.Errorf("after another schema:\n%s", got)
	}
}
