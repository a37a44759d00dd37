package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const similarSchema = `type Note @table @auth(rules: [{ allow: PUBLIC }]) {
	name: String!
	text: String @index(type: TRIGRAM)
	secret: String @index(type: TRIGRAM) @auth(rules: [{ allow: ROLE, roles: ["admin"] }])
}`

// trigrams are those of the words of a text, each with two spaces before and one after, as pg_trgm has them.
func trigrams(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		padded := []rune("  " + word + " ")
		for i := range len(padded) - 2 {
			set[string(padded[i:i+3])] = true
		}
	}
	return set
}

func similarity(a, b string) float64 {
	of, other, shared := trigrams(a), trigrams(b), 0
	for t := range of {
		if other[t] {
			shared++
		}
	}
	if union := len(of) + len(other) - shared; union > 0 {
		return float64(shared) / float64(union)
	}
	return 0
}

// Similar texts are those that plain Go finds, in the order of their similarity. Texts that the caller is not allowed to read match nothing.
func TestSimilarTexts(t *testing.T) {
	t.Parallel()
	r := seeded(6)
	const n = 40
	texts := make([]string, n)
	rows := make([]string, n)
	phrase := func() string {
		var words []string
		for range 1 + r.IntN(2) {
			words = append(words, []string{"word", "words", "Sword", "wired", "weird", "bird"}[r.IntN(6)])
		}
		return strings.Join(words, "-")
	}
	for i := range texts {
		texts[i] = phrase()
		rows[i] = fmt.Sprintf("INSERT INTO notes (name, text, secret) VALUES ('%s', '%s', '%[2]s')", noteName(i), texts[i])
	}
	c := serve(t, similarSchema, "CREATE EXTENSION pg_trgm", rows...)
	var count opTally
	for range 20 {
		text, least := phrase(), 0.3
		similar := map[string]any{"text": text}
		if r.IntN(2) == 0 {
			least = []float64{0.35, 0.55, 1}[r.IntN(3)]
			similar["threshold"] = least
		}
		want := noteNames(n, func(i int) bool { return similarity(texts[i], text) >= least-1e-6 })
		where := map[string]any{"text": map[string]any{"similarTo": similar}}
		count.compare(t, rowsWhere(t, c.as(ada), where), want, literalOf(where))
		hidden := map[string]any{"secret": map[string]any{"similarTo": similar}}
		count.compare(t, rowsWhere(t, c.as(admin), hidden), want, literalOf(hidden))
		if got := rowsWhere(t, c.as(ada), hidden); len(got) > 0 {
			t.Errorf("%s finds %v", literalOf(hidden), got)
		}
		ordered := idsBy(t, c, fmt.Sprintf("SELECT name FROM notes WHERE text %% '%s' ORDER BY similarity(text, '%[1]s') DESC, id DESC", text))
		query := fmt.Sprintf(`{notes(where: {text: {similarTo: {text: %q}}}, orderBy: {similarity: DESC}, first: 100) {edges {similarity node {name}}}}`, text)
		if got := collect(noteNamed, c.as(ada).data(t, query, nil)); !slices.Equal(got, ordered) {
			t.Errorf("%s: %v, not %v", text, got, ordered)
		}
	}
	count.enough(t)
	for query, want := range map[string]string{
		`{notes(where: {text: {similarTo: {text: "word", threshold: 0.1}}}) {totalCount}}`:                                        "threshold must be between 0.3 and 1; it is 0.1",
		`{notes(where: {text: {similarTo: null}}) {totalCount}}`:                                                                  "text.similarTo cannot be null",
		`{notes(where: {text: {eq: "word"}}, orderBy: {similarity: DESC}) {totalCount}}`:                                          "orderBy: similarity needs a condition that it measures",
		`{notes(where: {secret: {similarTo: {text: "x"}}}, orderBy: {similarity: ASC}, first: 1) {edges {similarity}}}`:           `{"data":{"notes":{"edges":[]}}}`,
		`{notes(where: {not: {secret: {similarTo: {text: "word"}}}}, orderBy: {similarity: ASC}, first: 1) {edges {similarity}}}`: `{"edges":[{"similarity":null}]}`,
	} {
		if body := c.as(ada).send(t, query, nil).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: %s", query, body)
		}
	}
}
