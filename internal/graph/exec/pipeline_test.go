package exec_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/testkit"
)

// registered is a store of documents that requests name by an extension.
type registered map[string]string

func (registered) Name() string { return "registered documents" }

func (d registered) Document(_ context.Context, op *exec.Operation) (string, error) {
	id, _ := op.Extensions["id"].(string)
	if text, ok := d[id]; ok {
		return text, nil
	}
	return "", fault.New(fault.Forbidden, "", "the document is not registered")
}

// budget admits operations up to a cost for each caller.
type budget struct{ most int }

func (budget) Name() string { return "budget" }

func (b budget) Admit(_ context.Context, op *exec.Operation) error {
	if op.Cost > b.most && !op.Caller.Service {
		return &fault.Error{Code: fault.RateLimited, Message: fmt.Sprintf("%s costs %d", op.Name, op.Cost), RetryAfter: 7 * time.Second}
	}
	return nil
}

// memory keeps answers by document, arguments and what of the caller the plan depends on: the arguments hold it.
type memory struct {
	answers map[string]json.RawMessage
	reads   []string
}

func (*memory) Name() string { return "memory" }

func key(op *exec.Operation) string { return fmt.Sprint(op.Document, op.Args, op.Caller.Service) }

func (m *memory) Get(_ context.Context, op *exec.Operation) (json.RawMessage, bool) {
	data, ok := m.answers[key(op)]
	return data, ok
}

func (m *memory) Put(_ context.Context, op *exec.Operation) {
	m.answers[key(op)] = op.Data
	m.reads = op.Plan.Reads
}

// outcomes observes what operations come to.
type outcomes struct {
	mu     sync.Mutex
	list   []string
	fields []string
}

func (*outcomes) Name() string { return "outcomes" }

func (o *outcomes) Settle(ctx context.Context, op *exec.Operation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	writes := ""
	if op.Plan != nil {
		writes = strings.Join(op.Plan.Writes, " ")
	}
	o.fields = append(o.fields, op.Fields())
	o.list = append(o.list, fmt.Sprintf("%s by %q costs %d, cached %t, writes [%s], %s, context %v", op.Name, op.Caller.UID, op.Cost, op.Cached, writes, fault.CodeOf(op.Err), ctx.Err()))
}

// spans trace operations and the parts of steps.
type spans struct{ list []string }

func (*spans) Name() string { return "spans" }

type spansKey struct{}

func (s *spans) Operation(ctx context.Context, op *exec.Operation) (context.Context, func()) {
	return context.WithValue(ctx, spansKey{}, "inside"), func() {
		s.list = append(s.list, fmt.Sprintf("%s, plan found %t, %s", op.Type(), op.PlanFound, fault.CodeOf(op.Err)))
	}
}

func (s *spans) Part(ctx context.Context, step, part string, began, ended time.Time, err error) {
	if ctx.Value(spansKey{}) == nil || time.Since(began) > time.Minute || ended.Before(began) {
		s.list = append(s.list, "outside")
	}
	s.list = append(s.list, fmt.Sprintf("%s/%s %s", step, part, fault.CodeOf(err)))
}

func TestLayout(t *testing.T) {
	plain := newClient(t, func(o *execOptions) { o.Introspection = false })
	attached := newClient(t, func(o *execOptions) {
		o.Documents, o.Limiters, o.Cache = registered{}, []exec.Limiter{budget{}}, &memory{}
		o.Observers, o.Tracers = []exec.Observer{&outcomes{}}, []exec.Tracer{&spans{}}
	})
	text := "As it is:\n\n" + plain.handler.(*exec.Handler).Layout() + "\nWith everything attached:\n\n" + attached.handler.(*exec.Handler).Layout()
	testkit.Golden(t, "testdata/layout.txt", []byte(text))
}

func TestDocumentsDecideWhatRuns(t *testing.T) {
	c := newClient(t, func(o *execOptions) { o.Documents = registered{"teams": `{teams {totalCount}}`} })
	for body, want := range map[string]string{
		`{"extensions": {"id": "teams"}}`:                           `{"data":{"teams":{"totalCount":`,
		`{"query": "{users {id}}", "extensions": {"id": "teams"}}`:  `{"data":{"teams":{"totalCount":`,
		`{"query": "{teams {totalCount}}"}`:                         `the document is not registered`,
		`{"query": "{teams {totalCount}}", "extensions": {"id":1}}`: `"FORBIDDEN"`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s answers %s", body, w.Body)
		}
	}
}

// broken is a limiter that fails with a code.
type broken struct{ code fault.Code }

func (broken) Name() string { return "broken" }

func (b broken) Admit(context.Context, *exec.Operation) error {
	return fault.New(b.code, "", "it failed")
}

// The log has what is not the mistake of the client.
func TestFailuresAreLogged(t *testing.T) {
	for code, want := range map[fault.Code]bool{fault.Upstream: true, fault.Unavailable: true, fault.Timeout: true, fault.Internal: true, fault.RateLimited: false, fault.Invalid: false} {
		var log strings.Builder
		c := newClient(t, func(o *execOptions) {
			o.Logger, o.Limiters = slog.New(slog.NewJSONHandler(&log, nil)), []exec.Limiter{broken{code}}
		})
		c.send(t, `{teams {totalCount}}`, nil)
		if got := strings.Contains(log.String(), `"code":"`+string(code)+`"`); got != want {
			t.Errorf("%s is in the log: %t\n%s", code, got, log.String())
		}
	}
}

func TestLimitersRefuseByCost(t *testing.T) {
	var db counting
	c := newClient(t, func(o *execOptions) {
		db.Conn = conn(*o)
		o.DB, o.Limiters = exec.Single(&db), []exec.Limiter{budget{10}}
	})
	w := c.as(ada).send(t, `{teams {nodes {id}}}`, nil)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "7" || !strings.Contains(w.Body.String(), `"code":"RATE_LIMITED"`) || db.queries != 0 {
		t.Errorf("%d %v %s after %d statements", w.Code, w.Header(), w.Body, db.queries)
	}
	c.as(ada).data(t, `{teams(first: 1) {nodes {id}}}`, nil)
	c.as(service).data(t, `{teams {nodes {id}}}`, nil)
}

func TestCacheAnswers(t *testing.T) {
	var db counting
	cache := &memory{answers: map[string]json.RawMessage{}}
	observed := &outcomes{}
	c := newClient(t, func(o *execOptions) {
		db.Conn = conn(*o)
		o.DB, o.Cache, o.Observers = exec.Single(&db), cache, []exec.Observer{observed}
	})
	const query = `query Mine($n: Int) {prompts(first: $n) {totalCount nodes {owner {email}}}}`
	one := map[string]any{"n": 1}
	first := c.as(ada).data(t, query, one)
	if again := c.as(ada).data(t, query, one); again != first || db.queries != 1 {
		t.Errorf("after %d statements %s and %s", db.queries, first, again)
	}
	c.as(ada).data(t, query, map[string]any{"n": 2})
	if other := c.as(bob).data(t, query, one); other == first || db.queries != 3 {
		t.Errorf("after %d statements bob gets %s", db.queries, other)
	}
	if !slices.Contains(cache.reads, "Membership") {
		t.Errorf("the cache learns that the answer depends on %v", cache.reads)
	}
	if !strings.Contains(observed.list[1], "cached true") || strings.Contains(observed.list[2], "cached true") {
		t.Errorf("%q", observed.list)
	}
}

func TestMutationsPassTheCache(t *testing.T) {
	cache := &memory{answers: map[string]json.RawMessage{}}
	c := blog(t, func(o *execOptions) { o.Cache = cache }).as(ada)
	const mutation = `mutation {createPost(data: {title: "Again"}) {title}}`
	c.data(t, mutation, nil)
	if w := c.send(t, mutation, nil); w.Code != http.StatusConflict || len(cache.answers) != 0 {
		t.Errorf("%d %s, cached %v", w.Code, w.Body, cache.answers)
	}
}

func TestObserversLearnEveryOutcome(t *testing.T) {
	observed := &outcomes{}
	c := blog(t, func(o *execOptions) { o.Observers = []exec.Observer{observed} })
	c.as(ada).data(t, `mutation {deletePost(id: "`+post1+`") {title}}`, nil)
	c.as(bob).send(t, `mutation {deletePost(id: "`+post1+`") {title}}`, nil)
	c.send(t, `{nonsense}`, nil)
	ctx, cancel := context.WithCancel(caller.With(t.Context(), cy))
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/graphql?query=%7Bposts%7BtotalCount%7D%7D", nil)
	c.handler.ServeHTTP(httptest.NewRecorder(), r)
	want := []string{
		`by "ada" costs 1, cached false, writes [Note Post Vote], , context <nil>`,
		`by "bob" costs 1, cached false, writes [Note Post Vote], not_found, context <nil>`,
		`by "" costs 0, cached false, writes [], invalid, context <nil>`,
		`by "cy" costs 1, cached false, writes [], canceled, context <nil>`,
	}
	for i := range max(len(want), len(observed.list)) {
		if i >= len(observed.list) || i >= len(want) || strings.TrimSpace(observed.list[i]) != want[i] {
			t.Fatalf("observed\n%s\nwant\n%s", strings.Join(observed.list, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestTracersFollowOperations(t *testing.T) {
	trace := &spans{}
	c := newClient(t, func(o *execOptions) { o.Tracers = []exec.Tracer{trace} })
	c.send(t, `{teams(first: 1000) {totalCount}}`, nil)
	want := []string{"Document/size ", "Document/parse and validate ", "Document/operation and method ", "Document/variables ", "Document/plan invalid", "Settle/log failures ", "query, plan found false, invalid"}
	if !slices.Equal(trace.list, want) {
		t.Errorf("%q", trace.list)
	}
	for _, want := range []string{"query, plan found false, ", "query, plan found true, "} {
		c.send(t, `{teams {totalCount}}`, nil)
		if got := trace.list[len(trace.list)-1]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// panics is a limiter with a bug.
type panics struct{}

func (panics) Name() string { return "panics" }

func (panics) Admit(context.Context, *exec.Operation) error { panic("secret") }

// Fields names an operation by the schema, whatever the client calls it.
func TestFieldsOfAnOperation(t *testing.T) {
	observed := &outcomes{}
	c := newClient(t, func(o *execOptions) { o.Observers = []exec.Observer{observed} })
	for _, document := range []string{
		`query Mine {b: teams {totalCount} a: prompts {totalCount} prompts {totalCount}}`,
		`query {...F ... on Query {teams {totalCount}}} fragment F on Query {users {totalCount}}`,
		`{__typename teams {totalCount} users {totalCount} prompts {totalCount}}`,
		`{nonsense}`,
	} {
		c.send(t, document, nil)
	}
	want := []string{"query prompts, teams", "query teams, users", "query __typename, prompts, teams, …", ""}
	if !slices.Equal(observed.fields, want) {
		t.Errorf("got %q", observed.fields)
	}
}

func TestPanicIsAnInternalError(t *testing.T) {
	observed := &outcomes{}
	var told []any
	c := newClient(t, func(o *execOptions) {
		o.Limiters, o.Observers = []exec.Limiter{panics{}}, []exec.Observer{observed}
		o.Panicked = func(_ context.Context, value any) { told = append(told, value) }
	})
	w := c.send(t, `{teams {totalCount}}`, nil)
	if len(told) != 1 || told[0] != "secret" {
		t.Errorf("Panicked is told %v", told)
	}
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") || len(observed.list) != 1 {
		t.Errorf("%d %s, observed %q", w.Code, w.Body, observed.list)
	}
}

// replicated sends reads and writes to different connections.
type replicated struct{ read, write exec.Conn }

func (r replicated) Read(context.Context) exec.Conn { return r.read }

func (r replicated) Write(context.Context) exec.Conn { return r.write }

func TestReadsAndWritesAreApart(t *testing.T) {
	var replica counting
	c := blog(t, func(o *execOptions) {
		replica.Conn = conn(*o)
		o.DB = replicated{read: &replica, write: replica.Conn}
	}).as(ada)
	c.data(t, `mutation {createPost(data: {title: "New"}) {title}}`, nil)
	if replica.queries != 0 {
		t.Errorf("a mutation ran %d statements on the replica", replica.queries)
	}
	c.data(t, `{posts {totalCount}}`, nil)
	if replica.queries != 1 {
		t.Errorf("a query ran %d statements on the replica", replica.queries)
	}
}

func TestMutationTimeout(t *testing.T) {
	c := blog(t, func(o *execOptions) { o.MutationTimeout = time.Nanosecond }).as(ada)
	c.data(t, `{posts {totalCount}}`, nil)
	if code, a := c.mistakes(t, `mutation {createPost(data: {title: "New"}) {title}}`, nil); code != http.StatusGatewayTimeout || a.Errors[0].Extensions.Code != "TIMEOUT" {
		t.Errorf("%d %+v", code, a)
	}
}
