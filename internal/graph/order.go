package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"

	"github.com/vektah/gqlparser/v2/ast"

	"errors"
	"io"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

const orderDirection = "OrderDirection"

// maxOrder is the most fields of an orderBy.
const maxOrder = 8

// orderTerm is one key of an order.
type orderTerm struct {
	name     string // of the field
	column   string
	sql      string // on the table
	computed bool   // sql is more than the column
	value    valueType
	nullable bool
	direction
}

// orderBy reads the order of a page. The key comes last, so that no two rows are equal.
func (b *builder) orderBy(p *page, f *ast.Field) error {
	var fields []argField
	order, _ := b.argument(f, "orderBy")
	for _, item := range order.items {
		named, err := item.one("orderBy: [{createdAt: DESC}, {title: ASC}]")
		if err != nil {
			return err
		}
		fields = append(fields, named)
	}
	distinct, err := b.distinctOn(p.object, f)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, named := range distinctFirst(fields, distinct) {
		if err := b.orderField(p, named, seen); err != nil {
			return err
		}
		if i < len(distinct) {
			p.distinct = len(p.order)
		}
	}
	if len(p.order) > maxOrder {
		return invalid(fmt.Sprintf("orderBy has more than %d fields", maxOrder), "order by fewer fields")
	}
	desc := len(p.order) > 0 && p.order[len(p.order)-1].desc // one direction throughout lets one index serve
	key, err := b.keyTerms(p, desc, seen)
	p.order = append(p.order, key...)
	return err
}

func (b *builder) orderField(p *page, item argField, seen map[string]bool) error {
	field := p.object.byName[item.name]
	if field == nil {
		return b.measureTerm(p, item, seen)
	}
	if field.target == nil && seen[field.id()] {
		return nil // it cannot change the order any more
	}
	seen[field.id()] = true
	term, err := b.orderTerm(p.object, p.scope.alias, item, 0)
	if !term.nullable && !term.computed {
		term.nullsFirst = term.desc // there are none, and an index has them there
	}
	p.order = append(p.order, term)
	return err
}

// orderTerm returns the term of an element of orderBy on the row with the given alias, to which so many references lead.
func (b *builder) orderTerm(o *object, alias string, item argField, references int) (term orderTerm, err error) {
	if err := b.grow(); err != nil {
		return term, err
	}
	field := o.byName[item.name]
	switch {
	case field == nil:
		return term, invalid("orderBy: "+item.name+" is of the list itself, and not of a row that a reference leads to", "order the list itself by it")
	case field.many:
		term, err = b.orderOfList(o, field, alias, item.value)
	case field.target != nil:
		term, err = b.orderOfRelated(o, field, alias, item.value, references+1)
	default:
		term = newTerm(&scope{object: o, alias: alias}, field, directionOf(item.value))
		b.opaque(field)
		term.nullable = field.nullable || field.src.Computed != nil
	}
	if err != nil {
		return term, err
	}
	rule, err := b.fieldRule(o, field, alias)
	if rule != "" { // what a caller may not read orders as null
		term.sql, term.computed = "CASE WHEN "+rule+" THEN "+term.sql+" END", true
	}
	return term, err
}

func newTerm(s *scope, f *field, d direction) orderTerm {
	column := f.on(s.alias)
	sql := f.value.operand(column)
	if f.value.unordered() {
		sql = column + "::text"
	}
	return orderTerm{name: f.name, column: f.column, sql: sql, computed: sql != column || f.src.Computed != nil, value: f.value, direction: d}
}

// orderSQL writes the terms for ORDER BY.
func orderSQL(terms []orderTerm, reverse bool, expr func(orderTerm) string) string {
	parts := make([]string, len(terms))
	for i, o := range terms {
		parts[i] = expr(o) + o.reversed(reverse).sql()
	}
	return join(parts, ", ")
}

// orderName identifies an order, so that a cursor of another list is known for what it is.
func (p *page) orderName() string {
	h := fnv.New32a()
	h.Write([]byte(p.object.typ.Name))
	for _, o := range p.order {
		fmt.Fprintf(h, " %s %t", o.name, o.desc)
		if o.nullsFirst != o.desc {
			fmt.Fprintf(h, " nulls %t", o.nullsFirst)
		}
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// cursorSQL returns SQL for the cursor of a row of the page: base64 of a JSON array of the order's name and
// the row's values in it.
func (p *page) cursorSQL() string {
	values := make([]string, len(p.order))
	for i, o := range p.order {
		if o.computed {
			values[i] = p.scope.computed(o.sql)
		} else {
			values[i] = p.scope.column(o.column)
		}
		switch {
		case o.value.scalar == schema.Duration:
			values[i], _ = o.value.elementJSON(values[i])
		case o.value.labelled():
			values[i] = celsql.EnumName(o.value.enum, values[i])
		case o.value.scalar == schema.String && o.value.enum == nil && !scalar.Of(schema.String, o.value.dataType).IsText(): // jsonb would be JSON in the array
			values[i] += "::text"
		}
	}
	return "translate(encode(convert_to(json_build_array('" + p.orderName() + "', " + join(values, ", ") + ")::text, 'UTF8'), 'base64'), E'\\n', '')"
}

// bounds reads after and before.
func (b *builder) bounds(p *page, f *ast.Field) {
	for _, bound := range []struct {
		name    string
		given   *bool
		reverse bool
	}{{"after", &p.after, false}, {"before", &p.before, true}} {
		value, ok := b.argument(f, bound.name)
		if !ok {
			continue
		}
		*bound.given = true
		values := make([]string, len(p.order))
		for i, o := range p.order {
			values[i] = b.param(Param{Kind: CursorPart, name: bound.name, input: value.input, cursor: cursorOrder{p.orderName(), len(p.order)}, index: i, value: o.value})
			if !o.value.unordered() {
				values[i] = o.value.parameter(values[i], o.sql, asScalar)
			}
		}
		p.cursors = append(p.cursors, beyond(p.order, values, bound.reverse))
	}
}

// foreign matches values of columns that clients cannot write, as cursors hold them: NaN, infinities, and years beyond 0001 to 9999.
var foreign = regexp.MustCompile(`^(NaN|-?[Ii]nfinity|[0-9]{4,6}-[0-9]{2}-[0-9]{2}(T[0-9:.]+([+-][0-9:]+)?)?( BC)?)$`)

// isForeign reports whether a value of a cursor is one that columns may hold and clients cannot write.
func (v valueType) isForeign(value any) bool {
	switch v.scalar {
	case schema.Float, schema.Decimal, schema.Date, schema.DateTime:
		text, ok := value.(string)
		return ok && foreign.MatchString(text)
	}
	return false
}

// cursorOrder is the order of a list, to which a cursor belongs.
type cursorOrder struct {
	name  string // see orderName
	parts int    // fields in the order
}

// decode returns the values of a cursor; false when it is not one of a list in this order.
func (o cursorOrder) decode(cursor any) ([]any, bool) {
	s, _ := cursor.(string)
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	value, _, _ := decodeJSON(raw)
	values, _ := value.([]any)
	if len(values) != o.parts+1 || values[0] != o.name {
		return nil, false
	}
	return values[1:], true
}

// decodeJSON reads a JSON value, and reports whether nothing comes after it. Numbers keep their digits.
func decodeJSON(raw []byte) (value any, isAlone bool, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, false, err
	}
	_, err = d.Token()
	return value, errors.Is(err, io.EOF), nil
}

// beyond returns the condition under which a row comes after the values in the order, or before them.
func beyond(order []orderTerm, values []string, reverse bool) string {
	plain := true
	for _, o := range order {
		plain = plain && !o.nullable && !o.computed && o.desc == order[0].desc
	}
	if plain { // a comparison of rows, which an index serves
		operator := ">"
		if order[0].desc != reverse {
			operator = "<"
		}
		columns := make([]string, len(order))
		for i, o := range order {
			columns[i] = o.sql
		}
		return "(" + join(columns, ", ") + ") " + operator + " (" + join(values, ", ") + ")"
	}
	condition := ""
	for i := len(order) - 1; i >= 0; i-- {
		o, v := order[i], values[i]
		d := o.reversed(reverse)
		further := o.sql + " > " + v
		if d.desc {
			further = o.sql + " < " + v
		}
		null, given := o.value.nullTest(o.sql), o.value.nullTest(v)
		nulls := " OR " + null + " IS NULL AND " + given + " IS NOT NULL"
		if d.nullsFirst {
			nulls = " OR " + null + " IS NOT NULL AND " + given + " IS NULL"
		}
		same := o.sql + " = " + v
		if o.nullable || o.computed {
			further += nulls
			same = o.sql + " IS NOT DISTINCT FROM " + v
		}
		if condition != "" {
			further += " OR " + same + " AND " + condition
		}
		condition = "(" + further + ")"
	}
	return condition
}
