// Command nestedlist is one side of bench/nested-list: a server written by hand for one request of the prompt
// platform, and the load for both servers.
//
//	nestedlist serve ADDRESS DATABASE_URL
//	nestedlist load URL SECONDS CONNECTIONS [QUERY]
//	nestedlist collect ADDRESS
//
// collect accepts and counts what is posted.
//
// The load sends the header LOAD_HEADER, "Name: value", if it is set.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "serve":
		err = serve(args[1], args[2])
	case len(args) >= 4 && args[0] == "load":
		err = load(args[1], args[2], args[3], strings.Join(args[4:], " "))
	case len(args) == 2 && args[0] == "collect":
		err = collect(args[1])
	default:
		err = fmt.Errorf("usage: nestedlist serve ADDRESS DATABASE_URL | load URL SECONDS CONNECTIONS [QUERY] | collect ADDRESS")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve answers /structs with two statements, structs and encoding/json, as most programs do, and /json with
// one statement in which Postgres builds the answer, as a careful programmer would.
func serve(address, url string) error {
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		return err
	}
	http.HandleFunc("POST /structs", func(w http.ResponseWriter, r *http.Request) {
		prompts, err := structs(r.Context(), pool)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"prompts": map[string]any{"nodes": prompts}}})
	})
	http.HandleFunc("POST /json", func(w http.ResponseWriter, r *http.Request) {
		var answer []byte
		if err := pool.QueryRow(r.Context(), oneStatement).Scan(&answer); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})
	server := &http.Server{Addr: address, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// collect accepts posts, and tells how many there were.
func collect(address string) error {
	var posts, size atomic.Int64
	http.HandleFunc("POST /", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		posts.Add(1)
		size.Add(n)
	})
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "the collector got %d requests, %d KiB\n", posts.Load(), size.Load()>>10)
	})
	server := &http.Server{Addr: address, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
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

// load asks from a number of connections for some seconds and prints requests per second and the median and
// 99th percentile of the time that one took, in milliseconds.
func load(url, seconds, connections, query string) error {
	n, err := strconv.Atoi(connections)
	if err != nil {
		return err
	}
	s, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err
	}
	name, value, _ := strings.Cut(os.Getenv("LOAD_HEADER"), ": ")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, DisableCompression: true}}
	times := make([][]time.Duration, n)
	failures := make([]error, n)
	end := time.Now().Add(time.Duration(s) * time.Second)
	var asking sync.WaitGroup
	for i := range n {
		asking.Go(func() {
			for time.Now().Before(end) && failures[i] == nil {
				began := time.Now()
				failures[i] = ask(client, url, body, name, value)
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	asking.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%.0f %.2f %.2f\n", float64(len(all))/float64(s), ms(all[len(all)/2]), ms(all[len(all)*99/100]))
	return nil
}

func ask(client *http.Client, url string, body []byte, name, value string) error {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body)) //nolint:noctx // it ends with the program
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if name != "" {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	isList := bytes.Contains(body, []byte("createdAt")) // of prompts
	isWhole := bytes.Count(answer, []byte(`"createdAt"`)) == 10 && bytes.Contains(answer, []byte(`"number"`))
	if err == nil && (response.StatusCode != http.StatusOK || (isList && !isWhole) || bytes.Contains(answer, []byte(`"errors"`))) {
		err = fmt.Errorf("%d %s", response.StatusCode, answer)
	}
	return err
}
