package exec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// rowsWhere asks for the names of the rows of notes that meet a condition, given in a document or by a variable.
func rowsWhere(t *testing.T, c client, where map[string]any) []string {
	t.Helper()
	query := `{notes(where: ` + literalOf(where) + `, first: 100, orderBy: {name: ASC}) {nodes {name}}}`
	inline := names(t, c.data(t, query, nil))
	variable := names(t, c.data(t, `query($w: NoteWhere) {notes(where: $w, first: 100, orderBy: {name: ASC}) {nodes {name}}}`, map[string]any{"w": where}))
	if !slices.Equal(inline, variable) {
		t.Errorf("%s finds %v in a document, and %v by a variable", literalOf(where), inline, variable)
	}
	return inline
}

func names(t *testing.T, data string) (list []string) {
	t.Helper()
	var answer struct {
		Notes struct{ Nodes []struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(data), &answer); err != nil {
		t.Fatal(err)
	}
	for _, n := range answer.Notes.Nodes {
		list = append(list, n.Name)
	}
	return list
}

// noteNames returns the names of the rows that satisfy a condition; the name of row i is n and three digits.
func noteNames(n int, holds func(i int) bool) (list []string) {
	for i := range n {
		if holds(i) {
			list = append(list, noteName(i))
		}
	}
	return list
}

func noteName(i int) string { return fmt.Sprintf("n%03d", i) }

// opTally fails a test whose conditions hold for no row, or for all.
type opTally struct{ some, checks int }

func (c *opTally) compare(t *testing.T, got, want []string, what string) {
	t.Helper()
	c.checks++
	if len(want) > 0 {
		c.some++
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s finds %v, not %v", what, got, want)
	}
}

func (c *opTally) enough(t *testing.T) {
	t.Helper()
	if c.some < c.checks/5 || c.checks == 0 {
		t.Errorf("only %d of %d conditions match any row; the test asks too little", c.some, c.checks)
	}
}

func seeded(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(*randomSeed, seed)) //nolint:gosec // not for secrets
}

// randomText has few letters, so that patterns match.
func randomText(r *rand.Rand, letters []rune, most int) string {
	text := make([]rune, r.IntN(most+1))
	for i := range text {
		text[i] = letters[r.IntN(len(letters))]
	}
	return string(text)
}
