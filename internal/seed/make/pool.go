package make

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// poolSize is how many values Postgres reads for a field of a type whose binary format is not written here. Where rows have to differ in
// the field, there are more than rows, as a domain may not take all and so that the last ones are found soon, but not more than mostPool.
const (
	poolSize = 200
	mostPool = 100_000
)

// pooler replaces what would write the bytes of a text by a choice among values that Postgres has read from texts.
type pooler struct {
	blueprint *blueprint
	maker     *maker
	guessed   bool
	read      func(c *slot, texts []string) ([]*constant, error)
}

// fillPools sees to the fields of types that only Postgres can read.
func (t *blueprint) fillPools(ctx context.Context, tx pgx.Tx) error {
	for _, m := range t.makers {
		c := t.slots[m.slots[0]]
		if err := c.mayHave(m.operands); err != nil {
			return err
		}
		if m.pick != nil || m.generator == nil || !c.read || c.computed {
			continue
		}
		p := pooler{blueprint: t, maker: m, guessed: t.spec.made[m.field.Name] == nil}
		p.read = func(c *slot, texts []string) ([]*constant, error) { return readTexts(ctx, tx, c, texts) }
		var err error
		if m.generator, err = p.replace(m.generator, c); err != nil {
			return err
		}
		t.differ(m)
	}
	return nil
}

// mayHave refuses to make a field from bytes that only a field of the same type can have.
func (c *slot) mayHave(operands []*operand) error {
	for _, o := range operands {
		if o.slot != nil && o.slot.kind == kindRaw && o.slot.oid != c.oid {
			return fault.New(fault.Invalid, "", fmt.Sprintf("%s is generated from %s, which is %s, so it must have that type too", label(c.field), o.path, o.slot.castType),
				howTo(c.field))
		}
	}
	return nil
}

// replace returns what makes values of the column's type.
func (p *pooler) replace(s generator, c *slot) (made generator, err error) {
	switch s := s.(type) {
	case *constant, *choice:
		eachConstant(s, c, func(v *constant, _ *slot) {
			if c.kind == kindRaw && !v.null { // a guess of the schema's has not been read
				v.d = datum{}
			}
		})
		return s, nil
	case many:
		s.of, err = p.replace(s.of, c.elementOf())
		return s, err
	case sometimes:
		s.of, err = p.replace(s.of, c)
		return s, err
	case switched:
		for name, branch := range s.when {
			if s.when[name], err = p.replace(branch, c); err != nil {
				return nil, err
			}
		}
		s.rest, err = p.replace(s.rest, c)
		return s, err
	case numbered:
		return p.replace(s.of, c)
	case copied:
		if s.plain && s.of.slot.oid == c.oid {
			return same{s.of}, nil
		}
	case followed:
		return s, nil
	case ids, randomUUID:
		if c.kind != kindRaw {
			return s, nil
		}
	}
	return p.pool(s, c)
}

// pool draws texts, and has Postgres read them.
func (p *pooler) pool(s generator, c *slot) (generator, error) {
	made, planned := s, newSlot(c.field)
	planned.scale = c.scale
	if p.guessed && !counts(s) {
		made, planned = p.guess(c)
	}
	if v, fixed := made.(*constant); fixed {
		return p.replace(v, c)
	}
	switch {
	case made == nil:
		return nil, p.refuse("a type whose values cannot be generated")
	case !apart(made) && c.kind != kindRaw:
		return s, nil // a domain, whose checks Postgres sees to
	case !apart(made):
		return nil, p.refuse("which supports only values and fakes")
	}
	values, err := p.read(c, p.texts(made, planned))
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refusesValue(err):
		return nil, p.refuse("and Postgres rejects the values generated for it: " + refused.Message)
	case err != nil:
		return nil, err
	}
	return &choice{values: values}, nil
}

// texts draws as many different texts as rows can need.
func (p *pooler) texts(s generator, c *slot) []string {
	want := poolSize
	if p.blueprint.tells(p.maker) || slices.ContainsFunc(p.blueprint.uniques, p.keeps) {
		want = mostPool
		if p.blueprint.per == nil {
			want = int(min(max(4*p.blueprint.count, poolSize), mostPool))
		}
	}
	seen := map[string]bool{}
	var list []string
	r := p.blueprint.newSample()
	for i := int64(0); len(list) < want && i < 4*int64(want); i++ {
		r.number = i
		r.rng.seek(salt(p.maker.salt, "pool"), i, 0)
		d := s.make(r)
		if text := c.literal(&d); !seen[text] && !d.null {
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}

// keeps reports whether rows differ in the field.
func (p *pooler) keeps(u *uniqueness) bool { return slices.Contains(u.fields, p.maker.field) }

// literal is the value as Postgres reads it.
func (c *slot) literal(d *datum) string {
	switch {
	case c.base == "bytea":
		return fmt.Sprintf("\\x%x", d.s)
	case c.kind == kindTimestamp: // as a time of day takes it, too
		return timeOf(d.i).Format("2006-01-02 15:04:05.000+00")
	}
	return c.text(d)
}

// same is another field's value as it is.
type same struct{ of *operand }

func (s same) make(r *sample) datum { return s.of.value(r) }

// apart reports whether a generator makes values from nothing else in the row or its place.
func apart(s generator) bool {
	switch s := s.(type) {
	case faked, octets, coin, whole, *moments, randomUUID, coordinates, *choice, *constant:
		return true
	case *measure:
		_, other := s.numbers.(arithmetic)
		return !other
	}
	return false
}

// counts reports whether a generator counts rows.
func counts(s generator) bool {
	switch s.(type) {
	case counter, *upwards, nth:
		return true
	}
	return false
}

// tells reports whether no two rows may have the same value of a field.
func (t *blueprint) tells(m *maker) bool {
	made := t.spec.made[m.field.Name]
	return m.field.Unique || len(t.typ.Key) == 1 && t.typ.Key[0] == m.field || made != nil && made.distinct
}

// differ has values remembered that were to differ by their making.
func (t *blueprint) differ(m *maker) {
	alone := func(u *uniqueness) bool { return len(u.fields) == 1 && u.fields[0] == m.field }
	if _, pooled := m.generator.(*choice); pooled && t.tells(m) && !slices.ContainsFunc(t.uniques, alone) {
		t.uniques = append(t.uniques, newUniqueness([]*schema.Field{m.field}, m.slots))
		m.steady = false
	}
}

// refuse says what cannot be made before anything is written.
func (p *pooler) refuse(why string) error {
	f := p.maker.field
	return fault.New(fault.Invalid, "", fmt.Sprintf("%s is %s, %s", label(f), p.blueprint.slots[p.maker.slots[0]].castType, why), howTo(f))
}

// howTo says what every type takes.
func howTo(f *schema.Field) string {
	return fmt.Sprintf("Specify values that Postgres can parse: generate: {%s: {%s: {value: …}}}, or {pick: […]} or {weights: {…}}.", f.Owner.Name, f.Name)
}
