package exec_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

const countedSchema = `
	enum Status { RUNNING SUCCEEDED @value(name: "all good") FAILED }
	type Provider @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: String! runs: [Run!]! }
	type Run @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }])
	  @metric(name: "runs", by: ["status"])
	  @metric(name: "started")
	  @metric(name: "cost", sum: "cost", by: ["provider", "free"])
	  @metric(name: "tokens", sum: "tokens") {
	  id: Int!
	  owner: String! @default(expr: "auth.uid")
	  status: Status! @default(value: RUNNING)
	  provider: Provider
	  free: Boolean
	  cost: Decimal
	  tokens: Int! @default(value: 0)
	  note: String
	}`

// counts collects what operations add to metrics.
type counts struct {
	mu   sync.Mutex
	list []graph.Count
}

func (*counts) Name() string { return "counts" }

func (c *counts) Settle(_ context.Context, op *exec.Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, op.Counts...)
}

// take returns and forgets what was collected, as text, without zeros.
func (c *counts) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, n := range c.list {
		if n.Value != 0 {
			list = append(list, fmt.Sprintf("%s%v=%v", n.Metric.Name, n.Labels, n.Value))
		}
	}
	c.list = nil
	slices.Sort(list)
	return strings.Join(list, " ")
}

// counted serves countedSchema, and collects what is counted.
func counted(t *testing.T) (client, *counts) {
	t.Helper()
	c := serve(t, countedSchema, "", `INSERT INTO providers (id) VALUES ('acme'), ('globex')`)
	api, err := graph.New(parsed(t, countedSchema), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	observed := &counts{}
	o := exec.Options{API: api, DB: exec.Single(c.db), Logger: testkit.Logger(t), Observers: []exec.Observer{observed}}
	if c.handler, err = exec.New(o); err != nil {
		t.Fatal(err)
	}
	return c.as(caller.Caller{UID: "ada"}), observed
}

// Rows count when they are created, and when an update brings them under other labels. Sums grow by what a value increases.
func TestMutationsAreCounted(t *testing.T) {
	t.Parallel()
	c, observed := counted(t)
	for _, tt := range []struct{ mutation, want string }{
		{`createRun(data: {id: 1, providerId: "acme", free: false, cost: "0.5", tokens: 3}) {id}`, "cost[acme false]=0.5 runs[RUNNING]=1 started[]=1 tokens[]=3"},
		{`createRun(data: {id: 2}) {id}`, "runs[RUNNING]=1 started[]=1"},
		{`a: createRun(data: {id: 3}) {id} b: createRun(data: {id: 4, cost: "-7"}) {id}`, "runs[RUNNING]=1 runs[RUNNING]=1 started[]=1 started[]=1 cost[ ]=-7"},
		{`updateRun(id: 1, data: {status: SUCCEEDED, cost: "0.75"}) {id}`, "cost[acme false]=0.25 runs[SUCCEEDED]=1"},
		{`updateRun(id: 1, data: {status: SUCCEEDED, cost: "0.5"}) {id}`, ""},
		{`updateRun(id: 1, data: {note: "nothing that counts"}) {id}`, ""},
		{`updateRun(id: 1, data: {}) {id}`, ""},
		{`updateRun(id: 2, data: {providerId: "globex", cost: "2"}) {id}`, "cost[globex ]=2"},
		{`updateRun(id: 2, data: {cost: null}) {id}`, ""},
		{`updateRuns(where: {id: {in: [2, 3]}}, data: {status: FAILED, tokens: 5}) {count}`, "runs[FAILED]=2 tokens[]=10"},
		{`updateRuns(all: true, data: {status: FAILED, tokens: 4}) {count nodes {id}}`, "runs[FAILED]=2 tokens[]=5"},
		{`updateRuns(where: {id: {eq: 99}}, data: {status: FAILED}) {count}`, ""},
		{`updateRun(id: 99, data: {status: FAILED}) {id}`, ""},
		{`updateRuns(where: {id: {eq: 99}}, data: {tokens: 1}) {count}`, ""},
		{`createRun(data: {id: 1}) {id}`, ""},                                             // conflicts
		{`a: createRun(data: {id: 5}) {id} b: createRun(data: {id: 5}) {id}`, ""},         // rolls back
		{`createRun(data: {id: 6, owner: "bob"}) {id}`, ""},                               // is not allowed
		{`updateRun(id: 1, data: {owner: "bob", status: RUNNING}) {id}`, ""},              // is not allowed either
		{`updateRun(id: 1, data: {tokens: 2147483647}) {id}`, "tokens[]=2.147483643e+09"}, // does not overflow
		{`updateRun(id: 1, data: {tokens: -2147483648}) {id}`, ""},                        //
		{`updateRun(id: 1, data: {tokens: 2147483647}) {id}`, "tokens[]=4.294967295e+09"}, //
		{`deleteRun(id: 1) {id}`, ""},
		{`deleteRuns(all: true) {count}`, ""},
	} {
		answer := c.send(t, "mutation {"+tt.mutation+"}", nil).Body
		got := strings.Fields(observed.take())
		want := strings.Fields(tt.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s\ncounts %v, want %v\n%v", tt.mutation, got, want, answer)
		}
	}
}

// Of updates that set the same value at once, one changes the row. The others wait for it, and count nothing.
func TestConcurrentUpdatesCountOnce(t *testing.T) {
	t.Parallel()
	c, observed := counted(t)
	c.send(t, `mutation {createRun(data: {id: 1, cost: "1"}) {id}}`, nil)
	observed.take()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { c.send(t, `mutation {updateRun(id: 1, data: {status: SUCCEEDED, cost: "3"}) {id}}`, nil) })
	}
	all.Wait()
	if got := observed.take(); got != "cost[ ]=2 runs[SUCCEEDED]=1" {
		t.Errorf("counts %s", got)
	}
}

// Under the policies of a database, what a caller cannot read is counted all the same.
func TestEnforcedMutationsAreCounted(t *testing.T) {
	t.Parallel()
	hidden := strings.Replace(countedSchema, "cost: Decimal", `cost: Decimal @auth(rules: [{ allow: OWNER, field: "owner", operations: [CREATE, UPDATE] }])`, 1)
	s := secureWith(t, rls.Options{Enforce: true}, hidden, `INSERT INTO providers (id) VALUES ('acme')`)
	observed := &counts{}
	c := client{handler: handlerOf(t, exec.Options{
		API: mustPolice(t, s), DB: exec.Single(s.db), Enforce: &exec.Enforcement{Security: rls.Options{Enforce: true}}, Observers: []exec.Observer{observed},
	})}.as(caller.Caller{UID: "ada"})
	for _, tt := range []struct{ mutation, want string }{
		{`createRun(data: {id: 1, providerId: "acme", free: true, cost: "0.5"}) {id}`, "cost[acme true]=0.5 runs[RUNNING]=1 started[]=1"},
		{`updateRun(id: 1, data: {status: SUCCEEDED, cost: "0.75"}) {id}`, "cost[acme true]=0.25 runs[SUCCEEDED]=1"},
		{`updateRuns(all: true, data: {status: FAILED}) {count}`, "runs[FAILED]=1"},
	} {
		answer := c.send(t, "mutation {"+tt.mutation+"}", nil).Body
		if got := observed.take(); got != tt.want {
			t.Errorf("%s\ncounts %s, want %s\n%v", tt.mutation, got, tt.want, answer)
		}
	}
	c.as(caller.Caller{UID: "bob"}).send(t, `mutation {updateRun(id: 1, data: {status: RUNNING}) {id}}`, nil)
	if got := observed.take(); got != "" {
		t.Errorf("what the policies refuse counts %s", got)
	}
}

// BenchmarkCountedWrites compares writes of a type with @metric to those of the same type without.
func BenchmarkCountedWrites(b *testing.B) {
	plain := regexp.MustCompile(`(?m)^\s*@metric\(.*\)`).ReplaceAllString(countedSchema, "")
	plain = strings.Replace(plain, `@metric(name: "tokens", sum: "tokens") {`, "{", 1)
	for name, text := range map[string]string{"counted": countedSchema, "plain": plain} {
		c := serve(b, text, "", `INSERT INTO providers (id) VALUES ('acme')`).as(caller.Caller{UID: "ada"})
		n := 0
		b.Run("create/"+name, func(b *testing.B) {
			for b.Loop() {
				n++
				c.data(b, `mutation($id: Int!) {createRun(data: {id: $id, providerId: "acme", cost: "0.5"}) {id}}`, map[string]any{"id": n})
			}
		})
		b.Run("update/"+name, func(b *testing.B) {
			for b.Loop() {
				n++
				c.data(b, `mutation($tokens: Int!) {updateRun(id: 1, data: {status: SUCCEEDED, tokens: $tokens}) {id}}`, map[string]any{"tokens": n})
			}
		})
	}
}
