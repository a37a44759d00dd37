package schema

import "slices"

// Rule allows some callers some operations on the rows of a type, or on one field. A caller may do whatever any rule allows.
type Rule struct {
	Allow      Allow
	Operations []Operation // never empty
	Field      *Field      // OWNER: the field that holds the owner, a reference to a user type or the user's id
	Roles      []string    // ROLE: any of these
	Tiers      []string    // TIER: any of these, from the lowest that is enough to the highest
	Where      *Expr       // a further condition on the row (this) and the caller (auth); nil for none
	Pos        Position
}

// Allow is the kind of caller that a Rule applies to.
type Allow string

// The kinds of caller.
const (
	AllowPublic        Allow = "PUBLIC"        // anyone
	AllowAuthenticated Allow = "AUTHENTICATED" // any authenticated caller
	AllowOwner         Allow = "OWNER"         // the user in Rule.Field
	AllowRole          Allow = "ROLE"          // a user with one of Rule.Roles
	AllowTier          Allow = "TIER"          // a user with one of Rule.Tiers
)

// Operation is an operation that a Rule allows.
type Operation string

// The operations.
const (
	Read   Operation = "READ"
	Create Operation = "CREATE"
	Update Operation = "UPDATE"
	Delete Operation = "DELETE"
)

// Operations lists every operation; a rule that lists none allows all.
var Operations = [...]Operation{Read, Create, Update, Delete}

// Allows reports whether the rule covers op.
func (r Rule) Allows(op Operation) bool {
	return slices.Contains(r.Operations, op)
}
