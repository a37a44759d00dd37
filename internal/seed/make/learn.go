package make

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/hint"
	"github.com/krowoc/krowoc/internal/schema"
)

// learn gives the columns of a table the hints of the constraints in the database.
func (r *Reader) learn(t *blueprint) {
	f := r.facts[t.typ.Table]
	if f == nil {
		return
	}
	t.facts = f
	if conditions := t.conditions(); len(conditions) > 0 {
		for column, h := range hint.Read(r.parser, conditions) {
			if at, ok := t.index[column]; ok {
				t.slots[at].hint = h
			}
		}
	}
	for column, list := range f.domains {
		if at, ok := t.index[column]; ok {
			t.slots[at].hint = t.slots[at].hintOf(r.valueHint(list))
		}
	}
	for column, list := range f.elements {
		if at, ok := t.index[column]; ok {
			t.slots[at].elemHint = r.valueHint(list)
		}
	}
}

// conditions returns the checks that give hints, and records those that only Postgres can evaluate. The usual generators already follow the
// constraints of fields.
func (t *blueprint) conditions() (list []string) {
	own := map[string]bool{}
	for _, f := range t.typ.Fields {
		for _, kind := range []string{"length", "range", "pattern", "format", "elements"} {
			own[f.ConstraintName(kind)] = true
		}
	}
	for _, c := range t.facts.checks {
		if own[c.name] {
			continue
		}
		list = append(list, c.sql)
		if !slices.ContainsFunc(t.checks, func(of check) bool { return of.name == c.name }) {
			t.unknown.checks = append(t.unknown.checks, c)
		}
	}
	return list
}

// hintFor returns the hint of a field, or nil.
func (t *blueprint) hintFor(f *schema.Field) *hint.Hint {
	if at, ok := t.index[f.Column]; ok {
		return t.slots[at].hint
	}
	return nil
}

// hasDomain reports whether the type of a column is a domain with conditions. Its values are drawn from those that satisfy them.
func (t *blueprint) hasDomain(c *slot) bool {
	return t.facts != nil && len(t.facts.domains[c.name]) > 0
}

// hintOf returns the hint of a column combined with another one.
func (c *slot) hintOf(h *hint.Hint) *hint.Hint {
	switch {
	case h == nil:
		return c.hint
	case c.hint == nil:
		return h
	}
	return h.With(c.hint)
}

// valueHint returns the hint of the conditions of a domain. Postgres writes the value as VALUE, which is parsed as a column.
func (r *Reader) valueHint(conditions []string) *hint.Hint {
	for column, h := range hint.Read(r.parser, conditions) {
		if strings.EqualFold(column, "value") {
			return h
		}
	}
	return nil
}
