package make

import (
	"fmt"
	"slices"
	"strings"
)

// asCandidate names the candidates in queries that also read the table. No table has this name.
const asCandidate = "krowoc_candidate"

// rowsOf returns the numbers and keys of the candidates that the index contains.
func (u *uniqueIndex) rowsOf(from string) string {
	list := []string{candidateNumber}
	var conditions []string
	if u.predicate != "" {
		conditions = append(conditions, "("+u.predicate+")")
	}
	for i, key := range u.keys {
		list = append(list, fmt.Sprintf("(%s) AS k%d", key, i))
		if !u.nullsEqual {
			conditions = append(conditions, "("+key+") IS NOT NULL")
		}
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + from
	if len(conditions) > 0 {
		sql += " WHERE " + strings.Join(conditions, " AND ")
	}
	return "(" + sql + ")"
}

// conflict returns the condition that two rows conflict in a key, if it is not null.
func (u *uniqueIndex) conflict(at int, one, other string) string {
	operator := "="
	if at < len(u.operators) {
		operator = u.operators[at]
	}
	return one + " " + operator + " " + other
}

// amongCandidates finds candidates that conflict with an earlier one.
func (u *uniqueIndex) amongCandidates(from string, constraint int) string {
	rows := u.rowsOf(from)
	keys := make([]string, len(u.keys))
	if len(u.operators) > 0 {
		for i := range keys {
			keys[i] = u.conflict(i, fmt.Sprintf("c.k%d", i), fmt.Sprintf("e.k%d", i))
		}
		return fmt.Sprintf("SELECT DISTINCT c.%s, %d FROM %s c JOIN %s e ON e.%s < c.%s AND %s", candidateNumber, constraint, rows, rows,
			candidateNumber, candidateNumber, strings.Join(keys, " AND "))
	}
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i)
	}
	return fmt.Sprintf("SELECT %s, %d FROM (SELECT %s, row_number() OVER (PARTITION BY %s ORDER BY %s) AS nth FROM %s c) c WHERE nth > 1",
		candidateNumber, constraint, candidateNumber, strings.Join(keys, ", "), candidateNumber, rows)
}

// withExisting finds candidates that conflict with a row of the table. It looks each one up in the index. A join would read the whole table
// for each batch, and compare each row with each candidate where nulls are equal: IS NOT DISTINCT FROM can use neither an index nor a hash.
func (u *uniqueIndex) withExisting(from, table string, constraint int) string {
	var lookups []string
	for _, nulls := range u.nullPatterns() {
		lookups = append(lookups, u.lookup(table, nulls))
	}
	return fmt.Sprintf("SELECT %s, %d FROM %s AS %s WHERE %s", candidateNumber, constraint, u.rowsOf(from), asCandidate, strings.Join(lookups, " OR "))
}

// lookup returns the condition that the table has a row that conflicts with the candidate. nulls are the keys that are null in both.
func (u *uniqueIndex) lookup(table string, nulls []bool) string {
	var conditions, own []string
	if u.predicate != "" {
		conditions = append(conditions, "("+u.predicate+")")
	}
	for i, key := range u.keys {
		candidate := fmt.Sprintf("%s.k%d", asCandidate, i)
		if nulls[i] {
			own, conditions = append(own, candidate+" IS NULL AND "), append(conditions, "("+key+") IS NULL")
			continue
		}
		conditions = append(conditions, u.conflict(i, "("+key+")", candidate))
	}
	return fmt.Sprintf("(%s(SELECT true FROM %s WHERE %s LIMIT 1))", strings.Join(own, ""), table, strings.Join(conditions, " AND "))
}

// nullPatterns returns the sets of keys that may be null in two rows that conflict: none, or any where nulls are equal.
func (u *uniqueIndex) nullPatterns() [][]bool {
	patterns := [][]bool{make([]bool, len(u.keys))}
	if !u.nullsEqual {
		return patterns
	}
	for i := range u.keys {
		for _, pattern := range patterns {
			with := slices.Clone(pattern)
			with[i] = true
			patterns = append(patterns, with)
		}
	}
	return patterns
}
