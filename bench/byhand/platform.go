package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// platform serves /structs with two statements, structs and encoding/json, as most programs do, and /json with one statement in which
// Postgres builds the answer, as a careful programmer would.
func platform(mux *http.ServeMux, pool *pgxpool.Pool) {
	mux.HandleFunc("POST /structs", func(w http.ResponseWriter, r *http.Request) {
		prompts, err := structs(r.Context(), pool)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"prompts": map[string]any{"nodes": prompts}}})
	})
	mux.HandleFunc("POST /json", func(w http.ResponseWriter, r *http.Request) { answer(w, r, pool, oneStatement) })
}

const oneStatement = `SELECT json_build_object('data', json_build_object('prompts', json_build_object('nodes', json_agg(node)))) FROM (
	SELECT json_build_object('id', p.id, 'title', p.title, 'tags', p.tags, 'createdAt', p.created_at,
		'owner', (SELECT json_build_object('id', u.id, 'name', u.name) FROM users u WHERE u.id = p.owner_id),
		'versions', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('id', v.id, 'number', v.number, 'title', v.title)), '[]')
			FROM (SELECT * FROM prompt_versions v WHERE v.prompt_id = p.id ORDER BY v.number DESC LIMIT 5) v))) AS node
	FROM (SELECT * FROM prompts p WHERE p.visibility = 'PUBLIC' ORDER BY p.vote_count DESC, p.id DESC LIMIT 10) p) all_nodes`

type prompt struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Tags      []string  `json:"tags"`
	CreatedAt time.Time `json:"createdAt"`
	Owner     owner     `json:"owner"`
	Versions  struct {
		Nodes []version `json:"nodes"`
	} `json:"versions"`
}

type owner struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type version struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Title  string `json:"title"`
	prompt string
}

func structs(ctx context.Context, pool *pgxpool.Pool) ([]prompt, error) {
	rows, _ := pool.Query(ctx, `SELECT p.id::text, p.title, p.tags, p.created_at, u.id, u.name
		FROM prompts p JOIN users u ON u.id = p.owner_id WHERE p.visibility = 'PUBLIC' ORDER BY p.vote_count DESC, p.id DESC LIMIT 10`)
	prompts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p prompt, err error) {
		return p, row.Scan(&p.ID, &p.Title, &p.Tags, &p.CreatedAt, &p.Owner.ID, &p.Owner.Name)
	})
	if err != nil {
		return nil, err
	}
	index, ids := map[string]int{}, make([]string, len(prompts))
	for i, p := range prompts {
		index[p.ID], ids[i] = i, p.ID
	}
	rows, _ = pool.Query(ctx, `SELECT v.id::text, v.number, v.title, v.prompt_id::text FROM unnest($1::uuid[]) p(id)
		CROSS JOIN LATERAL (SELECT * FROM prompt_versions v WHERE v.prompt_id = p.id ORDER BY v.number DESC LIMIT 5) v`, ids)
	versions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v version, err error) {
		return v, row.Scan(&v.ID, &v.Number, &v.Title, &v.prompt)
	})
	for _, v := range versions {
		nodes := &prompts[index[v.prompt]].Versions.Nodes
		*nodes = append(*nodes, v)
	}
	return prompts, err
}
