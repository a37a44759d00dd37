package exec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
)

const nestedList = `{prompts(first: 10, orderBy: [{createdAt: DESC}]) {nodes {id title body tags visibility createdAt owner {id name} executions(first: 5, orderBy: [{startedAt: DESC}]) {nodes {id tokens cost startedAt ok}}}}}`

const benchRows = `
INSERT INTO prompts SELECT gen_random_uuid(), 'Summarise a text ' || n, repeat('Summarise {{text}} in one paragraph. ', 8), '{a,b}', 'PUBLIC', 'ada', NULL, n, 1, 1, NULL,
  '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 1000) n;
INSERT INTO executions SELECT gen_random_uuid(), p.id, 'bob', n, 0.001 * n, '1 s', p.created_at + n * interval '1 hour', NULL, NULL, NULL, NULL, true
  FROM prompts p, generate_series(1, 20) n;
ANALYZE`

// BenchmarkNestedList answers ten prompts, each with its owner and five executions, through the handler and
// through one written by hand: two statements, structs, encoding/json.
func BenchmarkNestedList(b *testing.B) {
	var pool *pgxpool.Pool
	c := newClient(b, func(o *execOptions) {
		pool = conn(*o).(*pgxpool.Pool)
		if _, err := pool.Exec(b.Context(), benchRows); err != nil {
			b.Fatal(err)
		}
	}).as(service)
	body, err := json.Marshal(map[string]any{"query": nestedList})
	if err != nil {
		b.Fatal(err)
	}
	for _, side := range []struct {
		name    string
		handler http.Handler
	}{{"graphql", c.handler}, {"written by hand", byHand(pool)}} {
		b.Run(side.name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequestWithContext(caller.With(b.Context(), service), http.MethodPost, "/graphql", bytes.NewReader(body))
					r.Header.Set("Content-Type", "application/json")
					w := httptest.NewRecorder()
					side.handler.ServeHTTP(w, r)
					if w.Code != http.StatusOK || strings.Count(w.Body.String(), `"tokens"`) != 50 {
						b.Errorf("%d %s", w.Code, w.Body)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

type handPrompt struct {
	ID         string          `json:"id"`
	Title      string          `json:"title"`
	Body       string          `json:"body"`
	Tags       []string        `json:"tags"`
	Visibility string          `json:"visibility"`
	CreatedAt  time.Time       `json:"createdAt"`
	Owner      handOwner       `json:"owner"`
	Executions []handExecution `json:"executions"`
}

type handOwner struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type handExecution struct {
	ID        string    `json:"id"`
	Tokens    string    `json:"tokens"`
	Cost      string    `json:"cost"`
	StartedAt time.Time `json:"startedAt"`
	OK        *bool     `json:"ok"`
	prompt    string
}

// byHand is what a careful programmer writes for this one request.
func byHand(pool *pgxpool.Pool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		rows, err := pool.Query(ctx, `SELECT p.id::text, p.title, p.body, p.tags, p.visibility::text, p.created_at, u.id, u.name
			FROM prompts p JOIN users u ON u.id = p.owner_id ORDER BY p.created_at DESC, p.id DESC LIMIT 10`)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		prompts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p handPrompt, err error) {
			err = row.Scan(&p.ID, &p.Title, &p.Body, &p.Tags, &p.Visibility, &p.CreatedAt, &p.Owner.ID, &p.Owner.Name)
			return p, err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		index, ids := map[string]int{}, make([]string, len(prompts))
		for i, p := range prompts {
			index[p.ID], ids[i] = i, p.ID
		}
		rows, err = pool.Query(ctx, `SELECT e.id::text, e.tokens::text, e.cost::text, e.started_at, e.ok, p.id::text FROM unnest($1::uuid[]) p(id)
			CROSS JOIN LATERAL (SELECT * FROM executions e WHERE e.prompt_id = p.id ORDER BY e.started_at DESC, e.id DESC LIMIT 5) e`, ids)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		executions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e handExecution, err error) {
			err = row.Scan(&e.ID, &e.Tokens, &e.Cost, &e.StartedAt, &e.OK, &e.prompt)
			return e, err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for _, e := range executions {
			p := &prompts[index[e.prompt]]
			p.Executions = append(p.Executions, e)
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{"data": prompts}); err != nil {
			fmt.Fprintln(w, err)
		}
	})
}
