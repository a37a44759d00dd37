package ddl

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// LeftOut is a change of the schema that no file of a plan contains.
type LeftOut struct {
	Object    string `json:"object"`              // column books.pages
	Statement string `json:"statement,omitempty"` // that Postgres refuses, if there is one
	Reason    string `json:"reason"`
	Hint      string `json:"hint,omitempty"`
}

// Refused is a statement that Postgres refuses.
type Refused struct {
	Statement string
	Err       error
}

// Error implements error.
func (r *Refused) Error() string { return r.Err.Error() }

// Unwrap returns the error of Postgres.
func (r *Refused) Unwrap() error { return r.Err }

// refusal is a refused statement with the objects that it is about.
type refusal struct {
	*Refused
	of      []object // the first one stands for the others; none if the plan cannot do without the statement
	onto    *object  // the left out object that the objects depend on; nil if Postgres itself gave the reason
	renames bool     // the statement renames the second of two objects to the first one
	reason  string   // if it is not only what Postgres says
	hint    string
	columns string // the tableKey if the objects are columns of a table whose changes are in one statement
}

func (r *refusal) leftOut(o object) LeftOut {
	if r.onto != nil {
		return dependsOn(o, *r.onto)
	}
	return LeftOut{Object: o.String(), Statement: r.Statement, Reason: cmp.Or(r.reason, pg.Fault("", r.Err).Error()), Hint: r.hint}
}

func dependsOn(o, on object) LeftOut {
	return LeftOut{Object: o.String(), Reason: "it depends on " + on.String() + ", which is left out"}
}

// Refusal returns an error that names everything that the plan leaves out, or nil.
func (p *Plan) Refusal() error {
	if len(p.LeftOut) == 0 {
		return nil
	}
	return refusalOf(p.LeftOut)
}

// Refusal returns an error that names everything of the schema that Postgres refuses, or nil.
func (t *Target) Refusal() error {
	var list []LeftOut
	for _, r := range t.refused {
		for _, o := range r.of {
			list = append(list, r.leftOut(o))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return refusalOf(list)
}

func refusalOf(list []LeftOut) error {
	var lines, hints []string
	for _, l := range list {
		lines = append(lines, l.Object+": "+l.Reason)
		if l.Statement != "" {
			lines = append(lines, l.Statement)
		}
		if l.Hint != "" && !slices.Contains(hints, l.Hint) {
			hints = append(hints, l.Hint)
		}
	}
	return fault.New(fault.Conflict, "make the changes of the schema", strings.Join(lines, "\n"), strings.Join(hints, "; "))
}

const (
	byHand       = "write the migration by hand with `krowoc migrate create NAME`"
	dependsHint  = "an object that is not in the schema depends on what changes: " + byHand
	rollbackHint = "write the migration and its rollback by hand with `krowoc migrate create NAME`"
	noWayHint    = "Postgres has no direct way to make this change: " + byHand
)

// rulesHint is the hint for a change of tables under the row-level security that `krowoc schema rls` has written.
const rulesHint = "the row-level security depends on what changes: run `krowoc schema rls --remove` before, and `krowoc schema rls` after it"

// rulesView matches what Postgres says of its views.
var rulesView = regexp.MustCompile(`\bview \S*_visible"? depends on `)

// sqlHint is the hint for SQL in a schema that Postgres refuses.
const sqlHint = "check the SQL in the schema (such as @default(sql:) and @col(dataType:)); it can use everything that existing migrations create"

// refusalHint returns the hint for a change that Postgres refuses.
func refusalHint(err error) string {
	refused := new(pgconn.PgError)
	if !errors.As(err, &refused) {
		return noWayHint
	}
	inPolicy := strings.Contains(refused.Message, "used in a policy definition") || strings.Contains(refused.Detail, "policy "+rls.PolicyPrefix) ||
		strings.Contains(refused.Detail, "trigger "+rls.PolicyPrefix) || rulesView.MatchString(refused.Detail)
	usedByView := refused.Code == "0A000" && strings.Contains(refused.Message, "used by")
	switch {
	case inPolicy || strings.Contains(refused.Detail, "function "+rls.Schema+"."):
		return rulesHint
	case refused.Code == "2BP01" || usedByView: // dependent_objects_still_exist
		return dependsHint
	case slices.Contains([]string{"22", "23", "P0"}, refused.Code[:2]): // invalid values, violated constraints, mustBeKey
		return "rows that the migrations insert do not allow this change: change the rows in a migration first, with `krowoc migrate create NAME`"
	}
	return noWayHint
}

// isRefusal reports whether Postgres refuses a statement because of its content, and not because of a failure of the server, the connection or
// the transaction.
func isRefusal(err error) bool {
	refused := new(pgconn.PgError)
	if !errors.As(err, &refused) {
		return false
	}
	trouble := []string{"08", "28", "40", "53", "57", "58000", "58030", "F0", "XX"}
	return !slices.ContainsFunc(trouble, func(class string) bool { return strings.HasPrefix(refused.Code, class) })
}

// creates matches a statement that creates something again while an enum is replaced.
var creates = regexp.MustCompile(`^(?:CREATE (?:UNIQUE )?(DOMAIN|FUNCTION|PROCEDURE|INDEX) |ALTER TABLE (.+) (?:ADD (CONSTRAINT|COLUMN)|ALTER (COLUMN)) )(.*)`)

// userOfRemoved names the object that a statement creates and that contains a value which the step removes from an enum. It is empty if
// the rows contain the value, or if Postgres refuses the statement for another reason.
func userOfRemoved(s step, sql string, err error) string {
	refused := new(pgconn.PgError)
	m := creates.FindStringSubmatch(sql)
	isOfRows := strings.Contains(sql, "::text::") || strings.Contains(sql, "::text[]::") // the change of a column's type
	if m == nil || isOfRows || !errors.As(err, &refused) || refused.Routine != "enum_in" || len(s.of) == 0 || s.of[0].kind != "enum" {
		return ""
	}
	n, _ := sqltext.Token(m[5])
	user := strings.ToLower(m[1]+m[3]+m[4]) + " " + m[5][:n]
	if m[2] != "" {
		user += " of " + m[2]
	}
	return user
}
