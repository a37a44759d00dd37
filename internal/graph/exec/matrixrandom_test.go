package exec_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
)

// In schemas with relations, too, what the matrix refuses is refused for every row, and what it allows without a condition for none.
func TestMatrixOfRandomSchemas(t *testing.T) {
	checked := map[access.Allowed]int{}
	for i := range *matrixSchemas {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(500+i)))} //nolint:gosec // not for secrets
		text := g.schema()
		s := secure(t, text, g.rows()...)
		matrix := access.Of(s.schema)
		for _, row := range matrix.Rows {
			for n, kind := range matrix.Callers {
				cell := row.Cells[n].Allowed
				if kind.Kind == access.Service || cell == access.Condition {
					continue
				}
				c := comparison{secured: s, policyMaker: g, who: g.member(kind)}
				for what, done := range c.attempts(t, row) {
					if checked[cell]++; done != (cell == access.Yes) {
						t.Errorf("%s.%s %s as %s: the matrix has %s, but %s is %t\n%s", row.Type, row.Field, row.Operation, kind, cell, what, done, text)
					}
				}
			}
		}
	}
	if min(checked[access.Yes], checked[access.No]) < 50 {
		t.Errorf("the test compares too little: %v", checked)
	}
}

// member returns a caller of a kind. Rows of the policyMaker belong to nobody who is merely authenticated.
func (g policyMaker) member(c access.Caller) caller.Caller {
	who := member(c)
	if who.UID == "me" {
		who.UID = id('c', g.IntN(users))
	}
	return who
}

// attempts does an operation with each row, and returns whether it succeeds.
func (c *comparison) attempts(t *testing.T, row access.Row) map[string]bool {
	typ, results := c.secured.schema.Type(row.Type), map[string]bool{}
	c.try(t, func(tx pgx.Tx) {
		keys := c.keysOf(t, tx, typ)
		var mutations []string
		switch {
		case row.Operation == schema.Read && row.Field == "" && len(keys) > 0:
			if fields := c.fieldsOf(typ.Name); len(fields) > 0 {
				shown := len(c.shown(t, tx, c.who, typ, fields[:1]))
				results["the first row"], results["the last row"] = shown > 0, shown == len(keys)
			}
		case row.Operation == schema.Create && row.Field == "":
			mutations = c.creations(typ)
		case row.Operation == schema.Update:
			mutations = c.changes(typ, row.Field, keys)
		case row.Operation == schema.Delete:
			for _, key := range keys {
				mutations = append(mutations, fmt.Sprintf("delete%s(%s)", typ.Name, key[0]))
			}
		}
		for _, m := range mutations {
			c.try(t, func(tx pgx.Tx) { results[m] = answered(t, c.client(tx, c.who), "mutation { "+m+" { __typename } }") })
		}
	})
	return results
}

// creations returns mutations that create rows with what they need: a field with rules of its own has a line of its own.
func (c *comparison) creations(typ *schema.Type) (list []string) {
	for range 3 {
		values := c.values(typ.Name, true)
		if typ.Name == "Post" {
			values = values[:2]
		}
		var data []string
		for _, v := range values {
			data = append(data, v.field+": "+v.graphql)
		}
		list = append(list, fmt.Sprintf("create%s(data: {%s})", typ.Name, strings.Join(data, ", ")))
	}
	return list
}

// changes returns mutations that set a field of each row, or one without rules. There are none for the fields of references.
func (c *comparison) changes(typ *schema.Type, field string, keys [][2]string) (list []string) {
	data := `note: "new"`
	switch {
	case field == "labels" && typ.Name == "Post":
		data = fmt.Sprintf("labels: {connect: [{id: %q}]}", id('b', c.IntN(labels)))
	case field == "posts" && typ.Name == "Label":
		data = fmt.Sprintf("posts: {connect: [{id: %q}]}", id('a', c.IntN(posts)))
	case field != "":
		value := map[string]string{"score": "5", "kind": "TEAM", "rank": "2", "name": `"n"`}[field]
		if value == "" {
			return nil
		}
		data = field + ": " + value
	}
	for _, key := range keys {
		list = append(list, fmt.Sprintf("update%s(%s, data: {%s})", typ.Name, key[0], data))
	}
	return list
}
