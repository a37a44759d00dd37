package exec_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/docker"
	"github.com/krowoc/krowoc/internal/testkit"
)

const vectorSchema = `type Note @table(key: ["name"]) @auth(rules: [{ allow: PUBLIC }]) {
	name: String!
	place: Vector @col(dataType: "vector(3)")
	loose: Vector
	secret: Vector @col(dataType: "vector(3)") @auth(rules: [{ allow: ROLE, roles: ["admin"] }])
}`

// containedPostgres returns a database of the Postgres image, which has pgvector.
func containedPostgres(t *testing.T) *pgxpool.Pool {
	t.Helper()
	testkit.NeedDocker(t)
	server, err := docker.Start(t.Context(), docker.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	db, err := pgxpool.New(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	var available bool
	if err := db.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')").Scan(&available); err != nil {
		t.Fatal(err)
	}
	if !available {
		testkit.Skip(t, "the Postgres image has no pgvector: nothing orders by distance")
	}
	return db
}

// distanceOf is how far two vectors are apart, in plain Go.
func distanceOf(metric string, a, b []float64) float64 {
	var dot, squares, absolute, normA, normB float64
	for i := range a {
		dot += a[i] * b[i]
		squares += (a[i] - b[i]) * (a[i] - b[i])
		absolute += math.Abs(a[i] - b[i])
		normA += a[i] * a[i]
		normB += b[i] * b[i]
	}
	switch metric {
	case "L2":
		return math.Sqrt(squares)
	case "L1":
		return absolute
	case "INNER_PRODUCT":
		return -dot
	}
	return 1 - dot/math.Sqrt(normA*normB)
}

func randomVector(r *rand.Rand) []float64 {
	return []float64{float64(1 + r.IntN(9)), float64(r.IntN(9)), float64(-r.IntN(9))}
}

func vectorText(v []float64) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// Rows come in the order of their distance, as plain Go computes it, and pages are that list. What the caller is not allowed to read has none.
func TestNearest(t *testing.T) {
	t.Parallel()
	db := containedPostgres(t)
	r := seeded(7)
	const n = 30
	vectors := make([][]float64, n)
	rows := make([]string, n)
	for i := range vectors {
		vectors[i] = randomVector(r)
		value := "'" + vectorText(vectors[i]) + "'"
		if i == 0 {
			value = "NULL"
		}
		rows[i] = fmt.Sprintf("INSERT INTO notes (name, place, loose, secret) VALUES ('%s', %s, %[2]s, %[2]s)", noteName(i), value)
	}
	rows = append(rows, "INSERT INTO notes (name, loose) VALUES ('z', '[1,2]')")
	c := serveIn(t, db, vectorSchema, "CREATE EXTENSION vector", rows...)
	for _, metric := range []string{"COSINE", "L2", "INNER_PRODUCT", "L1", ""} {
		for range 4 {
			to := randomVector(r)
			far := make([]float64, n)
			for i := range far {
				far[i] = distanceOf(metric, vectors[i], to)
			}
			within := far[1+r.IntN(n-1)] + 1e-5
			options := map[string]any{"to": to, "within": within}
			if metric != "" {
				options["distance"] = metric
			}
			want := noteNames(n, func(i int) bool { return i > 0 && far[i] <= within })
			for _, field := range []string{"place", "loose", "secret"} {
				compareNearest(t, c.as(admin), map[string]any{field: options}, far, want)
			}
			compareNearest(t, c.as(ada), map[string]any{"secret": options}, far, nil)
		}
	}
	for query, want := range map[string]string{
		`{notes(nearest: {place: {to: [1, 2]}}) {totalCount}}`:                              "expected 3 dimensions, not 2",
		`{notes(where: {name: {eq: "none"}}, nearest: {place: {to: [1, 2]}}) {totalCount}}`: "expected 3 dimensions, not 2",
		`{notes(nearest: {loose: {to: [1, 2]}}) {edges {distance node {name}}}}`:            `{"node":{"name":"z"}}`,
		`{notes(nearest: {place: {to: ["a"]}}) {totalCount}}`:                               "INVALID",
		`{notes(nearest: {place: {to: [1, 2, 3]}, loose: {to: [1]}}) {totalCount}}`:         "nearest names one field",
		`{notes(nearest: {place: {to: [1, 2, 3], within: null}}) {totalCount}}`:             "within cannot be null",
		`{notes(first: 1) {edges {distance}}}`:                                              `{"edges":[{"distance":null}]}`,
	} {
		body := c.as(ada).send(t, query, nil).Body.String()
		if found := strings.Contains(strings.ReplaceAll(body, `"distance":0,`, ""), want); !found || strings.Contains(body, "INTERNAL") {
			t.Errorf("%s: %s", query, body)
		}
	}
}

// compareNearest asks for a list by pages of 7.
func compareNearest(t *testing.T, c client, nearest map[string]any, far []float64, want []string) {
	t.Helper()
	var got []string
	var after any
	last := math.Inf(-1)
	for range len(far)/7 + 1 {
		body := c.data(t, `query($n: NoteNearest, $c: String) {notes(nearest: $n, first: 7, after: $c) {pageInfo {endCursor} edges {distance node {name}}}}`,
			map[string]any{"n": nearest, "c": after})
		var answer struct {
			Notes struct {
				PageInfo struct{ EndCursor *string }
				Edges    []struct {
					Distance float64
					Node     struct{ Name string }
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.Notes.Edges {
			var i int
			_, _ = fmt.Sscanf(e.Node.Name, "n%d", &i)
			if math.Abs(e.Distance-far[i]) > 1e-5 || e.Distance < last {
				t.Errorf("%v: %s has the distance %g after %g, and in Go %g", nearest, e.Node.Name, e.Distance, last, far[i])
			}
			last = e.Distance
			got = append(got, e.Node.Name)
		}
		if answer.Notes.PageInfo.EndCursor == nil {
			break
		}
		after = *answer.Notes.PageInfo.EndCursor
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v finds %v, not %v", nearest, got, want)
	}
}
