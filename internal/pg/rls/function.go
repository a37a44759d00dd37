package rls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// conditionFunction is a function with a condition on a row. It takes the columns that the condition uses, and what it uses of the caller: evaluated
// in the function, that would be read from the claims for each row.
type conditionFunction struct {
	name, body string
	columns    []string
	claims     []claim
}

// claim is what a condition can use of the caller.
type claim struct{ sql, column, dataType string }

// claims lists all but UIDAs.
var claims = []claim{
	{UID, `"caller's uid"`, "text"}, {UIDAsUUID, `"caller's uuid"`, "uuid"}, {UIDAsNumber, `"caller's number"`, "numeric"},
	{Roles, `"caller's roles"`, "text[]"}, {Tier, `"caller's tier"`, "text"},
}

// functionOf returns the function with a condition on the rows of a table. Its name changes with its text.
func functionOf(table, condition string) conditionFunction {
	f := conditionFunction{}
	_, f.columns = onRow(condition, Row)
	condition, f.claims = onClaims(qualified(condition))
	var selected []string
	for _, c := range f.columns {
		selected = append(selected, fmt.Sprintf("$%d AS %s", len(selected)+1, ident(c)))
	}
	for _, c := range f.claims {
		selected = append(selected, fmt.Sprintf("$%d AS %s", len(selected)+1, c.column))
	}
	f.body = "SELECT coalesce(" + condition + ", false) FROM (SELECT " + strings.Join(selected, ", ") + ") " + Row
	f.name = named(table, f.body)
	return f
}

// onClaims replaces what a condition uses of the caller by columns of the row.
func onClaims(sql string) (out string, used []claim) {
	var b strings.Builder
	for len(sql) > 0 {
		i := slices.IndexFunc(claims, func(c claim) bool { return strings.HasPrefix(sql, c.sql) })
		if i >= 0 {
			if !slices.Contains(used, claims[i]) {
				used = append(used, claims[i])
			}
			b.WriteString(Row + "." + claims[i].column)
			sql = sql[len(claims[i].sql):]
			continue
		}
		n, _ := sqltext.Token(sql)
		if n <= 0 {
			n = len(sql)
		}
		b.WriteString(sql[:n])
		sql = sql[n:]
	}
	return b.String(), used
}

// call returns SQL that has the function judge the row with the given alias.
func (f conditionFunction) call(alias string) string {
	var given []string
	for _, c := range f.columns {
		given = append(given, alias+"."+ident(c))
	}
	for _, c := range f.claims {
		given = append(given, c.sql)
	}
	return f.name + "(" + strings.Join(given, ", ") + ")"
}

// Call returns SQL that has the function with a condition judge the row of a table with the given alias.
func Call(table, condition, alias string) string { return functionOf(table, condition).call(alias) }
