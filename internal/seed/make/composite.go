package make

import (
	"context"
	"fmt"
	"strings"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/schema"
)

// written is a text in the text format of Postgres that a function generates.
type written struct{ text func(r *sample) string }

func (s written) make(r *sample) datum { return datum{s: s.text(r)} }

func (written) operands() []*operand { return nil }

// mostNested is the maximum depth of composite types in composite types.
const mostNested = 5

// describeComposites reads the attributes of the composite types of columns.
func (p *Generation) describeComposites(ctx context.Context, db querier) error {
	known := map[uint32][]*slot{}
	for _, t := range p.order {
		for _, c := range t.slots {
			if err := c.readAttributes(ctx, db, known, mostNested); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *slot) readAttributes(ctx context.Context, db querier, known map[uint32][]*slot, depth int) error {
	if c.relation == 0 || depth == 0 {
		return nil
	}
	list, ok := known[c.relation]
	if !ok {
		var err error
		if list, err = attributesOf(ctx, db, c); err != nil {
			return err
		}
		known[c.relation] = list
		for _, a := range list {
			if err := a.readAttributes(ctx, db, known, depth-1); err != nil {
				return err
			}
		}
	}
	c.attributes = list
	return nil
}

// attributesOf describes the attributes of a composite type like columns.
func attributesOf(ctx context.Context, db querier, c *slot) (list []*slot, err error) {
	rows, _ := db.Query(ctx, fmt.Sprintf(describeQuery, "(SELECT '' AS name, $1::oid AS relation) n")+" ORDER BY a.attnum", c.relation) // ForEachRow returns the error
	var d described
	_, err = pgx.ForEachRow(rows, d.targets(), func() error {
		a := &slot{name: d.name, array: d.arrays > 0, scale: defaultScale, unit: 1}
		a.field = &schema.Field{Name: d.name, Owner: c.field.Owner, Type: schema.FieldType{Scalar: scalarOf(d.base), List: a.array}}
		a.kind, a.castType = kinds[d.base], d.castType
		a.adoptType(&d)
		list = append(list, a)
		return nil
	})
	return list, err
}

// scalarOf returns the scalar of a Postgres type, as far as it determines how values are generated.
func scalarOf(base string) schema.Scalar {
	if base == "bytea" {
		return schema.Bytes
	}
	return schema.String
}

// textOf returns a function that generates texts of any type. It returns nil if nothing is known about the type.
func (p *pooler) textOf(c *slot) func(r *sample) string {
	if c.array {
		return p.arrayText(c)
	}
	if len(c.attributes) > 0 {
		return p.rowText(c)
	}
	made, like := p.guess(c)
	if made == nil || !apart(made) {
		return nil
	}
	if s, ok := made.(*choice); ok {
		return func(r *sample) string { return s.values[s.index(r)].text }
	}
	target := *like
	target.base = c.base
	return func(r *sample) string {
		d := made.make(r)
		return target.literal(&d)
	}
}

// arrayText generates texts of arrays.
func (p *pooler) arrayText(c *slot) func(r *sample) string {
	element := p.textOf(c.elementOf())
	if element == nil {
		return func(*sample) string { return "{}" }
	}
	return func(r *sample) string {
		parts := make([]string, r.rng.IntN(4))
		for i := range parts {
			parts[i] = quotePart(element(r))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
}

// rowText generates texts of a composite type. An attribute of an unknown type is null.
func (p *pooler) rowText(c *slot) func(r *sample) string {
	var attributes []func(r *sample) string
	for _, a := range c.attributes {
		attributes = append(attributes, p.textOf(a))
	}
	return func(r *sample) string {
		parts := make([]string, len(attributes))
		for i, text := range attributes {
			if text != nil {
				parts[i] = quotePart(text(r))
			}
		}
		return "(" + strings.Join(parts, ",") + ")"
	}
}

// quotePart quotes an element of an array or an attribute of a composite value. Both accept the same form.
func quotePart(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// probes are texts that types accept of which nothing is known. A type that accepts none must be specified.
var probes = []string{"1", "2", "3", "0", "10", "a", "b", "", "(1,2)", "(1,2,3)", "[1,2]", "{}", "empty", "POINT(1 2)", "POINT(3 4)", "1.5", "<1,2>", "0/1", "1:1:", "true",
	"text", "pg_class", "pg_type", "pg_catalog", "simple", "english", "now"}

// probe draws the probes, in order, so that a pool gets all of them.
func probe() generator {
	return written{func(r *sample) string { return probes[int(r.number)%len(probes)] }}
}

func oidText(f *gofakeit.Faker) string { return fmt.Sprint(1 + f.IntN(100_000)) }
