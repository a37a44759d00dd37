package exec_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const searchSchema = `type Note @table @auth(rules: [{ allow: PUBLIC, where: "!this.hidden" }, { allow: ROLE, roles: ["admin"] }])
	@searchable(fields: ["title", "body"], weights: [A, D]) {
	name: String!
	title: String!
	body: String
	hidden: Boolean! @default(value: false)
}`

// searchQuery is a query in the syntax of web search: alternatives of terms that all occur.
type searchQuery [][]searchTerm

type searchTerm struct {
	words []string // a phrase of several
	not   bool
}

func randomQuery(r *rand.Rand) (q searchQuery) {
	for range 1 + r.IntN(2) {
		var all []searchTerm
		for range 1 + r.IntN(2) {
			term := searchTerm{not: r.IntN(4) == 0}
			for range 1 + r.IntN(2) {
				term.words = append(term.words, randomWord(r))
			}
			all = append(all, term)
		}
		q = append(q, all)
	}
	return q
}

func randomWord(r *rand.Rand) string {
	return []string{"apple", "Banana", "cherry", "日本", "x1"}[r.IntN(5)]
}

func (q searchQuery) String() string {
	var alternatives []string
	for _, all := range q {
		var terms []string
		for _, term := range all {
			text := strings.Join(term.words, " ")
			if len(term.words) > 1 {
				text = `"` + text + `"`
			}
			if term.not {
				text = "-" + text
			}
			terms = append(terms, text)
		}
		alternatives = append(alternatives, strings.Join(terms, " "))
	}
	return strings.Join(alternatives, " or ")
}

// matches evaluates the query in plain Go.
func (q searchQuery) matches(words []string) bool {
	return slices.ContainsFunc(q, func(all []searchTerm) bool {
		return !slices.ContainsFunc(all, func(term searchTerm) bool { return occurs(words, term.words) == term.not })
	})
}

func occurs(words, phrase []string) bool {
	for i := range len(words) - len(phrase) + 1 {
		if slices.EqualFunc(words[i:i+len(phrase)], phrase, strings.EqualFold) {
			return true
		}
	}
	return false
}

// A search finds what plain Go finds, of rows that the caller is allowed to read, in the order of their rank; pages are that list.
func TestSearch(t *testing.T) {
	t.Parallel()
	r := seeded(5)
	const n = 40
	words := make([][]string, n)
	rows := make([]string, n)
	for i := range words {
		parts := [2][]string{}
		for j := range parts {
			for range 1 + r.IntN(4) {
				parts[j] = append(parts[j], randomWord(r))
			}
		}
		body := "'" + strings.Join(parts[1], ", ") + "'"
		if i%5 == 0 {
			parts[1], body = nil, "NULL"
		}
		words[i] = slices.Concat(parts[0], parts[1])
		rows[i] = fmt.Sprintf("INSERT INTO notes (name, title, body, hidden) VALUES ('%s', '%s', %s, %t)", noteName(i), strings.Join(parts[0], " "), body, i%7 == 0)
	}
	e := enforce(t, searchSchema, rows...)
	var count opTally
	for range 60 {
		q := randomQuery(r)
		where := map[string]any{"search": map[string]any{"query": q.String()}}
		for _, c := range []client{e.off.as(ada), e.on.as(ada), e.off.as(admin)} {
			isAdmin := len(c.caller.Roles) > 0
			want := noteNames(n, func(i int) bool { return q.matches(words[i]) && (isAdmin || i%7 != 0) })
			count.compare(t, rowsWhere(t, c, where), want, q.String())
		}
		compareRanks(t, e.off.as(admin), q.String())
	}
	count.enough(t)
}

var (
	noteNamed = regexp.MustCompile(`"name":"(n\d+)"`)
	endCursor = regexp.MustCompile(`"endCursor":"([^"]+)"`)
)

// compareRanks compares the order of an answer with that of Postgres, whole and by pages.
func compareRanks(t *testing.T, c client, query string) {
	t.Helper()
	want := idsBy(t, c, fmt.Sprintf(`SELECT name FROM notes, websearch_to_tsquery('simple', '%s') q WHERE search_vector @@ q ORDER BY ts_rank(search_vector, q) DESC, id DESC`, query))
	var paged []string
	var after any
	for range len(want)/7 + 1 {
		body := c.data(t, `query($q: String!, $c: String) {notes(where: {search: {query: $q}}, orderBy: {rank: DESC}, first: 7, after: $c) {pageInfo {endCursor} edges {rank node {name}}}}`,
			map[string]any{"q": query, "c": after})
		paged = append(paged, collect(noteNamed, body)...)
		if cursor := endCursor.FindStringSubmatch(body); cursor != nil {
			after = cursor[1]
		}
		if strings.Contains(body, `"rank":null`) {
			t.Errorf("%s has no rank: %s", query, body)
		}
	}
	if !slices.Equal(paged, want) {
		t.Errorf("%s: %v, and in Postgres %v", query, paged, want)
	}
}

func TestSearchAnswers(t *testing.T) {
	t.Parallel()
	c := serve(t, strings.Replace(searchSchema, "weights: [A, D]", `weights: [A, D], language: "english"`, 1), "",
		`INSERT INTO notes (name, title, body) VALUES ('a', 'Running <shoes> & more', NULL), ('b', 'Tea', 'He runs in the rain')`).as(ada)
	for query, want := range map[string]string{
		`{notes(where: {search: {query: "run"}}, orderBy: {rank: DESC}) {edges {headline(of: title) body: headline(of: body) node {name}}}}`: `{"notes":{"edges":[` +
			`{"headline":"<b>Running</b> &lt;shoes&gt; &amp; more","body":null,"node":{"name":"a"}},{"headline":"Tea","body":"He <b>runs</b> in the rain","node":{"name":"b"}}]}}`,
		`{notes(where: {search: {query: "runs", language: "simple"}}) {totalCount}}`:                              `{"notes":{"totalCount":0}}`,
		`{notes(where: {search: {query: "run", language: "simple"}}) {totalCount}}`:                               `{"notes":{"totalCount":2}}`,
		`{notes(where: {not: {search: {query: "rain"}}}) {nodes {name}}}`:                                         `{"notes":{"nodes":[{"name":"a"}]}}`,
		`{notes(where: {search: {query: ""}}) {totalCount}}`:                                                      `{"notes":{"totalCount":0}}`,
		`{notes(where: {search: {query: "' | & ! ( :* \" -"}}) {totalCount}}`:                                     `{"notes":{"totalCount":0}}`,
		`{notes(first: 1) {edges {rank headline(of: body) __typename}}}`:                                          `{"notes":{"edges":[{"rank":null,"headline":null,"__typename":"NoteEdge"}]}}`,
		`{notes(orderBy: {rank: DESC}) {totalCount}}`:                                                             "INVALID orderBy: rank needs a condition that it measures",
		`{notes(where: {search: {query: "run", language: "klingon"}}) {totalCount}}`:                              `INVALID \"klingon\" is not a language that Postgres can search`,
		`{notes(where: {search: {query: "` + strings.Repeat("日", 1001) + `"}}) {totalCount}}`:                     "INVALID search: a text can have 1000 characters; it has 1001",
		`{notes(where: {search: {query: "` + strings.Repeat("日", 1000) + `"}, name: {eq: "none"}}) {totalCount}}`: `{"notes":{"totalCount":0}}`,
		`{notes(where: {search: {query: "run", language: null}}) {totalCount}}`:                                   "INVALID where: search.language cannot be null",
	} {
		body := c.send(t, query, nil).Body.String()
		code, message, isMistake := strings.Cut(want, " ")
		switch {
		case isMistake && code == "INVALID":
			if !strings.Contains(body, `"INVALID"`) || !strings.Contains(body, message) {
				t.Errorf("%.200s: %s", query, body)
			}
		case strings.TrimSpace(body) != `{"data":`+want+`}`:
			t.Errorf("%s: %s", query, body)
		}
	}
	if got := c.as(service).data(t, `mutation {deleteNotes(where: {search: {query: "rain"}}) {count}}`, nil); got != `{"deleteNotes":{"count":1}}` {
		t.Error(got)
	}
}
