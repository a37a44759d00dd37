package verify

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// rowCounts holds, for each table, the number of rows and a sum of hashes for each column.
type rowCounts map[string]tableRows

type tableRows struct {
	count   int64
	columns map[string]string
}

// countRows reads the rows of ordinary tables. It only reads the scratch database, which is small, so it reads all rows.
func (v *verifier) countRows(ctx context.Context, c *catalog.Catalog) (rowCounts, error) {
	counts := rowCounts{}
	batch := &pgx.Batch{}
	for _, t := range c.Tables {
		if t.Kind == "foreign table" || t.Kind == "partitioned table" {
			continue
		}
		columns := []string{"count(*)::text"}
		for _, column := range t.Columns {
			// The sum of hashes does not depend on the order of rows. A null has a hash of its own.
			columns = append(columns, fmt.Sprintf("coalesce(sum(hashtextextended(coalesce(t.%s::text, '\\N'), 1)::numeric), 0)::text", pg.QuoteIdent(column.Name)))
		}
		sql := fmt.Sprintf("SELECT ARRAY[%s] FROM %s t", strings.Join(columns, ", "), quoted(&t))
		batch.Queue(sql).QueryRow(func(row pgx.Row) error {
			var values []string
			if err := row.Scan(&values); err != nil {
				return err
			}
			table := tableRows{columns: map[string]string{}}
			for i, column := range t.Columns {
				table.columns[column.Name] = values[i+1]
			}
			var err error
			table.count, err = strconv.ParseInt(values[0], 10, 64)
			counts[t.Schema+"."+t.Name] = table
			return err
		})
	}
	return counts, pg.Fault("read the rows", v.db.SendBatch(ctx, batch).Close())
}

// changes lists the differences between rows, by table.
func (before rowCounts) changes(after rowCounts) (list []string) {
	for name, was := range before {
		is, there := after[name]
		if !there {
			continue // the comparison of catalogs reports a missing table
		}
		if is.count != was.count {
			list = append(list, fmt.Sprintf("%s had %d rows and now has %d", name, was.count, is.count))
			continue
		}
		var columns []string
		for column, sum := range was.columns {
			if now, there := is.columns[column]; there && now != sum {
				columns = append(columns, column)
			}
		}
		if slices.Sort(columns); len(columns) > 0 {
			list = append(list, fmt.Sprintf("%s has changed values in %s", name, strings.Join(columns, ", ")))
		}
	}
	slices.Sort(list)
	return list
}

func quoted(t *catalog.Table) string { return pg.QuoteIdent(t.Schema) + "." + pg.QuoteIdent(t.Name) }

func (t tableName) quoted() string { return pg.QuoteIdent(t.schema) + "." + pg.QuoteIdent(t.name) }
