// Package access says who may do what with the rows of a schema, as its @auth rules have it: as a matrix of operations and kinds of callers, and
// of single rules in words.
package access

import (
	"slices"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/schema"
)

// Kind is a kind of caller.
type Kind string

// The kinds. Their grants add up: a caller with a role and a tier may do what either may.
const (
	Anonymous     Kind = "anonymous"     // who is not known
	Authenticated Kind = "authenticated" // a signed-in user without roles and tier, on rows that are not the user's own
	Owner         Kind = "owner"         // the same user, own rows included
	Role          Kind = "role"          // a signed-in user with one role, own rows included
	Tier          Kind = "tier"          // a signed-in user with a tier, own rows included
	Service       Kind = "service"       // the project's own service, to which rules do not apply
)

// Caller is a column of the matrix.
type Caller struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"` // of the role or tier
}

// String returns the heading of the column: owner, role admin.
func (c Caller) String() string {
	if c.Name == "" {
		return string(c.Kind)
	}
	return string(c.Kind) + " " + c.Name
}

// Allowed is the answer of a cell.
type Allowed string

// The answers.
const (
	Yes       Allowed = "yes"       // for every row
	No        Allowed = "no"        // for no row
	Condition Allowed = "condition" // for the rows that one of the cell's conditions holds for
)

// Cell is what one caller may do.
type Cell struct {
	Allowed    Allowed  `json:"allowed"`
	Conditions []string `json:"conditions,omitempty"` // in words; one of them is enough
}

// Row is one operation on the rows of a type, or on a field that has rules of its own. It has a cell for each caller of the matrix.
type Row struct {
	Type      string           `json:"type"`
	Field     string           `json:"field,omitempty"`
	Operation schema.Operation `json:"operation"`
	Cells     []Cell           `json:"cells"`
}

// Matrix is who may do what.
type Matrix struct {
	Callers []Caller `json:"callers"`
	Rows    []Row    `json:"rows"`
}

// Of returns the matrix of a schema.
func Of(s *schema.Schema) Matrix {
	m := Matrix{Callers: callersOf(s)}
	for _, t := range s.Tables {
		if t.Join != nil {
			continue
		}
		for _, op := range schema.Operations {
			m.row(t, nil, op)
		}
		for _, f := range t.Fields {
			m.fieldRows(t, f)
		}
	}
	return m
}

// fieldRows adds the rows of a field that is not as the rows of its type: one with rules, and a list in an implied join table, whose links belong to
// the rows at both ends.
func (m *Matrix) fieldRows(t *schema.Type, f *schema.Field) {
	isLimited := f.Auth || f.Fresh.Within > 0
	if isLimited {
		m.row(t, f, schema.Read)
	}
	isOfOthers := isLimited && len(f.Columns()) > 0
	if !f.Given() || (!linked(f) && !isOfOthers) {
		return // nobody writes it, or whoever writes the row
	}
	m.row(t, f, schema.Create)
	m.row(t, f, schema.Update)
}

// linked reports whether an implied join table holds a list.
func linked(f *schema.Field) bool {
	return f.Relation != nil && f.Relation.Through != nil && f.Relation.Through.Join != nil
}

func (m *Matrix) row(t *schema.Type, f *schema.Field, op schema.Operation) {
	row := Row{Type: t.Name, Operation: op}
	if f != nil {
		row.Field = f.Name
	}
	for _, c := range m.Callers {
		row.Cells = append(row.Cells, holds{Caller: c, typ: t}.cell(f, op))
	}
	m.Rows = append(m.Rows, row)
}

// callersOf returns the kinds of callers that the rules of a schema distinguish.
func callersOf(s *schema.Schema) []Caller {
	list := []Caller{{Kind: Anonymous}, {Kind: Authenticated}, {Kind: Owner}}
	var roles []Caller
	tiers := false
	for _, r := range rulesOf(s) {
		for _, role := range append(slices.Clone(r.Roles), rolesIn(r.Where)...) {
			if c := (Caller{Role, role}); !slices.Contains(roles, c) {
				roles = append(roles, c)
			}
		}
		tiers = tiers || r.Allow == schema.AllowTier
	}
	list = append(list, roles...)
	if tiers {
		for _, v := range s.Tiers().Values {
			list = append(list, Caller{Tier, v.Name})
		}
	}
	return append(list, Caller{Kind: Service})
}

func rulesOf(s *schema.Schema) (list []schema.Rule) {
	for _, t := range s.Tables {
		list = append(list, t.Rules...)
		for _, f := range t.Fields {
			list = append(list, f.Rules...)
		}
	}
	return list
}

// Applies reports whether a rule applies to a caller, whatever its condition on the row is.
func Applies(r schema.Rule, c caller.Caller) bool {
	switch r.Allow {
	case schema.AllowAuthenticated, schema.AllowOwner:
		return c.UID != ""
	case schema.AllowRole:
		return slices.ContainsFunc(r.Roles, func(role string) bool { return slices.Contains(c.Roles, role) })
	case schema.AllowTier:
		return slices.Contains(r.Tiers, c.Tier)
	}
	return true
}
