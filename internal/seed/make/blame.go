package make

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
)

// copyLine matches the place where a COPY failed: COPY people, line 7, column email.
var copyLine = regexp.MustCompile(`^COPY \S+, line (\d+)(?:, column ([^:]+))?`)

// blame returns an error with the row that Postgres refused, and a hint.
func (t *blueprint) blame(err error) error {
	var known *fault.Error
	var refused *pgconn.PgError
	if errors.As(err, &known) || !errors.As(err, &refused) {
		return err
	}
	if g := t.triggerOf(err); g != nil {
		return t.refusedBy(g, "rows of", err)
	}
	sample, slot := "", ""
	if m := copyLine.FindStringSubmatch(refused.Where); m != nil {
		line, _ := strconv.ParseInt(m[1], 10, 64)
		sample, slot = fmt.Sprintf(" row %d of", line), m[2]
	}
	class := refused.Code[:2]
	if class != "22" && class != "23" && slot == "" { // Postgres names a column if its type rejects a value, with any code
		return err
	}
	message := fmt.Sprintf("Postgres refuses%s %s: %s", sample, t.typ.Table, refused.Message)
	if refused.Detail != "" && refused.Code != "23514" && refused.Code != "23502" {
		message += ": " + refused.Detail
	}
	return &fault.Error{Code: fault.Invalid, Message: message, Err: err,
		Hint: fmt.Sprintf("Under generate: %s, specify how %s generated, so that the database accepts it.", t.typ.Name, t.blamed(refused, slot))}
}

// blamed returns the fields to specify, with a verb: name is, the fields of a_b_key are.
func (t *blueprint) blamed(refused *pgconn.PgError, slot string) string {
	for _, name := range []string{refused.ColumnName, columnOf(refused.Detail), slot} {
		at, ok := t.index[name]
		switch {
		case ok:
			return t.slots[at].field.Name + " is"
		case strings.Contains(name, ", "):
			return name + " are"
		case name != "":
			return name + " is"
		}
	}
	if refused.ConstraintName != "" {
		return "the fields of " + refused.ConstraintName + " are"
	}
	return "its fields are"
}

// columnOf returns the columns of a violated constraint, if Postgres names them.
func columnOf(detail string) string {
	if _, rest, ok := strings.Cut(detail, "Key ("); ok {
		name, _, _ := strings.Cut(rest, ")")
		return name
	}
	return ""
}
