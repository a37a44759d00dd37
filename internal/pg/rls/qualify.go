package rls

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// publicSchema is where the tables and enums of a project are.
const publicSchema = "public."

// qualified returns a condition in which the tables and enums have their Postgres schema, so that a function with the condition needs no search
// path for them: everybody may create objects in public before version 15, and an operator or a function there that fits better would be taken.
//
// Conditions have all their names in double quotes. A table follows FROM or a comma and has an alias, and an enum is what a value is cast to.
func qualified(sql string) string {
	var b strings.Builder
	last, before := "", "" // the two tokens before, without blanks
	for len(sql) > 0 {
		n, blank := sqltext.Token(sql)
		if n <= 0 {
			n = len(sql)
		}
		token := sql[:n]
		sql = sql[n:]
		if !blank {
			isType := last == ":" && before == ":"
			isTable := (last == "FROM" || last == ",") && hasAlias(sql)
			if token[0] == '"' && (isType || isTable) {
				b.WriteString(publicSchema)
			}
			last, before = token, last
		}
		b.WriteString(token)
	}
	return b.String()
}

// hasAlias reports whether a name follows after a space.
func hasAlias(sql string) bool {
	rest, spaced := strings.CutPrefix(sql, " ")
	if !spaced || rest == "" {
		return false
	}
	n, _ := sqltext.Token(rest)
	return n > 0 && sqltext.Ident(rest[:n]) == rest[:n] // no keyword, and no operator
}
