package schema

// Computed is how Postgres computes a field that has no column (@sql, @function). Exactly one of Expr and Function is set.
type Computed struct {
	Expr     string // SQL over the columns of the row, which is called this
	Function string // a function that takes the row, perhaps with its Postgres schema
	Pos      Position
}
