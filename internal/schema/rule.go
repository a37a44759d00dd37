package schema

// Rule lets some callers do some operations on the rows of a type (or on one field). Rules add up: a
// caller may do what any rule allows.
type Rule struct {
	Allow      Allow
	Operations []Operation // never empty
	Field      *Field      // OWNER: the field that holds the owner: a reference to a user type, or the id itself
	Roles      []string    // ROLE: any of these
	Where      *Expr       // a further condition on the row (this) and the caller (auth); nil for none
	Pos        Position
}

// Allow says whom a Rule is for.
type Allow string

// The kinds of caller.
const (
	AllowPublic        Allow = "PUBLIC"        // anyone
	AllowAuthenticated Allow = "AUTHENTICATED" // anyone who is signed in
	AllowOwner         Allow = "OWNER"         // the user that Rule.Field names
	AllowRole          Allow = "ROLE"          // a user with one of Rule.Roles
)

// Operation is what a Rule allows.
type Operation string

// The operations.
const (
	Read   Operation = "READ"
	Create Operation = "CREATE"
	Update Operation = "UPDATE"
	Delete Operation = "DELETE"
)

// Operations lists every operation; a rule that names none allows all.
var Operations = [...]Operation{Read, Create, Update, Delete}

// Allows reports whether the rule covers op.
func (r Rule) Allows(op Operation) bool {
	for _, o := range r.Operations {
		if o == op {
			return true
		}
	}
	return false
}
