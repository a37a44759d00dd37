package migrate

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// runsOutside reports whether Postgres is known to refuse a statement in a transaction. It is then not tried there, which would log an error.
// Other such statements are tried; see PreventInTransactionBlock in Postgres's source.
func runsOutside(sql string) bool {
	words := strings.FieldsFunc(strings.ToLower(sqltext.Normalise(sql)), func(c rune) bool { return c == ' ' || c == ';' })
	words = slices.DeleteFunc(words, func(word string) bool { return word == "unique" })
	starts := func(with ...string) bool { return len(words) >= len(with) && slices.Equal(words[:len(with)], with) }
	has := func(word string) bool { return slices.Contains(words, word) }
	switch {
	case starts("vacuum"), starts("alter", "system"):
		return true
	case starts("create", "database"), starts("drop", "database"), starts("create", "tablespace"), starts("drop", "tablespace"):
		return true
	case starts("create", "index", "concurrently"), starts("drop", "index", "concurrently"), starts("reindex") && has("concurrently"):
		return true
	}
	return starts("alter", "table") && has("detach") && words[len(words)-1] == "concurrently"
}
