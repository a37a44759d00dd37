package exec_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

func unbase64(t testing.TB, s string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

type page struct {
	Prompts struct {
		TotalCount int
		Edges      []struct {
			Cursor string
			Node   struct{ ID string }
		}
		PageInfo struct {
			HasNextPage, HasPreviousPage bool
			StartCursor, EndCursor       *string
		}
	}
}

// orders are orderings over ties and nulls, in both directions.
var orders = []string{
	`[]`, `[{score: ASC}]`, `[{score: DESC}]`, `[{createdAt: DESC}]`, `[{score: DESC}, {createdAt: ASC}]`, `[{cost: ASC}, {title: DESC}]`,
	`[{visibility: DESC}, {rating: ASC}]`, `[{teamId: ASC}, {score: ASC}, {id: DESC}]`, `[{title: ASC}, {title: DESC}]`, `[{ownerId: ASC}]`,
}

// The pages of a list, one after the other and in either direction, are the list.
func TestPagesAreTheList(t *testing.T) {
	c := newClient(t, func(o *execOptions) {
		testkit.Exec(t, conn(*o).(testkit.DB), `
INSERT INTO prompts SELECT gen_random_uuid(), 'p' || (random() * 5)::int, '', '{}', (ARRAY['PRIVATE','TEAM','PUBLIC'])[1 + (random() * 2)::int]::visibility,
  (ARRAY['ada','bob','cy'])[1 + (random() * 2)::int], NULL, nullif((random() * 4)::int, 2), nullif(round((random() * 3)::numeric, 1), 1.5),
  nullif(random() < 0.5, true)::int::float8 / 3, NULL, '2026-01-01T00:00:00Z'::timestamptz + (random() * 5)::int * interval '1.000001 s'
FROM generate_series(1, 56)`)
	}).as(service)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not for secrets
	for _, order := range orders {
		whole := walk(t, c, order, 100, true)
		if len(whole) != 60 || len(slices.Compact(slices.Sorted(slices.Values(whole)))) != 60 {
			t.Fatalf("%s: the list has %d rows", order, len(whole))
		}
		for _, size := range []int{1, 2 + random.IntN(25)} {
			if got := walk(t, c, order, size, true); !slices.Equal(got, whole) {
				t.Errorf("%s: pages of %d forwards are\n%v, not\n%v", order, size, got, whole)
			}
			if got := walk(t, c, order, size, false); !slices.Equal(got, whole) {
				t.Errorf("%s: pages of %d backwards are\n%v, not\n%v", order, size, got, whole)
			}
		}
	}
}

// walk reads a list page by page and checks what the pages say of themselves.
func walk(t *testing.T, c client, order string, size int, forward bool) []string {
	t.Helper()
	var out []string
	for cursor := ""; ; {
		args := fmt.Sprintf("orderBy: %s, first: %d", order, size)
		if !forward {
			args = fmt.Sprintf("orderBy: %s, last: %d", order, size)
		}
		if cursor != "" && forward {
			args += fmt.Sprintf(", after: %q", cursor)
		} else if cursor != "" {
			args += fmt.Sprintf(", before: %q", cursor)
		}
		var p page
		data := c.data(t, `{prompts(`+args+`) {totalCount edges {cursor node {id}} pageInfo {hasNextPage hasPreviousPage startCursor endCursor}}}`, nil)
		if err := json.Unmarshal([]byte(data), &p); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range p.Prompts.Edges {
			ids = append(ids, e.Node.ID)
		}
		info, edges := p.Prompts.PageInfo, p.Prompts.Edges
		if p.Prompts.TotalCount != 60 || len(edges) == 0 || *info.StartCursor != edges[0].Cursor || *info.EndCursor != edges[len(edges)-1].Cursor {
			t.Fatalf("%s: %s", args, data)
		}
		more, back := info.HasNextPage, info.HasPreviousPage
		if forward {
			out, cursor = append(out, ids...), *info.EndCursor
		} else {
			out, cursor = append(ids, out...), *info.StartCursor
			more, back = back, more
		}
		if back != (len(out) > len(ids)) || more != (len(out) < 60) {
			t.Fatalf("%s: after %d rows: %+v", args, len(out), info)
		}
		if !more {
			return out
		}
	}
}

func TestBetweenTwoCursors(t *testing.T) {
	c := newClient(t, nil).as(service)
	var p page
	if err := json.Unmarshal([]byte(c.data(t, `{prompts {edges {cursor}}}`, nil)), &p); err != nil {
		t.Fatal(err)
	}
	edges := p.Prompts.Edges
	got := c.data(t, fmt.Sprintf(`{prompts(after: %q, before: %q) {nodes {title}}}`, edges[0].Cursor, edges[3].Cursor), nil)
	if initials(got) != "TR" {
		t.Errorf("got %s", got)
	}
}

func TestForgedCursors(t *testing.T) {
	c := newClient(t, nil).as(service)
	var p page
	if err := json.Unmarshal([]byte(c.data(t, `{prompts(orderBy: {score: ASC}) {edges {cursor}}}`, nil)), &p); err != nil {
		t.Fatal(err)
	}
	genuine := unbase64(t, p.Prompts.Edges[0].Cursor)
	name := genuine[2:10]
	for _, cursor := range []string{
		"", "x", "!!!", "null", p.Prompts.Edges[0].Cursor + "AAAA", b64(`[]`), b64(`["` + name + `"]`), b64(`{"a":1}`), b64(`["` + name + `", 1, 2, 3]`),
		b64(`["` + name + `", "1 OR true", "` + prompt1 + `"]`), b64(`["` + name + `", 1, "'; DROP TABLE prompts; --"]`),
		b64(`["` + name + `", {"a": 1}, "` + prompt1 + `"]`), b64(`["` + name + `", 99999999999, "` + prompt1 + `"]`),
	} {
		w := c.send(t, `query($c: String) {prompts(orderBy: {score: ASC}, after: $c) {totalCount}}`, map[string]any{"c": cursor})
		if w.Code != 400 || !strings.Contains(w.Body.String(), "after is not a cursor of this list in this order") {
			t.Errorf("%q answers %d %s", cursor, w.Code, w.Body)
		}
	}
	w := c.send(t, `query($c: String) {prompts(orderBy: {score: DESC}, after: $c) {totalCount}}`, map[string]any{"c": p.Prompts.Edges[0].Cursor})
	if w.Code != 400 {
		t.Errorf("a cursor of another order answers %d %s", w.Code, w.Body)
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// A part of a query that the answer does not need may hold parameters all the same.
func TestUnneededParts(t *testing.T) {
	c := newClient(t, nil).as(service)
	vars := map[string]any{"n": 1, "c": nil, "w": map[string]any{"title": map[string]any{"contains": "a"}}}
	for _, query := range []string{
		`query($n: Int!) {prompts(first: $n) {totalCount}}`,
		`query($n: Int!) {prompts(last: $n) {__typename}}`,
		`query($c: String) {prompts(after: $c) {totalCount}}`,
		`query($n: Int!) {prompts(first: $n) {nodes @include(if: false) {id} totalCount}}`,
		`query($w: PromptWhere) {prompts(where: $w) {__typename}}`,
		`{users(orderBy: [{email: ASC}]) {totalCount}}`,
		`query($n: Int!) {users(last: $n) {pageInfo {hasNextPage}}}`,
		`{users(first: 3) {pageInfo {hasPreviousPage}}}`,
		`{users {pageInfo {startCursor @skip(if: true)}}}`,
	} {
		for _, who := range []caller.Caller{service, anonymous, ada, admin} {
			if w := c.as(who).send(t, query, vars); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "errors") {
				t.Errorf("%s as %+v: %s", query, who, w.Body)
			}
		}
	}
	cursor := strings.Split(c.data(t, `{prompts(first: 1) {pageInfo {endCursor}}}`, nil), `"`)[7]
	if got := c.data(t, `query($c: String) {prompts(after: $c) {totalCount}}`, map[string]any{"c": cursor}); got != `{"prompts":{"totalCount":4}}` {
		t.Error(got)
	}
	for _, vars := range []map[string]any{{"n": 1000, "c": cursor}, {"n": 1, "c": "x"}} { // what is wrong is refused, needed or not
		if _, a := c.mistakes(t, `query($n: Int, $c: String) {prompts(first: $n, after: $c) {totalCount}}`, vars); a.Errors[0].Extensions.Code != "INVALID" {
			t.Errorf("%v: %+v", vars, a)
		}
	}
}
