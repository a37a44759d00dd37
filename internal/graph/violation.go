package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
	rules "github.com/krowoc/krowoc/internal/schema/access"
)

// Violation is what Postgres reports about a row that it refuses.
type Violation struct {
	SQLState, Table, Column, Constraint string
}

// Explanation says which constraint a write violates, in the terms of the schema.
type Explanation struct {
	Field      string // empty where several fields matter
	Message    string
	Constraint string // its name in Postgres

	check *schema.Check // nil for other constraints
}

// Explain says which constraint a write violates. What the caller is not allowed to read in any row is not named: the field may be one of another
// type, whose rows refer to the written one. Of a check that also names such fields, only its own message remains. A constraint that is not the
// schema's is named as it is.
func (a *API) Explain(v Violation, c caller.Caller) Explanation {
	unknown := Explanation{Message: "the row violates the constraint " + v.Constraint, Constraint: v.Constraint}
	i := slices.IndexFunc(a.model.Tables, func(t *schema.Type) bool { return t.Table == v.Table })
	if i < 0 {
		return unknown
	}
	t := a.model.Tables[i]
	fields, e := a.explain(t, v)
	switch {
	case !mayRead(t, fields, c) || !mayTell(t, e.check, c):
		return Explanation{Message: unnamedMessage(v.SQLState)}
	case e.Message == "":
		return unknown
	case e.check == nil || mayRead(t, celsql.Fields(e.check.Expr, t), c):
		e.Constraint = v.Constraint // otherwise, its name may contain that of a field
	}
	return e
}

// mayTell reports whether a caller learns which check a row violates: one of fields that the caller may read, or one with a message of its
// own that is about some of them.
func mayTell(t *schema.Type, check *schema.Check, c caller.Caller) bool {
	if check == nil {
		return true
	}
	fields := celsql.Fields(check.Expr, t)
	isReadable := func(f *schema.Field) bool { return mayRead(t, []*schema.Field{f}, c) }
	return mayRead(t, fields, c) || (check.Message != "" && slices.ContainsFunc(fields, isReadable))
}

// unnamedMessage returns the message about what the caller is not allowed to read.
func unnamedMessage(state string) string {
	if pg.IsForeignKeyViolation(state) {
		return "a reference has no target, or another row still refers to this one"
	}
	return unnamed[state]
}

var unnamed = map[string]string{
	notNullViolation:   "a value is missing",
	uniqueViolation:    "another row has the same key or unique value",
	exclusionViolation: "another row excludes this one",
	checkViolation:     "a value is not allowed",
}

// The SQLSTATEs of constraints: https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	notNullViolation   = "23502"
	uniqueViolation    = "23505"
	checkViolation     = "23514"
	exclusionViolation = "23P01"
)

// explain returns the fields that a constraint is on, and what it demands.
func (a *API) explain(t *schema.Type, v Violation) (fields []*schema.Field, e Explanation) {
	switch {
	case v.SQLState == notNullViolation:
		name := a.fieldOf(t, v.Column)
		for _, f := range t.Fields {
			if slices.Contains(f.Columns(), v.Column) {
				fields = append(fields, f)
			}
		}
		return fields, Explanation{Field: name, Message: name + " cannot be null"}
	case pg.IsForeignKeyViolation(v.SQLState):
		for _, f := range t.Fields {
			if r := f.Relation; r != nil && r.Kind == schema.RefOne && schema.ObjectName(t.Table, f.Columns(), "fkey") == v.Constraint {
				message := a.nameOf(f) + ": no such " + r.Target.APIName() + " exists, or " + article(t.APIName()) + " still refers to it"
				return append([]*schema.Field{f}, r.Fields...), Explanation{Field: a.nameOf(f), Message: message}
			}
		}
	case v.SQLState == uniqueViolation:
		return a.explainUnique(t, v.Constraint)
	case v.SQLState == checkViolation:
		return a.explainCheck(t, v.Constraint)
	}
	return nil, Explanation{}
}

// mayRead reports whether the rules allow a caller to read fields of a type in any row at all.
func mayRead(t *schema.Type, fields []*schema.Field, c caller.Caller) bool {
	if slices.ContainsFunc(fields, func(f *schema.Field) bool { return f.API.Hidden }) || t.API.Hidden {
		return false
	}
	if c.Service {
		return true
	}
	if !exposed(t) || !rowAccess(t, schema.Read).possible(c) {
		return false
	}
	return !slices.ContainsFunc(fields, func(f *schema.Field) bool { return !fieldAccess(f).possible(c) })
}

// possible reports whether some rule can hold for a caller, whatever its condition on the row is.
func (a access) possible(c caller.Caller) bool {
	return a.open || slices.ContainsFunc(a.rules, func(r schema.Rule) bool { return rules.Applies(r, c) })
}

// fieldOf names the field of a column as the API does.
func (a *API) fieldOf(t *schema.Type, column string) string {
	for _, f := range t.Fields {
		for _, k := range f.NamedKeyFields(a.nameOf) {
			if k.Column == column {
				return k.Name
			}
		}
	}
	return column
}

func (a *API) explainUnique(t *schema.Type, constraint string) ([]*schema.Field, Explanation) {
	for _, f := range t.Fields {
		if f.Unique && f.UniqueName() == constraint {
			return []*schema.Field{f}, Explanation{Field: a.nameOf(f), Message: a.nameOf(f) + ": another " + t.APIName() + " has the same value"}
		}
	}
	for _, u := range t.Uniques {
		if u.Name == constraint {
			names := make([]string, len(u.Fields))
			for i, f := range u.Fields {
				names[i] = a.nameOf(f)
			}
			return u.Fields, Explanation{Message: strings.Join(names, ", ") + ": another " + t.APIName() + " has the same values"}
		}
	}
	return nil, Explanation{Message: "another " + t.APIName() + " has the same key or unique value"}
}

func (a *API) explainCheck(t *schema.Type, constraint string) ([]*schema.Field, Explanation) {
	for _, f := range t.Fields {
		for _, c := range f.Checks {
			if c.Name == constraint {
				return []*schema.Field{f}, Explanation{Field: a.nameOf(f), Message: a.nameOf(f) + ": " + a.checkMessage(c, t), check: &c}
			}
		}
		for kind, message := range constraintMessages(f) {
			if len(f.Columns()) > 0 && f.ConstraintName(kind) == constraint {
				return []*schema.Field{f}, Explanation{Field: a.nameOf(f), Message: a.nameOf(f) + " " + message}
			}
		}
	}
	for _, c := range t.Checks {
		if c.Name == constraint {
			return nil, Explanation{Message: a.checkMessage(c, t), check: &c}
		}
	}
	return nil, Explanation{}
}

func (a *API) checkMessage(c schema.Check, t *schema.Type) string {
	isRenamed := func(f *schema.Field) bool { return a.nameOf(f) != f.Name }
	switch {
	case c.Message != "":
		return c.Message
	case slices.ContainsFunc(celsql.Fields(c.Expr, t), isRenamed): // the expression has the names of the schema
		return unnamed[checkViolation]
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
