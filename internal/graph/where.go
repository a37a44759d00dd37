package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/schema"
)

// maxWhere is the deepest nesting of a filter.
const maxWhere = 20

// where returns the condition that a filter states, on the row with the given alias. It is true or false,
// never null: a comparison with a null is false, so that not includes what its operand leaves out.
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
	switch len(all) {
	case 0:
		return "true", nil
	case 1:
		return all[0], nil
	}
	return "(" + join(all, " AND ") + ")", nil
}

func (b *builder) filterField(o *object, alias string, f argField, depth int) (string, error) {
	if f.value.null {
		return "", invalid("where: "+f.name+" cannot be null", "leave it out, or write "+f.name+": {isNull: true}")
	}
	switch f.name {
	case "and", "or":
		var parts []string
		for _, item := range f.value.items {
			part, err := b.filter(o, alias, item, depth)
			if err != nil {
				return "", err
			}
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			return boolText(f.name == "and"), nil
		}
		return "(" + join(parts, map[string]string{"and": " AND ", "or": " OR "}[f.name]) + ")", nil
	case "not":
		part, err := b.filter(o, alias, f.value, depth)
		return "(" + part + ") IS NOT TRUE", err
	}
	field := o.byName[f.name]
	var condition string
	var err error
	if field.target == nil {
		condition, err = b.scalarFilter(field, alias+"."+ident(field.column), f.value)
	} else {
		condition, err = b.relationFilter(o, field, alias, f.value, depth)
	}
	if err != nil {
		return "", err
	}
	rule, err := b.predicate(field.access, o, alias)
	if err != nil || rule == "" {
		return condition, err
	}
	return "(" + rule + " AND " + condition + ")", nil // of what a caller may not read, nothing is true
}

func (b *builder) scalarFilter(field *field, column string, filter arg) (string, error) {
	var all []string
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid(fmt.Sprintf("where: %s.%s cannot be null", field.name, f.name), "to look for null, write isNull: true")
		}
		if err := b.grow(); err != nil {
			return "", err
		}
		all = append(all, b.operator(field.value, column, f))
	}
	if len(all) == 0 {
		return "true", nil
	}
	return "(" + join(all, " AND ") + ")", nil
}

// operator returns the condition of one operator on one column. The parameters have no casts: Postgres
// takes them for the type of the column.
func (b *builder) operator(v valueType, column string, f argField) string {
	if f.name == "isNull" {
		if f.value.known == false {
			return column + " IS NOT NULL"
		}
		return column + " IS NULL"
	}
	if v.list {
		switch f.name {
		case "has":
			return column + " @> " + b.list(v.element(), f.value) // unlike = ANY, served by a GIN index
		case "hasAny":
			return column + " && " + b.list(v.element(), f.value)
		case "hasAll":
			return column + " @> " + b.list(v.element(), f.value)
		}
		if f.value.known == false {
			return "cardinality(" + column + ") > 0"
		}
		return "cardinality(" + column + ") = 0"
	}
	switch f.name {
	case "in":
		return column + " = ANY (" + b.list(v, f.value) + ")"
	case "notIn":
		return "(" + column + " = ANY (" + b.list(v, f.value) + ")) IS NOT TRUE"
	}
	value := b.value(v, f.value)
	switch f.name {
	case "eq":
		return column + " = " + value
	case "ne":
		return column + " IS DISTINCT FROM " + value
	case "gt":
		return column + " > " + value
	case "gte":
		return column + " >= " + value
	case "lt":
		return column + " < " + value
	case "lte":
		return column + " <= " + value
	case "startsWith":
		return "starts_with(" + column + "::text, " + value + "::text)"
	case "endsWith":
		return "right(" + column + "::text, length(" + value + "::text)) = " + value + "::text"
	case "contains":
		if v.scalar == schema.JSON {
			return column + " @> " + value
		}
		return "strpos(" + column + "::text, " + value + "::text) > 0"
	}
	return "strpos(lower(" + column + "::text), lower(" + value + "::text)) > 0" // containsIgnoreCase
}

// value adds a parameter for a scalar.
func (b *builder) value(v valueType, a arg) string {
	return b.param(param{bind: func(r Request) (any, error) { return v.encode(a.leaf(r.Variables)) }})
}

// list adds a parameter for a list of scalars.
func (b *builder) list(v valueType, a arg) string {
	return b.param(param{bind: func(r Request) (any, error) { return v.encodeList(a.leaf(r.Variables)) }})
}

func (v valueType) element() valueType {
	v.list = false
	return v
}

// relationFilter returns the condition on the rows that a row is related to. Rows that the caller may not
// read do not take part.
func (b *builder) relationFilter(o *object, field *field, alias string, filter arg, depth int) (string, error) {
	if !field.many {
		return b.related2(o, field, alias, "", filter, depth)
	}
	var all []string
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid(fmt.Sprintf("where: %s.%s cannot be null", field.name, f.name), "leave it out")
		}
		condition, err := b.related2(o, field, alias, f.name, f.value, depth)
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

func (b *builder) related2(o *object, field *field, alias, quantifier string, filter arg, depth int) (string, error) {
	parent := &scope{object: o, alias: alias}
	target := &scope{object: field.target, alias: b.alias()}
	where, err := b.related(source{object: field.target, parent: parent, field: field}, target)
	if err != nil {
		return "", err
	}
	rule, err := b.predicate(field.target.access, field.target, target.alias)
	if err != nil {
		return "", err
	}
	if rule != "" {
		where = append(where, rule)
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
