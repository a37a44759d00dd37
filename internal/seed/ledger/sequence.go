package ledger

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/pg"
)

// AdvanceSequence returns the statement that advances a sequence past the values of a column, so that the application's next row does not
// collide with them. The name of the sequence must be quoted.
func AdvanceSequence(sequence, column, table string) string {
	return fmt.Sprintf(`SELECT setval(%s, highest) FROM (SELECT max(%s) AS highest FROM %s) AS m, %s AS s
		WHERE highest > CASE WHEN s.is_called THEN s.last_value ELSE s.last_value - 1 END`,
		pg.QuoteLiteral(sequence), pg.QuoteIdent(column), pg.QuoteIdent(table), sequence)
}
