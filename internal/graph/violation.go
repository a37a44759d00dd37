package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Violation is what Postgres reports about a row that it refuses.
type Violation struct {
	SQLState, Table, Column, Constraint string
}

// Explain says in the terms of the schema which constraint a write violates, and which field if it is one; false where the constraint is
// not the schema's.
func (a *API) Explain(v Violation) (field, message string, known bool) {
	i := slices.IndexFunc(a.model.Tables, func(t *schema.Type) bool { return t.Table == v.Table })
	if i < 0 {
		return "", "", false
	}
	t := a.model.Tables[i]
	switch v.SQLState {
	case "23502": // not_null_violation
		return fieldOf(t, v.Column), fieldOf(t, v.Column) + " cannot be null", true
	case "23503", "23001": // foreign_key_violation, restrict_violation
		for _, f := range t.Fields {
			if r := f.Relation; r != nil && r.Kind == schema.RefOne && schema.ObjectName(t.Table, f.Columns(), "fkey") == v.Constraint {
				return f.Name, f.Name + ": no such " + r.Target.Name + " exists, or " + article(t.Name) + " still refers to it", true
			}
		}
	case "23505": // unique_violation
		field, message = explainUnique(t, v.Constraint)
		return field, message, true
	case "23514": // check_violation
		return explainCheck(t, v.Constraint)
	}
	return "", "", false
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

func explainUnique(t *schema.Type, constraint string) (field, message string) {
	for _, f := range t.Fields {
		if f.Unique && f.UniqueName() == constraint {
			return f.Name, f.Name + ": another " + t.Name + " has the same value"
		}
	}
	for _, u := range t.Uniques {
		if u.Name == constraint {
			names := make([]string, len(u.Fields))
			for i, f := range u.Fields {
				names[i] = f.Name
			}
			return "", strings.Join(names, ", ") + ": another " + t.Name + " has the same values"
		}
	}
	return "", "another " + t.Name + " has the same key or unique value"
}

func explainCheck(t *schema.Type, constraint string) (field, message string, known bool) {
	for _, f := range t.Fields {
		for _, c := range f.Checks {
			if c.Name == constraint {
				return f.Name, f.Name + ": " + checkMessage(c), true
			}
		}
		for kind, message := range constraintMessages(f) {
			if len(f.Columns()) > 0 && f.ConstraintName(kind) == constraint {
				return f.Name, f.Name + " " + message, true
			}
		}
	}
	for _, c := range t.Checks {
		if c.Name == constraint {
			return "", checkMessage(c), true
		}
	}
	return "", "", false
}

func checkMessage(c schema.Check) string {
	if c.Message != "" {
		return c.Message
	}
	return "it must satisfy " + strings.Join(strings.Fields(c.Expr.Source), " ")
}

// constraintMessages says what each kind of constraint demands of a field.
func constraintMessages(f *schema.Field) map[string]string {
	return map[string]string{
		"length":   lengthMessage(f),
		"range":    rangeMessage(f.Constraints.Range),
		"pattern":  "must match " + f.Constraints.Pattern,
		"format":   "must be a valid " + string(f.Constraints.Format),
		"elements": "cannot contain null",
	}
}

func lengthMessage(f *schema.Field) string {
	unit := "characters"
	switch {
	case f.Type.List:
		unit = "elements"
	case f.Type.Scalar == schema.Bytes:
		unit = "bytes"
	}
	switch l := f.Constraints.Length; {
	case l == nil:
		return ""
	case l.Min != nil && l.Max != nil:
		return fmt.Sprintf("must have %d to %d %s", *l.Min, *l.Max, unit)
	case l.Min != nil:
		return fmt.Sprintf("must have at least %d %s", *l.Min, unit)
	case l.Max != nil:
		return fmt.Sprintf("must have at most %d %s", *l.Max, unit)
	}
	return ""
}

func rangeMessage(r *schema.Range) string {
	switch {
	case r == nil:
		return ""
	case r.Min != "" && r.Max != "":
		return "must be between " + r.Min + " and " + r.Max
	case r.Min != "":
		return "must be at least " + r.Min
	}
	return "must be at most " + r.Max
}
