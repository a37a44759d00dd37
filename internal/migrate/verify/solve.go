package verify

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// solver finds rows of a table that satisfy demands. Postgres evaluates them. A demand on one column leaves out values; for those on several
// columns, the solver changes the columns of a demand that is not satisfied, and keeps the best of some random changes.
type solver struct {
	tx       pgx.Tx
	t        *catalog.Table
	demands  []demand            // in the order of their migrations
	pools    map[string][]choice // the possible values of the columns that get one
	inserted []row
	random   *rand.Rand
}

// choice is a value of a column.
type choice struct {
	text      string // in Postgres's text format
	isNull    bool
	isDefault bool // so that the insert leaves the column out
	varies    bool // a default that differs from row to row
}

// row has the values by column.
type row map[string]choice

// rounds and changes limit the search for a row: how often the best of some changes is taken.
const (
	rounds  = 40
	changes = 16
)

// first returns the nth row, with values that other rows do not have where there are such values.
func (s *solver) first(n int) row {
	r := row{}
	for column, pool := range s.pools {
		if len(pool) == 0 {
			continue
		}
		values := len(pool)
		if pool[values-1].isNull && values > 1 {
			values-- // null is the last, and says the least
		}
		r[column] = pool[n%values]
		if pool[0].isDefault {
			r[column] = pool[0] // the default is the most likely to be valid
		}
	}
	return r
}

// vary returns a row with other values in some of the columns.
func (s *solver) vary(r row, columns []string) row {
	r = maps.Clone(r)
	columns = slices.DeleteFunc(slices.Clone(columns), func(name string) bool { return len(s.pools[name]) < 2 })
	slices.Sort(columns)
	columns = slices.Compact(columns)
	s.random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	if len(columns) > 1 {
		columns = columns[:1+s.random.IntN(len(columns))]
	}
	for _, name := range columns {
		r[name] = s.pools[name][s.random.IntN(len(s.pools[name]))]
	}
	return r
}

// solve returns a row that satisfies all demands, or as many of the first ones as it finds. It starts with r.
func (s *solver) solve(ctx context.Context, r row) (row, error) {
	broken, err := s.broken(ctx, r)
	for range rounds {
		if err != nil || len(broken[0]) == 0 {
			return r, err
		}
		best := broken[0]
		columns := s.columnsOf(best[s.random.IntN(len(best))])
		tried := []row{r}
		for range changes {
			tried = append(tried, s.vary(r, columns))
		}
		if broken, err = s.broken(ctx, tried...); err != nil {
			return r, err
		}
		at := 1 + s.random.IntN(changes) // of equals, any
		for i := 1; i <= changes; i++ {
			if slices.Compare(marks(broken[i], len(s.demands)), marks(broken[at], len(s.demands))) < 0 {
				at = i
			}
		}
		r, broken = tried[at], broken[at:at+1]
	}
	return r, err
}

// marks says for each demand whether it is broken.
func marks(broken []int, n int) []int {
	list := make([]int, n)
	for _, i := range broken {
		list[i] = 1
	}
	return list
}

func (s *solver) columnsOf(demand int) (list []string) {
	for _, c := range s.demands[demand].columns {
		list = append(list, c.current)
	}
	return list
}

// broken returns the demands on several columns that each row does not satisfy.
func (s *solver) broken(ctx context.Context, rows ...row) ([][]int, error) {
	broken := make([][]int, len(rows))
	type place struct{ row, demand int }
	var places []place
	var conditions []string
	for i, r := range rows {
		for n, d := range s.demands {
			switch {
			case d.isUnique:
				if s.repeats(d, r) {
					broken[i] = append(broken[i], n)
				}
			case len(d.columns) > 1:
				places, conditions = append(places, place{i, n}), append(conditions, s.sql(d, r))
			}
		}
	}
	results, err := evaluate(ctx, s.tx, conditions)
	if err != nil {
		return nil, err
	}
	for i, result := range results {
		if result != nil && *result == "false" { // an error says nothing
			broken[places[i].row] = append(broken[places[i].row], places[i].demand)
		}
	}
	for i := range broken {
		slices.Sort(broken[i])
	}
	return broken, nil
}

// repeats reports whether an earlier row has the values of a row in the columns of a unique key.
func (s *solver) repeats(d demand, r row) bool {
	return slices.ContainsFunc(s.inserted, func(other row) bool {
		for _, c := range d.columns {
			a, given := r[c.current]
			b := other[c.current]
			isKnown := given && !a.varies && !a.isNull && !b.isNull
			if !isKnown || !strings.EqualFold(a.text, b.text) {
				return false
			}
		}
		return true
	})
}

// sql returns the condition of a demand on a row.
func (s *solver) sql(d demand, r row) string {
	var values, names, targets []string
	for i, c := range d.columns {
		value, given := r[c.current]
		if !given {
			return "true" // Postgres computes the value
		}
		values = append(values, fmt.Sprintf("%s AS %s", value.literal(c.kind), pg.QuoteIdent(c.name)))
		names = append(names, "v."+pg.QuoteIdent(c.name))
		if i < len(d.targets) {
			targets = append(targets, "t."+pg.QuoteIdent(d.targets[i]))
		}
	}
	condition := d.condition
	if len(d.targets) > 0 {
		condition = fmt.Sprintf("num_nulls(%[1]s) > 0 OR EXISTS (SELECT FROM %[2]s t WHERE (%[3]s) = (%[1]s))", strings.Join(names, ", "), d.target.quoted(), strings.Join(targets, ", "))
		if own := s.ownTargets(d, r); own != "" {
			condition += fmt.Sprintf(" OR (%s) = (%s)", strings.Join(names, ", "), own)
		}
	}
	return fmt.Sprintf("SELECT (%s) IS NOT FALSE FROM (SELECT %s) v", condition, strings.Join(values, ", "))
}

// ownTargets returns the values of the row itself that a reference of the table to itself can have.
func (s *solver) ownTargets(d demand, r row) string {
	if d.target != nameOf(s.t) {
		return ""
	}
	var list []string
	for _, name := range d.targets {
		value, given := r[name]
		column := s.t.Column(name)
		if !given || value.varies || column == nil {
			return ""
		}
		list = append(list, value.literal(column.Type))
	}
	return strings.Join(list, ", ")
}

func (c choice) literal(kind string) string {
	if c.isNull {
		return "NULL::" + kind
	}
	return pg.QuoteLiteral(c.text) + "::" + kind
}

// insertSQL returns the statement that inserts a row.
func (s *solver) insertSQL(r row) string {
	var names, values []string
	for _, column := range s.t.Columns {
		if value, given := r[column.Name]; given && !value.isDefault {
			names, values = append(names, pg.QuoteIdent(column.Name)), append(values, value.literal(column.Type))
		}
	}
	if len(names) == 0 {
		return "INSERT INTO " + quoted(s.t) + " DEFAULT VALUES"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quoted(s.t), strings.Join(names, ", "), strings.Join(values, ", "))
}

// evaluate returns the values of expressions as text. Nil is null, and an expression that fails.
func evaluate(ctx context.Context, tx pgx.Tx, expressions []string) ([]*string, error) {
	if len(expressions) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "SELECT pg_temp.krowoc_value(e) FROM unnest($1::text[]) WITH ORDINALITY AS u(e, n) ORDER BY n", expressions)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[*string])
}

// evaluator is a function that exists in one transaction.
const evaluator = `CREATE FUNCTION pg_temp.krowoc_value(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	value text;
BEGIN
	EXECUTE 'SELECT (' || expression || ')::text' INTO value;
	RETURN value;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END $$`
