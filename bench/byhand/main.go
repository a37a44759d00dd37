// Command byhand is the other side of bench/nested-list and bench/graphql: servers that a careful programmer writes for a few requests,
// with net/http and pgx. Each request is one round trip to Postgres.
//
//	byhand platform ADDRESS DATABASE_URL
//	byhand prompts ADDRESS DATABASE_URL
//	byhand statement NAME
//
// platform serves the prompt platform of this repository, prompts the schema of bench/graphql. statement prints the SQL of a path of prompts
// for pgbench.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "platform":
		err = serve(args[1], args[2], platform)
	case len(args) == 3 && args[0] == "prompts":
		err = serve(args[1], args[2], prompts)
	case len(args) == 2 && args[0] == "statement":
		_, err = fmt.Println(statements[args[1]])
	default:
		err = fmt.Errorf("usage: byhand platform ADDRESS DATABASE_URL | prompts ADDRESS DATABASE_URL | statement NAME")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address, url string, routes func(*http.ServeMux, *pgxpool.Pool)) error {
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		return err
	}
	defer pool.Close()
	mux := http.NewServeMux()
	routes(mux, pool)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// answer writes JSON that Postgres has built.
func answer(w http.ResponseWriter, r *http.Request, pool *pgxpool.Pool, sql string, args ...any) {
	var body []byte
	if err := pool.QueryRow(r.Context(), sql, args...).Scan(&body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}
