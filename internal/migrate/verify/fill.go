package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// fill inserts rows into empty tables, with values that fit their types, references, enums and unique keys. If a constraint
// rejects a row, fill tries other values; a table that accepts no row stays empty. Tables that reference a table that is still
// empty are filled on a later pass, so the order of tables does not matter.
func (v *verifier) fill(ctx context.Context, c *catalog.Catalog) error {
	pending, err := v.emptyTables(ctx, c)
	empty := map[string]bool{}
	for _, t := range pending {
		empty[quoted(t)] = true
	}
	others := fmt.Sprint(c.Enums, c.Others)
	for err == nil && len(pending) > 0 {
		var left []*catalog.Table
		for _, t := range pending {
			filled, err := v.tryTable(ctx, c, t, empty, others)
			if err != nil {
				return err
			}
			if filled {
				delete(empty, quoted(t))
			} else {
				left = append(left, t)
			}
		}
		if len(left) == len(pending) {
			return nil
		}
		pending = left
	}
	return err
}

// tryTable fills a table, unless that cannot work: it needs a row of an empty table, or has refused all rows and nothing has changed since.
// Otherwise each migration would try all values again for each such table. It reports whether the table accepted a row.
func (v *verifier) tryTable(ctx context.Context, c *catalog.Catalog, t *catalog.Table, empty map[string]bool, others string) (bool, error) {
	state := sha256.New()
	fmt.Fprint(state, *t, others)
	for i := range t.Constraints {
		k := &t.Constraints[i]
		if k.Kind != "foreign key" {
			continue
		}
		schema, name := k.Target()
		target := pg.QuoteIdent(schema) + "." + pg.QuoteIdent(name)
		fmt.Fprint(state, empty[target])
		if empty[target] && target != quoted(t) && !slices.ContainsFunc(k.Columns, func(column string) bool { return !t.Column(column).NotNull }) {
			return false, nil
		}
	}
	for _, i := range c.Indexes {
		if i.Schema == t.Schema && i.Table == t.Name {
			fmt.Fprint(state, i)
		}
	}
	sum := [sha256.Size]byte(state.Sum(nil))
	if v.refused[quoted(t)] == sum {
		return false, nil
	}
	filled, err := v.fillTable(ctx, c, t)
	if err == nil && !filled {
		v.refused[quoted(t)] = sum
	}
	return filled, err
}

// emptyTables lists the empty tables. A partition is filled through its parent.
func (v *verifier) emptyTables(ctx context.Context, c *catalog.Catalog) (list []*catalog.Table, err error) {
	batch := &pgx.Batch{}
	for i := range c.Tables {
		t := &c.Tables[i]
		if t.Kind == "foreign table" || t.Bound != "" {
			continue
		}
		batch.Queue("SELECT EXISTS (SELECT FROM " + quoted(t) + ")").QueryRow(func(row pgx.Row) error {
			var has bool
			err := row.Scan(&has)
			if !has {
				list = append(list, t)
			}
			return err
		})
	}
	return list, pg.Fault("look for empty tables", v.db.SendBatch(ctx, batch).Close())
}

// fillTable reports whether the table accepted a row.
func (v *verifier) fillTable(ctx context.Context, c *catalog.Catalog, t *catalog.Table) (has bool, err error) {
	for n := 1; n <= v.Rows; n++ {
		inserted, err := v.fillRow(ctx, c, t, n)
		if err != nil {
			return has, pg.Fault("fill "+quoted(t), err)
		}
		has = has || inserted
	}
	return has, nil
}

// ways is the number of variants of a column's value, and attempts the number of times that an insert is tried.
const (
	ways     = 4
	attempts = 24
)

// fillRow inserts the nth row, with values that the constraints of the next file accept if there are such values.
func (v *verifier) fillRow(ctx context.Context, c *catalog.Catalog, t *catalog.Table, n int) (bool, error) {
	if v.later != nil {
		if later := v.later.Table(t.Schema, t.Name); later != nil {
			if inserted, err := v.tryRow(ctx, row{c: c, t: t, laterCatalog: v.later, later: later, n: n}); inserted || err != nil {
				return inserted, err
			}
		}
	}
	return v.tryRow(ctx, row{c: c, t: t, n: n})
}

// tryRow inserts a row. If a constraint rejects it, the next attempt uses another variant for the columns of the constraint.
func (v *verifier) tryRow(ctx context.Context, r row) (bool, error) {
	r.way = map[string]int{}
	for range attempts {
		if columns := v.rejected(ctx, r); len(columns) > 0 {
			for _, column := range columns {
				r.way[column]++
			}
			continue
		}
		_, err := v.db.Exec(ctx, r.insertSQL())
		var server *pgconn.PgError
		switch {
		case err == nil:
			return true, nil
		case !errors.As(err, &server):
			return false, err
		}
		for _, column := range blamed(r.t, server) {
			r.way[column]++
		}
	}
	return false, nil
}

// blamed returns the columns of the constraint that rejected a row, or all columns if they are unknown.
func blamed(t *catalog.Table, server *pgconn.PgError) (columns []string) {
	for _, k := range t.Constraints {
		if k.Name == server.ConstraintName && len(k.Columns) > 0 {
			return k.Columns
		}
	}
	for _, column := range t.Columns {
		columns = append(columns, column.Name)
	}
	return columns
}

// row is a row to generate.
type row struct {
	c            *catalog.Catalog
	t            *catalog.Table
	laterCatalog *catalog.Catalog // whose constraints the row also satisfies; may be nil
	later        *catalog.Table   // the same table in it
	n            int              // the row is the nth of its table
	way          map[string]int   // the variant of each column
}

// insertSQL returns the statement that inserts the row.
func (r row) insertSQL() string {
	var names, values []string
	for _, column := range r.t.Columns {
		if value, given := r.value(column); given {
			names, values = append(names, pg.QuoteIdent(column.Name)), append(values, value)
		}
	}
	if len(names) == 0 {
		return "INSERT INTO " + quoted(r.t) + " DEFAULT VALUES"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quoted(r.t), strings.Join(names, ", "), strings.Join(values, ", "))
}

// value returns the expression for a column, if the statement gives the column one.
func (r row) value(column catalog.Column) (value string, given bool) {
	if column.Generated != "" || column.Identity == "always" {
		return "", false
	}
	if source := r.reference(column.Name); source != "" {
		return fmt.Sprintf("(%s OFFSET %d %% greatest(1, (SELECT count(*) FROM (%s) s)) LIMIT 1)", source, r.n-1, source), true
	}
	c, way, asText := r.c, r.way[column.Name], false
	if r.later != nil {
		later := r.later.Column(column.Name)
		if asText = later != nil && later.Type != column.Type && isText(column.Type); asText { // the file casts the text to another type, or shortens it
			c, column = r.laterCatalog, *later
		}
	}
	canTakeDefault := (column.Default != "") && !asText && !r.becomesUnique(column.Name)
	if canTakeDefault && way == 0 {
		return "", false // the default is the most likely to be valid
	}
	candidates := candidates(column, r.t, r.later)
	if way %= ways + len(candidates); way >= ways {
		value = candidates[(way-ways+r.n-1)%len(candidates)]
	} else {
		value = valueOf(c, column, r.n, way)
	}
	if asText {
		value = "(" + value + ")::text"
	}
	return value, true
}

var foreignKey = regexp.MustCompile(`^FOREIGN KEY \((.+?)\) REFERENCES (\S+?)\((.+?)\)`)

// referencesOf returns, for each column of a foreign key, a query for the values that it can reference. All columns of a key
// use the same order, so their values come from the same row.
func referencesOf(t *catalog.Table) map[string]string {
	out := map[string]string{}
	for _, k := range t.Constraints {
		match := foreignKey.FindStringSubmatch(k.Definition)
		if k.Kind != "foreign key" || match == nil {
			continue
		}
		targets := strings.Split(match[3], ", ")
		for i, column := range k.Columns {
			if i < len(targets) && out[column] == "" {
				out[column] = fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", targets[i], match[2], match[3])
			}
		}
	}
	return out
}

var typeLength = regexp.MustCompile(`\((\d+)`)

// valueOf returns an expression of a column's type whose value differs from row to row.
func valueOf(c *catalog.Catalog, column catalog.Column, n, way int) string {
	kind := column.Type
	if strings.HasSuffix(kind, "[]") {
		inner := column
		inner.Type = strings.TrimSuffix(kind, "[]")
		return fmt.Sprintf("ARRAY[%s]::%s", valueOf(c, inner, n, way), kind)
	}
	base, _, _ := strings.Cut(kind, "(")
	switch base {
	case "smallint", "integer", "bigint", "real", "double precision":
		return strconv.Itoa([]int{n, n + 100, -n, 0}[way])
	case "numeric":
		return fmt.Sprintf("0.%d", n)
	case "boolean":
		return strconv.FormatBool((n+way)%2 == 0)
	case "uuid":
		return fmt.Sprintf("'00000000-0000-4000-8000-%012d'", n)
	case "date", "timestamp without time zone", "timestamp with time zone", "timestamp":
		return fmt.Sprintf("(now() - interval '%d days')::%s", n, kind)
	case "interval":
		return fmt.Sprintf("interval '%d hours'", n)
	case "json", "jsonb":
		return fmt.Sprintf(`'{"n": %d}'`, n)
	case "bytea":
		return fmt.Sprintf(`'\x%02x'`, n)
	case "inet", "cidr":
		return fmt.Sprintf("'10.0.0.%d'", n)
	case "text", "character varying", "character", "citext":
		return textValue(kind, n, way)
	}
	for _, e := range c.Enums {
		if kind == e.Schema+"."+e.Name && len(e.Values) > 0 {
			return pg.QuoteLiteral(e.Values[(n+way)%len(e.Values)]) + "::" + kind
		}
	}
	return "NULL"
}

// textValue returns a text that fits its type, in a form that common checks require.
func textValue(kind string, n, way int) string {
	text := []string{fmt.Sprintf("text %d", n), fmt.Sprintf("person%d@example.com", n), fmt.Sprintf("https://example.com/%d", n), fmt.Sprintf("t%d", n)}[way]
	if match := typeLength.FindStringSubmatch(kind); match != nil {
		if limit, err := strconv.Atoi(match[1]); err == nil && len(text) > limit {
			text = fmt.Sprintf("%0*d", limit, n)[:limit]
		}
	}
	return pg.QuoteLiteral(text)
}
