package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/schema"
)

// OneTrip has the statements of a step for one round trip, which is a transaction of its own: Write keeps the key of the row in settings, where
// Read finds it, and fails with RefusedRow if the rules do not allow the row.
type OneTrip struct {
	Write, Read Statement
}

// RefusedRow is in the message of Postgres, in whichever language that is, if the rules do not allow the row that a OneTrip has written.
const RefusedRow = "the rules do not allow the written row"

// rowWrite is a statement that writes one row and returns it, and what is made of the row.
type rowWrite struct {
	object    *object
	statement string
	alias     string // of the row
	counts    string // a text column that ends with a comma, or ""
	allowed   string // whether the rules allow the row
}

func (w rowWrite) returning(columns string) string {
	return fmt.Sprintf("WITH %s AS (%s) SELECT %s FROM %[1]s %[4]s", writtenRows, w.statement, columns, w.alias)
}

// keyed has a write return the key, the counts, and whether the rules allow the row.
func (w rowWrite) keyed() string {
	return w.returning(keyTexts(w.object, w.alias) + ", " + w.counts + "coalesce(" + w.allowed + ", false)")
}

// kept has a write return the same, keep the key in settings, and fail if the rules do not allow the row. Postgres evaluates constants when it plans,
// also those of a CASE that it does not take, so that the text must depend on the row.
func (w rowWrite) kept() string {
	var keys []string
	for i, k := range w.object.key {
		keys = append(keys, fmt.Sprintf("set_config(%s, %s.%s::text, true)", keySetting(i), w.alias, ident(k.column)))
	}
	allowed := "true"
	if w.allowed != allowed {
		text := fmt.Sprintf("left(%s.%s::text, 0) || %s", w.alias, ident(w.object.key[0].column), literalText(RefusedRow))
		allowed = fmt.Sprintf("CASE WHEN %s THEN true ELSE (%s)::boolean END", w.allowed, text)
	}
	return w.returning(join(keys, ", ") + ", " + w.counts + allowed)
}

// keySetting names the setting that keeps a part of a key, as SQL.
func keySetting(i int) string { return fmt.Sprintf("'krowoc.key_%d'", i+1) }

// keptKey returns SQL for a part of a key that a setting keeps. It is null where no row was written: a setting that some transaction has had before is
// empty.
func keptKey(k *field, i int) string {
	return fmt.Sprintf("nullif(current_setting(%s, true), '')::%s", keySetting(i), k.value.sqlType())
}

// rowWrite plans a create or an update.
func (b *builder) rowWrite(o *object, f selected, op schema.Operation) (rowWrite, error) {
	if op == schema.Create {
		return b.create(o, b.data(f))
	}
	return b.update(o, f)
}

// oneTrip plans a step again for one round trip.
func (b *builder) oneTrip(step *Step, f selected, op schema.Operation) (err error) {
	writesMore := !b.single || step.After.SQL != "" || len(step.Events)+len(step.Nested) > 0
	if writesMore || step.Current.SQL != "" || b.api.options.Policed {
		return nil
	}
	size := b.size
	defer func() { b.size = size }() // which has grown for the same fields before
	step.OneTrip = &OneTrip{}
	step.OneTrip.Write, err = b.statement(func() (string, error) {
		w, err := b.rowWrite(step.object, f, op)
		if err != nil {
			return "", err
		}
		return w.kept(), nil
	})
	if err != nil {
		return err
	}
	step.OneTrip.Read, err = b.readStep(step.object, f, &Cost{}, func(i int, k *field) (string, error) { return keptKey(k, i), nil })
	return err
}
