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
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/testkit"
)

// updates compares updates of each row. One of a field that no rule looks at needs no condition, so that only the policies for UPDATE apply. For
// one with a condition, Postgres also demands that the row can be read, before and after.
func (c *comparison) updates(t testing.TB, typ *schema.Type) {
	c.try(t, func(tx pgx.Tx) {
		var allowed, changed []string
		for _, key := range c.keysOf(t, tx, typ) {
			c.try(t, func(tx pgx.Tx) {
				if answered(t, c.client(tx, c.who), fmt.Sprintf(`mutation { update%s(%s, data: {note: "new"}) { __typename } }`, typ.Name, key[0])) {
					allowed = append(allowed, key[1])
				}
			})
			values := c.values(typ.Name, false)
			c.update(t, typ, key, values[c.IntN(len(values))])
		}
		c.updated += len(allowed)
		become(t, tx, c.who)
		sql := "UPDATE " + typ.Table + " SET note = 'new'"
		nested, err := tx.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = nested.Exec(t.Context(), sql); denied(t, err, sql) {
			_ = nested.Rollback(t.Context())
		}
		testkit.Exec(t, tx, "RESET ROLE")
		for _, key := range c.keysOf(t, tx, typ) {
			if testkit.Value(t, tx, "SELECT note FROM "+typ.Table+" WHERE "+key[1]) == "new" {
				changed = append(changed, key[1])
			}
		}
		c.differ(t, "update "+typ.Name, allowed, changed)
	})
}

// update compares an update of a field of one row that rules may look at. Where the caller cannot read the row afterwards, Postgres may refuse what
// the API does: it judges by the other rows as they were before.
func (c *comparison) update(t testing.TB, typ *schema.Type, key [2]string, v policyValue) {
	if !c.can(typ, v.field, rls.Update) {
		return
	}
	visible := func(tx pgx.Tx) bool {
		become(t, tx, c.who)
		defer testkit.Exec(t, tx, "RESET ROLE")
		for _, k := range typ.Key {
			for _, name := range k.Columns() {
				if testkit.Value(t, tx, "SELECT has_column_privilege($1, $2, 'SELECT')", typ.Table, name) == "false" {
					return false
				}
			}
		}
		return testkit.Value(t, tx, "SELECT count(*) FROM "+typ.Table+" WHERE "+key[1]) == "1"
	}
	var allowed, done, unsure bool
	c.try(t, func(tx pgx.Tx) {
		before := visible(tx)
		done = answered(t, c.client(tx, c.who), fmt.Sprintf(`mutation { update%s(%s, data: {%s: %s}) { __typename } }`, typ.Name, key[0], v.field, v.graphql))
		allowed = done && before
		unsure = allowed && !visible(tx)
	})
	if unsure {
		return
	}
	c.try(t, func(tx pgx.Tx) {
		become(t, tx, c.who)
		sql := fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", typ.Table, column(v.field), v.sql, key[1])
		tag, err := tx.Exec(t.Context(), sql)
		c.differ(t, sql, allowed, !denied(t, err, sql) && tag.RowsAffected() == 1)
	})
}

// deletes compares deletes of each row.
func (c *comparison) deletes(t testing.TB, typ *schema.Type) {
	c.try(t, func(tx pgx.Tx) {
		keys := c.keysOf(t, tx, typ)
		var allowed, gone []string
		for _, key := range keys {
			c.try(t, func(tx pgx.Tx) {
				if answered(t, c.client(tx, c.who), fmt.Sprintf(`mutation { delete%s(%s) { __typename } }`, typ.Name, key[0])) {
					allowed = append(allowed, key[1])
				}
			})
		}
		c.deleted += len(allowed)
		become(t, tx, c.who)
		sql := "DELETE FROM " + typ.Table
		if testkit.Value(t, tx, "SELECT has_table_privilege($1, 'DELETE')", typ.Table) == "true" {
			testkit.Exec(t, tx, sql)
		}
		testkit.Exec(t, tx, "RESET ROLE")
		left := c.keysOf(t, tx, typ)
		for _, key := range keys {
			if !slices.Contains(left, key) {
				gone = append(gone, key[1])
			}
		}
		c.differ(t, sql, allowed, gone)
	})
}

// creates compares new rows.
func (c *comparison) creates(t testing.TB, typ *schema.Type) {
	for range 2 {
		values := c.values(typ.Name, true)
		var fields, columns, sql []string
		known := true
		for _, v := range values {
			fields = append(fields, v.field+": "+v.graphql)
			columns, sql = append(columns, column(v.field)), append(sql, v.sql)
			known = known && c.can(typ, v.field, rls.Insert)
		}
		var allowed bool
		c.try(t, func(tx pgx.Tx) {
			allowed = answered(t, c.client(tx, c.who), fmt.Sprintf(`mutation { create%s(data: {%s}) { __typename } }`, typ.Name, strings.Join(fields, ", ")))
		})
		if allowed {
			c.created++
		}
		if !known {
			continue
		}
		c.try(t, func(tx pgx.Tx) {
			become(t, tx, c.who)
			insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", typ.Table, strings.Join(columns, ", "), strings.Join(sql, ", "))
			_, err := tx.Exec(t.Context(), insert)
			c.differ(t, insert, allowed, !denied(t, err, insert))
		})
	}
}

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
