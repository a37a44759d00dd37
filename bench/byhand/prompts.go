package main

import (
	"encoding/json"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"
)

// statements are the SQL of the paths, with the same answers and the same predicates as the API has.
var statements = map[string]string{
	"list": `SELECT '{"data":{"prompts":{"nodes":[' || string_agg(row_to_json(node)::text, ',') || ']}}}' FROM (
	SELECT p.id, p.title, p.tags, p.created_at AS "createdAt",
		(SELECT row_to_json(o) FROM (SELECT u.id, u.name FROM users u WHERE u.id = p.owner_id) o) AS owner,
		json_build_object('nodes', (SELECT coalesce(json_agg(e), '[]') FROM (
			SELECT id, status, cost::text, created_at AS "createdAt" FROM executions e
			WHERE e.prompt_id = p.id ORDER BY e.created_at DESC, e.id DESC LIMIT 5) e)) AS executions
	FROM prompts p WHERE p.visibility = 'PUBLIC' ORDER BY p.vote_count DESC, p.id DESC LIMIT 20) node`,
	"id": `SELECT '{"data":{"prompt":' || row_to_json(node)::text || '}}' FROM (
	SELECT p.id, p.title, p.body, p.created_at AS "createdAt",
		(SELECT row_to_json(o) FROM (SELECT u.id, u.name FROM users u WHERE u.id = p.owner_id) o) AS owner
	FROM prompts p WHERE p.visibility = 'PUBLIC' AND p.id = $1) node`,
	"flat": `SELECT '{"data":{"prompts":{"nodes":[' || string_agg(row_to_json(node)::text, ',') || ']}}}' FROM (
	SELECT p.id, p.title, p.tags, p.vote_count AS "voteCount", p.created_at AS "createdAt"
	FROM prompts p WHERE p.visibility = 'PUBLIC' ORDER BY p.id LIMIT 100) node`,
	"create": `WITH written AS (
	INSERT INTO prompts (title, body, owner_id) VALUES ($1, $2, $3) RETURNING *)
	SELECT '{"data":{"createPrompt":' || row_to_json(node)::text || '}}' FROM (
	SELECT p.id, p.title, p.created_at AS "createdAt" FROM written p WHERE p.visibility = 'PUBLIC') node`,
}

// prompts serves the schema of bench/graphql. The requests are those that the API gets: their variables are read, their query is not.
func prompts(mux *http.ServeMux, pool *pgxpool.Pool) {
	for _, name := range []string{"list", "flat"} {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) { answer(w, r, pool, statements[name]) })
	}
	mux.HandleFunc("POST /id", func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Variables struct{ ID string } }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, r, pool, statements["id"], request.Variables.ID)
	})
	mux.HandleFunc("POST /create", func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Variables struct {
				Data struct{ Title, Body, OwnerID string }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		data := request.Variables.Data
		answer(w, r, pool, statements["create"], data.Title, data.Body, data.OwnerID)
	})
}
