// Package randomdb writes the SQL of random databases: tables with every kind of key, type, default, constraint and index that people use,
// under names that are easy and hard. Tests hold that Krowoc can take over each of them.
package randomdb

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// database is a database that is being written.
type database struct {
	rand   *rand.Rand
	major  int // version of Postgres
	sql    []string
	names  map[string]bool // of tables, types and other relations
	types  []columnType    // of columns, with the types of this database
	tables []*table
	others []*table // outside of what the schema language has, with rows
}

// table is a table that has been written, as later foreign keys see it.
type table struct {
	name string   // quoted
	key  []column // of the primary key or a unique constraint; nil without one
	cols []column

	partitioned bool
}

type column struct {
	name string // quoted
	columnType
	notNull bool
}

// Statements returns the statements that create a database with about n tables on a major version of Postgres, in order.
func Statements(r *rand.Rand, n, major int) []string {
	d := &database{rand: r, major: major, names: map[string]bool{}, types: append([]columnType(nil), builtin...)}
	d.extensions()
	d.outsiders()
	for range r.IntN(3) {
		d.enum()
	}
	for range r.IntN(3) {
		d.domain()
	}
	if d.chance(3) {
		d.composite()
	}
	for range n {
		d.table()
	}
	d.extras()
	return d.sql
}

func (d *database) add(format string, args ...any) {
	d.sql = append(d.sql, fmt.Sprintf(format, args...))
}

// chance is true once in n times.
func (d *database) chance(n int) bool { return d.rand.IntN(n) == 0 }

func pick[T any](d *database, list []T) T { return list[d.rand.IntN(len(list))] }

// words are the plain names; hard ones need quotes, collide with keywords or with names of GraphQL, or are long.
var (
	words = []string{
		"user", "account", "orders", "order_items", "people", "category", "series", "status", "news", "tag", "tags", "node", "event_log",
		"product", "price_list", "address", "addresses", "invoice", "file", "session", "query", "mutation", "type", "value", "key", "label",
		"data", "position", "parent", "owner", "author", "created", "count", "name", "title", "body", "score", "level", "code", "kind", "amount",
	}
	hardWords = []string{
		"Order", "userName", "HTTPStatus", "select", "table", "group", "first name", "größe", "2fa", "_private", "__meta", "a-b", "a.b", `say "hi"`,
		"x__y", "trailing_", "ALLCAPS", "id_", "has%percent", "naïve café", "日本", "$cost", "UUID", "String", "Int", "Query", "PageInfo", "nodes",
		"a_name_that_is_nearly_as_long_as_postgres_allows_names_to_be_at",
	}
)

// fresh returns a quoted name that taken does not have yet.
func (d *database) fresh(taken map[string]bool) string {
	for {
		name := pick(d, words)
		if d.chance(5) {
			name = pick(d, hardWords)
		}
		if taken[name] {
			name = fmt.Sprintf("%.50s_%d", name, d.rand.IntN(90)+10)
		}
		if !taken[name] {
			taken[name] = true
			return pg.QuoteIdent(name)
		}
	}
}

func names(cols []column) string {
	var list []string
	for _, c := range cols {
		list = append(list, c.name)
	}
	return strings.Join(list, ", ")
}
