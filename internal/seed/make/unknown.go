package make

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// unknown are the constraints of a table that only Postgres can evaluate.
type unknown struct {
	checks  []condition
	uniques []uniqueIndex
}

// judged reports whether Postgres must evaluate the rows before they are inserted.
func (t *blueprint) judged() bool {
	return t.triggered() || len(t.unknown.checks)+len(t.unknown.uniques) > 0
}

// databaseKeys makes fields unique that only the database requires to be so.
func (t *blueprint) databaseKeys() {
	if t.facts == nil {
		return
	}
	for _, u := range t.facts.uniques {
		fields := t.madeOf(u.columns)
		if !u.plain() || fields == nil {
			if t.fillsAll(u.columns) {
				continue
			}
			t.unknown.uniques = append(t.unknown.uniques, u)
			t.varyTexts(u)
			continue
		}
		mayBeNull := u.nullsEqual && t.avoidNulls(fields)
		if !t.schemaHas(u) {
			t.addUnique(fields...)
		}
		if u.nullsEqual {
			for _, f := range fields {
				t.makers[t.makerOf(f)].nullable = false
			}
		}
		if mayBeNull || u.loose {
			t.unknown.uniques = append(t.unknown.uniques, u)
		}
	}
}

// avoidNulls leaves null out of fields where nothing asks for it, and reports whether one of them may still be null.
func (t *blueprint) avoidNulls(fields []*schema.Field) (mayBeNull bool) {
	for _, f := range fields {
		m := t.makers[t.makerOf(f)]
		if t.spec.made[f.Name] == nil && !t.slots[m.slots[0]].mustMixNulls() {
			m.null = 0
		}
		c, fixed := m.generator.(*constant)
		_, follows := m.generator.(followed)
		mayBeNull = mayBeNull || m.null > 0 || (fixed && c.null) || (follows && !f.Type.NonNull)
	}
	return mayBeNull
}

// plain reports whether an index only has columns, and all rows without nulls. Rows with nulls are distinct.
func (u *uniqueIndex) plain() bool {
	notNull := len(u.columns) == 1 && slices.Contains([]string{u.columns[0], pg.QuoteIdent(u.columns[0])}, strings.TrimSuffix(strings.Trim(u.predicate, "()"), " IS NOT NULL"))
	return len(u.operators) == 0 && !slices.Contains(u.columns, "") && (u.predicate == "" || notNull)
}

// madeOf returns the fields whose columns are exactly these, or nil if the database fills one of the columns.
func (t *blueprint) madeOf(columns []string) (fields []*schema.Field) {
	covered := 0
	for _, m := range t.makers {
		names := m.field.Columns()
		if slices.Contains(t.virtual, m.field) || (m.field.Relation != nil && len(m.field.Relation.Fields) > 0) || len(names) == 0 {
			continue
		}
		if !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(columns, name) }) {
			fields = append(fields, m.field)
			covered += len(names)
		}
	}
	if covered != len(columns) {
		return nil
	}
	return fields
}

// fillsAll reports whether a default of the database fills one of the columns, such as the next number of a sequence.
func (t *blueprint) fillsAll(columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool {
		f := t.fieldOf(name)
		return f != nil && t.makerOf(f) < 0 && (f.Generated == nil || f.Generated.Expr == nil)
	})
}

func (t *blueprint) fieldOf(column string) *schema.Field {
	if at := slices.IndexFunc(t.typ.Fields, func(f *schema.Field) bool { return slices.Contains(f.Columns(), column) }); at >= 0 && column != "" {
		return t.typ.Fields[at]
	}
	return nil
}

// schemaHas reports whether the schema has a unique constraint over the columns.
func (t *blueprint) schemaHas(u uniqueIndex) bool {
	same := func(fields ...*schema.Field) bool {
		var names []string
		for _, f := range fields {
			names = append(names, f.Columns()...)
		}
		return len(names) == len(u.columns) && !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(u.columns, name) })
	}
	return same(t.typ.Key...) || slices.ContainsFunc(t.typ.Fields, func(f *schema.Field) bool { return f.Unique && same(f) }) ||
		slices.ContainsFunc(t.typ.Uniques, func(of schema.Unique) bool { return same(of.Fields...) })
}

// isDistinct reports whether a unique index of the database contains the field.
func (t *blueprint) isDistinct(f *schema.Field) bool {
	return t.facts != nil && len(f.Columns()) == 1 && slices.ContainsFunc(t.facts.uniques, func(u uniqueIndex) bool { return slices.Contains(u.columns, f.Columns()[0]) })
}

// isAlone reports whether a unique index of the database has only this field.
func (t *blueprint) isAlone(f *schema.Field) bool {
	return t.isDistinct(f) && slices.ContainsFunc(t.facts.uniques, func(u uniqueIndex) bool {
		return u.plain() && len(u.columns) == 1 && u.columns[0] == f.Columns()[0]
	})
}

// countsItself reports whether defaults in SQL of the field's type are usually different for each row: sequences and random UUIDs.
func (t *blueprint) countsItself(f *schema.Field) bool {
	at, ok := t.index[f.Column]
	return !ok || isWhole(t.slots[at].kind) || t.slots[at].kind == kindUUID || strings.Contains(f.DataType, "uuid")
}

// varyTexts lets texts get a number after a few attempts, so that they become unique.
func (t *blueprint) varyTexts(u uniqueIndex) {
	for _, m := range t.makers {
		if m.generator == nil || len(m.slots) != 1 || t.spec.made[m.field.Name] != nil {
			continue
		}
		c := t.slots[m.slots[0]]
		mentioned := slices.Contains(u.columns, c.name) || slices.ContainsFunc(u.keys, func(sql string) bool { return strings.Contains(sql, c.name) })
		if _, text := m.generator.(faked); mentioned && text && !c.array && c.isPlainText() {
			m.generator = numbered{of: m.generator, longest: c.longest(), division: division(m.field)}
		}
	}
}

// isPlainText reports whether a number can be appended to the texts of a column.
func (c *slot) isPlainText() bool {
	return c.kind == kindText && c.field.Type.Enum == nil && c.field.Constraints.Pattern == "" && !c.hint.Shapes()
}
