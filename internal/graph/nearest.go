package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

const vectorDistance = "VectorDistance"

// distances are the operators of pgvector. See https://github.com/pgvector/pgvector#distances.
var distances = map[any]string{nil: "<=>", "COSINE": "<=>", "L2": "<->", "INNER_PRODUCT": "<#>", "L1": "<+>"}

// nearest reads the argument of that name: it keeps the rows that have a vector, and orders them by its distance from another one. A vector that
// the caller is not allowed to read is none.
func (b *builder) nearest(p *page, f *ast.Field) error {
	given, ok := b.argument(f, "nearest")
	if !ok {
		return nil
	}
	if len(given.fields) != 1 || given.fields[0].value.null {
		return invalid("nearest names one field", "write nearest: {embedding: {to: [0.1, 0.2, 0.3]}}")
	}
	field, options := p.object.byName[given.fields[0].name], given.fields[0].value
	rule, err := b.fieldRule(p.object, field, p.scope.alias)
	if err != nil {
		return err
	}
	if rule != "" {
		p.base = append(p.base, rule)
	}
	b.opaque(field)
	distance, err := b.distance(field, field.on(p.scope.alias), options)
	if err != nil {
		return err
	}
	p.base = append(p.base, distance+" IS NOT NULL")
	if within, given := options.field("within"); within.null {
		return invalid("nearest: within cannot be null", "leave it out")
	} else if given {
		most, err := b.clientValue(Param{Kind: Variable, input: within.input, value: floatType})
		if err != nil {
			return err
		}
		p.base = append(p.base, distance+" <= "+most)
	}
	b.note(p.scope.alias, measure{name: "distance", sql: distance})
	p.order = append(p.order, orderTerm{name: "distance to " + field.name, sql: distance, computed: true, value: floatType})
	return b.grow()
}

// distance returns SQL for the distance of a column from a vector. Vectors of another length have none; where the column has one length, another
// one is an error before any row is read.
func (b *builder) distance(field *field, column string, options arg) (string, error) {
	metric, _ := options.field("distance")
	if metric.null {
		return "", invalid("nearest: distance cannot be null", "leave it out")
	}
	vector, _ := options.field("to")
	to, err := b.clientValue(Param{Kind: Variable, input: vector.input, value: field.value, form: asColumn, name: "nearest.to"})
	if err != nil {
		return "", err
	}
	to += "::" + field.value.sqlType()
	sql := "(" + column + " " + distances[metric.known] + " " + to + ")"
	if strings.Contains(field.value.sqlType(), "(") {
		return sql, nil
	}
	return "(CASE WHEN vector_dims(" + column + ") = vector_dims(" + to + ") THEN " + sql + " END)", nil
}

// vectors are the fields that nearest can name.
func (o *object) vectors() (list []*field) {
	for _, f := range o.fields {
		if f.target == nil && f.value.scalar == schema.Vector && !f.value.list {
			list = append(list, f)
		}
	}
	return list
}

// nearestArgument returns the argument of lists of a type with vectors.
func nearestArgument(o *object) string {
	if len(o.vectors()) == 0 {
		return ""
	}
	return ", nearest: " + o.typ.APIName() + "Nearest"
}

// nearestTypes prints the types of that argument.
func (p *sdlPrinter) nearestTypes(objects []*object) {
	printed := false
	for _, o := range objects {
		if len(o.vectors()) == 0 {
			continue
		}
		p.describe("", "The field whose distance from a vector orders a list.")
		p.line("input %sNearest {", o.typ.APIName())
		for _, f := range o.vectors() {
			p.line("  %s: VectorNearest", f.name)
		}
		p.line("}\n")
		if printed {
			continue
		}
		printed = true
		p.line("input VectorNearest {\n  to: Vector!")
		p.describe("  ", "Default: COSINE.")
		p.line("  distance: %s", vectorDistance)
		p.describe("  ", "The greatest distance of rows in the list.")
		p.line("  within: Float\n}\n")
		p.describe("", "How vectors are compared. INNER_PRODUCT is the negative one, so that less is nearer.")
		p.line("enum %s {\n  COSINE\n  L2\n  INNER_PRODUCT\n  L1\n}\n", vectorDistance)
	}
}
