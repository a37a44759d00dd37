package graph

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// text builds an SQL expression that concatenates constant text and expressions. Neighbouring constants
// become one.
type text struct {
	parts   []string
	pending strings.Builder
}

// constant appends text as it is.
func (t *text) constant(s string) { t.pending.WriteString(s) }

// member begins the i-th member of a JSON object: its alias, after a comma unless it is the first.
func (t *text) member(i int, f selected) {
	if i > 0 {
		t.constant(",")
	}
	t.constant(`"` + f.Alias + `":`)
}

// expr appends the value of an SQL expression, which must be of type text and never null.
func (t *text) expr(sql string) {
	t.flush()
	t.parts = append(t.parts, sql)
}

func (t *text) flush() {
	if t.pending.Len() > 0 {
		t.parts = append(t.parts, strings.TrimSpace(pg.QuoteLiteral(t.pending.String())))
		t.pending.Reset()
	}
}

// maxOperands limits how deeply Postgres nests the operands of a concatenation, which costs it stack for each.
const maxOperands = 200

// sql returns the whole expression.
func (t *text) sql() string {
	t.flush()
	parts := t.parts
	for len(parts) > maxOperands {
		var groups []string
		for group := range slices.Chunk(parts, maxOperands) {
			groups = append(groups, "("+strings.Join(group, " || ")+")")
		}
		parts = groups
	}
	return strings.Join(parts, " || ")
}
