package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

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
