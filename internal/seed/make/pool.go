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

// poolSize is the number of values that Postgres parses for a field of a type whose binary format is not implemented here. If the field is
// unique, the pool is larger than the number of rows, up to mostPool, since a domain may reject some values, and to find the last unique
// values quickly.
const (
	poolSize = 200
	mostPool = 100_000
)

// pooler replaces a generator of texts by a choice among values that Postgres has parsed from texts.
type pooler struct {
	blueprint *blueprint
	maker     *maker
	guessed   bool
	read      func(c *slot, texts []string) ([]*constant, error)
}

// fillPools creates pools for the fields of types that only Postgres can parse.
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

// mayHave rejects operands with binary values of another type.
func (c *slot) mayHave(operands []*operand) error {
	for _, o := range operands {
		if o.slot != nil && o.slot.kind == kindRaw && o.slot.oid != c.oid {
			return fault.New(fault.Invalid, "", fmt.Sprintf("%s is generated from %s, which is %s, so it must have that type too", label(c.field), o.path, o.slot.castType),
				howTo(c.field))
		}
	}
	return nil
}

// replace returns a generator of values of the column's type.
func (p *pooler) replace(s generator, c *slot) (made generator, err error) {
	if p.guessed && c.field.Type.Enum != nil {
		return p.labels(c)
	}
	switch s := s.(type) {
	case *constant, *choice:
		eachConstant(s, c, func(v *constant, _ *slot) {
			if c.kind == kindRaw && !v.null { // a guess from the schema has not been parsed
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

// labels returns a choice among the values of an enum that a domain over it allows.
func (p *pooler) labels(c *slot) (generator, error) {
	values, err := p.read(c, c.field.Type.Enum.Labels())
	if refusesValue(err) {
		return nil, p.refuse("and Postgres rejects every value of the enum: " + messageOf(err))
	}
	return &choice{values: values}, err
}

// pool draws texts, and lets Postgres parse them.
func (p *pooler) pool(s generator, c *slot) (generator, error) {
	made, planned := s, newSlot(c.field)
	planned.scale = c.scale
	if p.guessed && !counts(s) {
		made, planned = p.guess(c)
		made = p.enough(made, planned)
	}
	if v, fixed := made.(*constant); fixed {
		return p.replace(v, c)
	}
	if made == nil { // an unknown type
		made, planned = probe(), &slot{kind: kindText, field: c.field}
	}
	switch {
	case !apart(made) && c.kind != kindRaw:
		return s, nil // a domain, whose checks Postgres evaluates
	case !apart(made):
		return nil, p.refuse("which supports only values and fakes")
	}
	values, err := p.read(c, p.texts(made, planned))
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refusesValue(err) && p.guessed && !p.maker.field.Type.NonNull:
		p.maker.filled = false
		return &constant{null: true}, nil
	case errors.As(err, &refused) && refusesValue(err):
		return nil, p.refuse("and Postgres rejects the values generated for it: " + refused.Message)
	case err != nil:
		return nil, err
	}
	return &choice{values: values}, nil
}

// same is the unchanged value of another field.
type same struct{ of *operand }

func (s same) make(r *sample) datum { return s.of.value(r) }

// tells reports whether a field must be unique.
func (t *blueprint) tells(m *maker) bool {
	made := t.spec.made[m.field.Name]
	return m.field.Unique || t.isAlone(m.field) || (len(t.typ.Key) == 1 && t.typ.Key[0] == m.field) || (made != nil && made.distinct)
}

// differ records values for uniqueness, because the generator no longer guarantees it.
func (t *blueprint) differ(m *maker) {
	alone := func(u *uniqueness) bool { return len(u.fields) == 1 && u.fields[0] == m.field }
	if _, pooled := m.generator.(*choice); pooled && t.tells(m) && !slices.ContainsFunc(t.uniques, alone) {
		t.uniques = append(t.uniques, newUniqueness([]*schema.Field{m.field}, m.slots))
		m.steady = false
	}
}

// refuse returns the error for a field that cannot be filled, before anything is written.
func (p *pooler) refuse(why string) error {
	f := p.maker.field
	return fault.New(fault.Invalid, "", fmt.Sprintf("%s is %s, %s", label(f), p.blueprint.slots[p.maker.slots[0]].castType, why), howTo(f))
}

// howTo returns a hint with generators that support every type.
func howTo(f *schema.Field) string {
	return fmt.Sprintf("Specify values that Postgres can parse: generate: {%s: {%s: {value: …}}}, or {pick: […]} or {weights: {…}}.", f.Owner.Name, f.Name)
}
