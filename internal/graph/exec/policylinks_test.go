package exec_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/testkit"
)

// links compares the rows of the implied join table. The API shows a link in the list at either end.
func (c *comparison) links(t testing.TB) {
	var pairs, linked []string
	c.try(t, func(tx pgx.Tx) {
		for _, end := range [][3]string{{"Post", "posts", "labels"}, {"Label", "labels", "posts"}} {
			for _, pair := range c.listed(t, tx, end) {
				if !slices.Contains(pairs, pair) {
					pairs = append(pairs, pair)
				}
			}
		}
		slices.Sort(pairs)
		become(t, tx, c.who)
		var rows []string
		if testkit.Value(t, tx, "SELECT has_any_column_privilege('labels_posts', 'SELECT')") == "true" {
			rows = joined(t, tx)
		}
		testkit.Exec(t, tx, "RESET ROLE")
		c.differ(t, "read links", pairs, rows)
		linked = joined(t, tx)
	})
	for range 4 {
		post, label := id('a', c.IntN(posts)), id('b', c.IntN(labels))
		verb, sql := "connect", fmt.Sprintf("INSERT INTO labels_posts (post_id, label_id) VALUES ('%s', '%s')", post, label)
		if slices.Contains(linked, post+" "+label) {
			verb, sql = "disconnect", fmt.Sprintf("DELETE FROM labels_posts WHERE post_id = '%s' AND label_id = '%s'", post, label)
		}
		c.link(t, verb, post, label, sql, slices.Contains(pairs, post+" "+label))
	}
}

// link compares a link that is written. Postgres finds only a visible one to delete.
func (c *comparison) link(t testing.TB, verb, post, label, sql string, visible bool) {
	var allowed bool
	for _, m := range []string{`updatePost(id: %q, data: {labels: {%s: [{id: %q}]}})`, `updateLabel(id: %[3]q, data: {posts: {%[2]s: [{id: %[1]q}]}})`} {
		c.try(t, func(tx pgx.Tx) {
			allowed = answered(t, c.client(tx, c.who), "mutation { "+fmt.Sprintf(m, post, verb, label)+" { __typename } }") || allowed
		})
	}
	if allowed {
		c.linked++
	}
	c.try(t, func(tx pgx.Tx) {
		become(t, tx, c.who)
		tag, err := tx.Exec(t.Context(), sql)
		c.differ(t, sql, allowed && (verb == "connect" || visible), !denied(t, err, sql) && tag.RowsAffected() == 1)
	})
}

func joined(t testing.TB, tx pgx.Tx) []string {
	t.Helper()
	rows, err := tx.Query(t.Context(), "SELECT post_id || ' ' || label_id FROM labels_posts ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// listed returns the links that the lists at one end show.
func (c *comparison) listed(t testing.TB, tx pgx.Tx, end [3]string) (pairs []string) {
	def := c.api.Schema().Types[end[0]]
	if def == nil || def.Fields.ForName(end[2]) == nil {
		return nil
	}
	var answer map[string]struct {
		Nodes []struct {
			ID   string
			List *struct{ Nodes []struct{ ID string } }
		}
	}
	text := c.client(tx, c.who).data(t, fmt.Sprintf("{ %s(first: 50) { nodes { id list: %s(first: 50) { nodes { id } } } } }", end[1], end[2]), nil)
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	for _, node := range answer[end[1]].Nodes {
		if node.List == nil {
			continue
		}
		for _, other := range node.List.Nodes {
			if end[0] == "Post" {
				pairs = append(pairs, node.ID+" "+other.ID)
			} else {
				pairs = append(pairs, other.ID+" "+node.ID)
			}
		}
	}
	return pairs
}

// Links of every kind of implied join table: with keys of two parts, of a type with itself, and with rules of lists.
func TestPoliciesOfLinks(t *testing.T) {
	s := secure(t, linkSchema, linkRows)
	allowed := 0
	for _, who := range []caller.Caller{{}, {UID: "ada"}, {UID: "bob"}, {UID: "ada", Roles: []string{"editor"}}} {
		c := comparison{secured: s, who: who}
		for _, name := range []string{"Post", "Label", "Seat", "Pin", "Fixed", "Box"} {
			for _, f := range s.schema.Type(name).Fields {
				if f.Relation != nil && f.Relation.Through != nil {
					allowed += c.connects(t, f)
				}
			}
		}
	}
	if allowed < 20 {
		t.Errorf("only %d links are allowed", allowed)
	}
}

// connects compares new links of each pair of rows, and returns how many the API allows.
func (c *comparison) connects(t *testing.T, f *schema.Field) (allowed int) {
	rel, inverse := f.Relation, f.Relation.Inverse
	columns := slices.Concat(rel.ThisRef.Relation.Columns, rel.TargetRef.Relation.Columns)
	for i := range columns {
		columns[i] = `"` + columns[i] + `"`
	}
	c.try(t, func(tx pgx.Tx) {
		number := regexp.MustCompile(`number: "(\d+)"`)
		for _, this := range c.keysOf(t, tx, f.Owner) {
			for _, other := range c.keysOf(t, tx, rel.Target) {
				this[0], other[0] = number.ReplaceAllString(this[0], "number: $1"), number.ReplaceAllString(other[0], "number: $1")
				done := false
				for _, m := range []string{
					fmt.Sprintf("update%s(%s, data: {%s: {connect: [{%s}]}})", f.Owner.Name, this[0], f.Name, other[0]),
					fmt.Sprintf("update%s(%s, data: {%s: {connect: [{%s}]}})", rel.Target.Name, other[0], inverse.Name, this[0]),
				} {
					c.try(t, func(tx pgx.Tx) { done = answered(t, c.client(tx, c.who), "mutation { "+m+" { __typename } }") || done })
				}
				if done {
					allowed++
				}
				c.try(t, func(tx pgx.Tx) {
					become(t, tx, c.who)
					sql := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s", rel.Through.Table, strings.Join(columns, ", "), values(this[1], other[1]))
					_, err := tx.Exec(t.Context(), sql)
					c.differ(t, sql, done, !denied(t, err, sql))
				})
			}
		}
	})
	return allowed
}

// values returns the values of conditions such as a = 'x' AND b = 'y'.
func values(conditions ...string) string {
	var list []string
	for _, c := range strings.Split(strings.Join(conditions, " AND "), " AND ") {
		_, value, _ := strings.Cut(c, " = ")
		list = append(list, value)
	}
	return strings.Join(list, ", ")
}
