package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/caller"
)

// The ID of a caller is compared with columns of every type as the API does it, whatever the token has in it.
func TestPoliciesOfOddIDs(t *testing.T) {
	const owned = "@auth(rules: [{ allow: OWNER, field: \"owner\" }])"
	types := []string{
		owned + " { owner: ID", owned + " { owner: String", owned + ` { owner: ID @col(dataType: "int8")`, owned + ` { owner: ID @col(dataType: "int4")`,
		owned + ` { owner: String @col(dataType: "varchar(40)")`, owned + ` { owner: ID @col(dataType: "text")`,
		`@auth(rules: [{ allow: PUBLIC, where: "this.owner == auth.uid" }]) { owner: ID`,
		`@auth(rules: [{ allow: PUBLIC, where: "string(this.owner) == auth.uid || auth.uid in ['a', 'A']" }]) { owner: ID`,
	}
	const a = "0191e3a4-7c1e-7b3a-9c55-3f1d2a4b5c6d"
	whole, bare := []string{"7", "0", "-7", "2147483648", "9223372036854775807"}, strings.ReplaceAll(a, "-", "")
	ids := slices.Concat(whole, []string{
		a, strings.ToUpper(a), bare, "{" + a + "}", "{" + bare + "}", "urn:uuid:" + a, a[:8] + bare[8:], bare[:4] + "-" + bare[4:], " " + a, a + "\n", "007", "-0", "+7", " 7", "7.0", "7e0", "٧",
		"9223372036854775808", "99999999999999999999999", "a", "A", "a ", "é", "e\u0301", "'", "\\", "NULL", "infinity", "NaN",
	})
	var text, rows []string
	for i, body := range types {
		text = append(text, fmt.Sprintf("type T%d @table(name: \"t%d\") %s name: String }", i, i, body))
		for _, id := range append(slices.Clone(ids), "00000000-0000-0000-0000-000000000000") {
			rows = append(rows, fmt.Sprintf("DO $x$ BEGIN INSERT INTO t%d (owner, name) VALUES (E'%s', 'x'); EXCEPTION WHEN data_exception OR numeric_value_out_of_range THEN END $x$", i,
				strings.NewReplacer("'", "''", "\\", "\\\\").Replace(id)))
		}
		rows = append(rows, fmt.Sprintf("INSERT INTO t%d (name) VALUES ('null')", i))
	}
	s := secure(t, strings.Join(text, "\n"), rows...)
	shown := 0
	for _, id := range ids {
		c := comparison{secured: s, who: caller.Caller{UID: id}}
		for i := range types {
			s.try(t, func(tx pgx.Tx) {
				name := fmt.Sprintf("t%d", i)
				api := s.shown(t, tx, c.who, s.schema.Type(strings.ToUpper(name)), []string{"id"})
				become(t, tx, c.who)
				c.differ(t, "read "+types[i], api, seen(t, tx, name, []string{"id"}))
				shown += len(api)
			})
		}
	}
	if shown < 50 {
		t.Errorf("only %d rows are shown", shown)
	}
}
