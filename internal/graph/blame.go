package graph

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Violation is what Postgres says of a row that it refuses.
type Violation struct {
	SQLState, Table, Column, Constraint string
}

// Blame says what a client did wrong whose write broke a rule of the database, in the words of the schema; false where it is
// no rule of the schema's.
func (a *API) Blame(v Violation) (string, bool) {
	i := slices.IndexFunc(a.model.Tables, func(t *schema.Type) bool { return t.Table == v.Table })
	if i < 0 {
		return "", false
	}
	t := a.model.Tables[i]
	switch v.SQLState {
	case "23502": // not_null_violation
		return fieldOf(t, v.Column) + " cannot be null", true
	case "23503": // foreign_key_violation
		for _, f := range t.Fields {
			if r := f.Relation; r != nil && r.Kind == schema.RefOne && schema.ObjectName(t.Table, f.Columns(), "fkey") == v.Constraint {
				return f.Name + ": there is no such " + r.Target.Name + ", or a " + t.Name + " refers to it still", true
			}
		}
	case "23505": // unique_violation
		return blameUnique(t, v.Constraint), true
	case "23514": // check_violation
		return blameCheck(t, v.Constraint)
	}
	return "", false
}

// fieldOf names the field of a column as the API does.
func fieldOf(t *schema.Type, column string) string {
	for _, f := range t.Fields {
		for _, k := range f.KeyFields() {
			if k.Column == column {
				return k.Name
			}
		}
	}
	return column
}

func blameUnique(t *schema.Type, constraint string) string {
	for _, f := range t.Fields {
		if f.Unique && f.UniqueName() == constraint {
			return f.Name + ": another " + t.Name + " has this value"
		}
	}
	for _, u := range t.Uniques {
		if u.Name == constraint {
			names := make([]string, len(u.Fields))
			for i, f := range u.Fields {
				names[i] = f.Name
			}
			return strings.Join(names, ", ") + ": another " + t.Name + " has these values"
		}
	}
	return "another " + t.Name + " has this key, or a value that must be its own"
}

func blameCheck(t *schema.Type, constraint string) (string, bool) {
	said := func(c schema.Check) string {
		if c.Message != "" {
			return c.Message
		}
		return "it must satisfy " + strings.Join(strings.Fields(c.Expr.Source), " ")
	}
	for _, f := range t.Fields {
		for _, c := range f.Checks {
			if c.Name == constraint {
				return f.Name + ": " + said(c), true
			}
		}
		for kind, message := range map[string]string{
			"length": "its length is not what it must be", "range": "it is out of its range", "pattern": "it must match " + f.Constraints.Pattern,
			"format": "it must be a valid " + string(f.Constraints.Format), "elements": "its elements cannot be null",
		} {
			if len(f.Columns()) > 0 && f.ConstraintName(kind) == constraint {
				return f.Name + ": " + message, true
			}
		}
	}
	for _, c := range t.Checks {
		if c.Name == constraint {
			return said(c), true
		}
	}
	return "", false
}
