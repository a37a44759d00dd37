package migrate

import (
	"context"
	"regexp"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Loss is data that a rollback would delete: the rows of a table, or the values of a column.
type Loss struct {
	Table  string `json:"table"`
	Column string `json:"column,omitempty"` // empty is whole rows
	Rows   int64  `json:"rows"`             // with Column, only rows in which it is not null
}

var (
	dropTable   = regexp.MustCompile(`(?i)^(?:drop\s+table|truncate(?:\s+table)?)\s+(?:if\s+exists\s+)?(?:only\s+)?(.+?)(?:\s+(?:cascade|restrict|restart|continue)\b.*)?;*$`)
	deleteFrom  = regexp.MustCompile(`(?i)^delete\s+from\s+(?:only\s+)?([^\s;]+)`)
	alterTable  = regexp.MustCompile(`(?i)^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(\S+)\s`)
	dropColumn  = regexp.MustCompile(`(?i)\bdrop\s+(?:column\s+)?(?:if\s+exists\s+)?("[^"]+"|\w+)`)
	notAColumn  = regexp.MustCompile(`(?i)^(?:constraint|not|default|identity|expression|column|if)$`)
	isTableName = regexp.MustCompile(`^(?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?$`)
)

// Losses counts the data that the statements of a dry run would delete. It recognizes dropped and emptied tables, dropped
// columns, and DELETE, for which it counts the whole table. It leaves out empty and missing tables.
func (m *Migrator) Losses(ctx context.Context, dry []Result) ([]Loss, error) {
	var found []Loss
	for _, r := range dry {
		for _, sql := range r.statements {
			found = append(found, lossesOf(sqltext.Normalise(sql))...)
		}
	}
	seen := map[Loss]bool{}
	var out []Loss
	for _, l := range found {
		if seen[l] || seen[Loss{Table: l.Table}] {
			continue
		}
		seen[l] = true
		var err error
		if l.Rows, err = m.count(ctx, l); err != nil {
			return nil, err
		}
		if l.Rows > 0 {
			out = append(out, l)
		}
	}
	return out, nil
}

func (m *Migrator) count(ctx context.Context, l Loss) (n int64, err error) {
	const op = "count what would be lost"
	if there, err := exists(ctx, m.o.DB, l.Table); !there || err != nil {
		return 0, pg.Fault(op, err)
	}
	what := "*"
	if l.Column != "" {
		what = l.Column
	}
	err = m.o.DB.QueryRow(ctx, "SELECT count("+what+") FROM "+l.Table).Scan(&n)
	if hasCode(err, "42703", "42809") { // undefined_column, if an earlier step creates the table; wrong_object_type
		return 0, nil
	}
	return n, pg.Fault(op, err)
}

// lossesOf returns the losses of one statement.
func lossesOf(sql string) []Loss {
	var out []Loss
	if match := dropTable.FindStringSubmatch(sql); match != nil {
		for name := range strings.SplitSeq(match[1], ",") {
			if name = strings.TrimSpace(name); isTableName.MatchString(name) {
				out = append(out, Loss{Table: name})
			}
		}
	}
	if match := deleteFrom.FindStringSubmatch(sql); match != nil && isTableName.MatchString(match[1]) {
		out = append(out, Loss{Table: match[1]})
	}
	if match := alterTable.FindStringSubmatch(sql); match != nil && isTableName.MatchString(match[1]) {
		for _, column := range dropColumn.FindAllStringSubmatch(sql, -1) {
			if !notAColumn.MatchString(column[1]) {
				out = append(out, Loss{Table: match[1], Column: column[1]})
			}
		}
	}
	return out
}
