package graph

import (
	"fmt"
	"slices"
	"strings"
)

// maxWhere is the deepest nesting of a filter.
const maxWhere = 20

// where returns the condition of a filter on the row with the given alias. It is true or false, never null: a comparison with
// null is false, so that not matches every row that its operand does not match.
func (b *builder) where(o *object, alias string, filter arg) (string, error) {
	return b.filter(o, alias, filter, 0)
}

func (b *builder) filter(o *object, alias string, filter arg, depth int) (string, error) {
	if depth > maxWhere {
		return "", invalid(fmt.Sprintf("where is nested more than %d levels deep", maxWhere), "")
	}
	var all []string
	for _, f := range filter.fields {
		if err := b.grow(); err != nil {
			return "", err
		}
		condition, err := b.filterField(o, alias, f, depth+1)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	return conjunction(all), nil
}

func (b *builder) filterField(o *object, alias string, f argField, depth int) (string, error) {
	if f.value.null {
		return "", invalid("where: "+f.name+" cannot be null", "leave it out, or write "+f.name+": {isNull: true}")
	}
	condition, ok, err := connective(f, func(a arg) (string, error) { return b.filter(o, alias, a, depth) })
	if ok {
		return condition, err
	}
	if o.global && f.name == globalID {
		return b.globalFilter(o, alias, f.value)
	}
	field := o.byName[f.name]
	if field == nil {
		return b.search(o, alias, f.value)
	}
	switch {
	case field.value.trigrams:
		condition, err = b.trigramFilter(o, field, alias, f.value)
	case field.target == nil:
		condition, err = b.scalarFilter(field, field.on(alias), f.value)
		b.opaque(field)
	default:
		condition, err = b.relationFilter(o, field, alias, f.value, depth)
	}
	if err != nil {
		return "", err
	}
	rule, err := b.fieldRule(o, field, alias)
	switch {
	case err != nil, rule == "":
		return condition, err
	case field.target == nil && matchesNull(f.value):
		return "((" + rule + ") IS NOT TRUE OR " + condition + ")", nil // a field that the caller is not allowed to read is null
	}
	return "(" + rule + " AND " + condition + ")", nil
}

// matchesNull reports whether null satisfies every operator of a filter.
func matchesNull(filter arg) bool {
	return !slices.ContainsFunc(filter.fields, func(f argField) bool {
		switch f.name {
		case "isNull":
			return f.value.known == false
		case "ne", "notIn", "notLike", "notIlike", "path":
			return false
		case "length":
			return !matchesNull(f.value)
		case "exists":
			return f.value.known != false
		case "at":
			return slices.ContainsFunc(f.value.items, func(at arg) bool { return !matchesNull(at) })
		}
		return true
	})
}

func (b *builder) scalarFilter(field *field, column string, filter arg) (string, error) {
	var all []string
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid(fmt.Sprintf("where: %s.%s cannot be null", field.name, f.name), "to find rows where it is null, write isNull: true")
		}
		if err := b.grow(); err != nil {
			return "", err
		}
		condition, err := b.operator(field.value, column, f)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	if len(all) == 0 {
		return "true", nil
	}
	return "(" + join(all, " AND ") + ")", nil
}

// The SQL of operators. Parameters have no casts where Postgres takes them for the type of the column.
var (
	scalarOperators = map[string]string{
		"eq":                   "{column} = {value}",
		"ne":                   "{column} IS DISTINCT FROM {value}",
		"gt":                   "{column} > {value}",
		"gte":                  "{column} >= {value}",
		"lt":                   "{column} < {value}",
		"lte":                  "{column} <= {value}",
		"startsWith":           "starts_with({column}::text, {value}::text)",
		"endsWith":             "right({column}::text, length({value}::text)) = {value}::text",
		"contains":             "strpos({column}::text, {value}::text) > 0",
		"startsWithIgnoreCase": "starts_with(lower({column}::text), lower({value}::text))",
		"endsWithIgnoreCase":   "right(lower({column}::text), length(lower({value}::text))) = lower({value}::text)",
		"containsIgnoreCase":   "strpos(lower({column}::text), lower({value}::text)) > 0",
	}
	arrayOperators = map[string]string{
		"in":     "{column} = ANY ({value})",
		"notIn":  "({column} = ANY ({value})) IS NOT TRUE",
		"has":    "{column} @> {value}", // unlike = ANY, served by a GIN index
		"hasAny": "{column} && {value}",
		"hasAll": "{column} @> {value}",

		"containedIn": "{column} <@ {value}",
	}
)

// operator returns the condition of one operator on one column.
func (b *builder) operator(v valueType, column string, f argField) (string, error) {
	if condition, err := b.rangeOperator(v, column, f); condition != "" || err != nil {
		return condition, err
	}
	wanted := f.value.known != false
	switch {
	case v.isJSON():
		return b.jsonOperator(column+"::jsonb", f)
	case f.name == "isNull" && wanted:
		return v.nullTest(column) + " IS NULL", nil
	case f.name == "isNull":
		return v.nullTest(column) + " IS NOT NULL", nil
	case f.name == "isEmpty" && wanted:
		return "cardinality(" + column + ") = 0", nil
	case f.name == "isEmpty":
		return "cardinality(" + column + ") > 0", nil
	case f.name == "length":
		return b.length(column, f.value)
	case patternOperators[f.name] != "":
		return b.pattern(f, column+"::text", v.dataType == "citext")
	}
	pattern, form := scalarOperators[f.name], asScalar
	switch array, ok := arrayOperators[f.name]; {
	case ok:
		pattern, form = array, asArray
	case v.list:
		form = asArray
	case v.dataType == "citext": // whose comparisons ignore case
		pattern = strings.NewReplacer("{column}::text", "lower({column}::text)", "{value}::text", "lower({value}::text)").Replace(pattern)
	}
	value, err := b.clientValue(Param{Kind: Variable, input: f.value.input, form: form, value: v.element()})
	if err != nil {
		return "", err
	}
	switch {
	case strings.Contains(pattern, "::text"):
	case v.unordered() && slices.Contains([]string{"gt", "gte", "lt", "lte"}, f.name):
		column, value = column+"::text", value+"::text"
	default:
		column, value = v.operand(column), v.parameter(value, column, form)
	}
	return strings.NewReplacer("{column}", column, "{value}", value).Replace(pattern), nil
}

// value adds a parameter for a scalar.
func (b *builder) value(v valueType, a arg) (string, error) {
	return b.clientValue(Param{Kind: Variable, input: a.input, value: v})
}

// clientValue adds a parameter for a value of the client. A constant is encoded now.
func (b *builder) clientValue(p Param) (string, error) {
	if p.input.constant() {
		var err error
		if p.constant, err = p.encode(p.input.read(nil)); err != nil {
			return "", err
		}
		p.Kind = Constant
	}
	return b.param(p), nil
}

func (v valueType) element() valueType {
	v.list = false
	return v
}

// relationFilter returns the condition on the rows that a row is related to. Rows that the caller may not
// read do not take part.
func (b *builder) relationFilter(o *object, field *field, alias string, filter arg, depth int) (string, error) {
	if !field.many {
		return b.relatedFilter(o, field, alias, "", filter, depth)
	}
	var all []string
	var aggregates []argField
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid(fmt.Sprintf("where: %s.%s cannot be null", field.name, f.name), "leave it out")
		}
		var condition string
		var err error
		switch f.name {
		case "some", "every", "none":
			condition, err = b.relatedFilter(o, field, alias, f.name, f.value, depth)
		case "aggregate":
			condition, err = b.relatedSummary(o, field, alias, f.value.fields, depth)
		default:
			aggregates = append(aggregates, f)
			continue
		}
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	if len(aggregates) > 0 {
		condition, err := b.relatedSummary(o, field, alias, aggregates, depth)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	if len(all) == 0 {
		return "true", nil
	}
	return "(" + join(all, " AND ") + ")", nil
}

// relatedRows returns the rows that the row of o with the given alias leads to, and the conditions on them.
func (b *builder) relatedRows(o *object, field *field, alias string) (*scope, []string, error) {
	target := &scope{object: field.target, alias: b.alias()}
	where, err := b.related(source{object: field.target, parent: &scope{object: o, alias: alias}, field: field}, target)
	if err != nil {
		return nil, nil, err
	}
	b.reads(field.target.typ)
	rule, err := b.predicate(field.target.access, field.target.typ, target.alias)
	if rule != "" {
		where = append(where, rule)
	}
	return target, where, err
}

func (b *builder) relatedFilter(o *object, field *field, alias, quantifier string, filter arg, depth int) (string, error) {
	target, where, err := b.relatedRows(o, field, alias)
	if err != nil {
		return "", err
	}
	condition, err := b.filter(field.target, target.alias, filter, depth)
	if err != nil {
		return "", err
	}
	exists := "EXISTS (SELECT FROM " + ident(field.target.typ.Table) + " " + target.alias + " WHERE "
	switch quantifier {
	case "every":
		exists = "NOT " + exists
		condition = "(" + condition + ") IS NOT TRUE"
	case "none":
		exists = "NOT " + exists
	}
	return exists + join(append(where, condition), " AND ") + ")", nil
}
