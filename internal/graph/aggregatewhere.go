package graph

import "fmt"

// summaryFilter returns the condition of a filter on the aggregates of a summary.
func (b *builder) summaryFilter(s *summary, filter arg, depth int) (string, error) {
	if depth > maxWhere {
		return "", invalid(fmt.Sprintf("conditions are nested more than %d levels deep", maxWhere), "")
	}
	var all []string
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid(f.name+" cannot be null", "leave it out")
		}
		if err := b.grow(); err != nil {
			return "", err
		}
		condition, err := b.summaryCondition(s, f, depth+1)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	return conjunction(all), nil
}

// summaryCondition returns the condition of one member of a filter on aggregates.
func (b *builder) summaryCondition(s *summary, f argField, depth int) (string, error) {
	condition, ok, err := connective(f, func(a arg) (string, error) { return b.summaryFilter(s, a, depth) })
	if ok {
		return condition, err
	}
	if f.name == "count" {
		return b.scalarFilter(&field{name: "count", value: counted}, s.count(), f.value)
	}
	family, fn, _ := functionOf(f.name)
	var all []string
	for _, item := range f.value.fields {
		if item.value.null {
			return "", invalid(f.name+"."+item.name+" cannot be null", "to find where it is null, write isNull: true")
		}
		of := s.rows.object.byName[item.name]
		column, err := b.aggregate(s, fn, of)
		if err != nil {
			return "", err
		}
		condition, err := b.scalarFilter(&field{name: f.name + "." + item.name, value: family.result(of.value)}, column, item.value)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	return conjunction(all), nil
}

// connective returns the condition of and, or and not; ok is false for other members of a filter.
func connective(f argField, each func(arg) (string, error)) (condition string, ok bool, err error) {
	switch f.name {
	case "and", "or":
		var parts []string
		for _, item := range f.value.items {
			part, err := each(item)
			if err != nil {
				return "", true, err
			}
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			return boolText(f.name == "and"), true, nil
		}
		return "(" + join(parts, map[string]string{"and": " AND ", "or": " OR "}[f.name]) + ")", true, nil
	case "not":
		part, err := each(f.value)
		return "(" + part + ") IS NOT TRUE", true, err
	}
	return "", false, nil
}

// conjunction returns the condition that all conditions hold.
func conjunction(all []string) string {
	switch len(all) {
	case 0:
		return "true"
	case 1:
		return all[0]
	}
	return "(" + join(all, " AND ") + ")"
}

// summaryOrder is one key of an order by aggregates.
type summaryOrder struct {
	name   string
	column string
	value  valueType
	direction
}

// orderOf reads an element of an order by aggregates, such as {max: {createdAt: DESC}}.
func (b *builder) orderOf(s *summary, item argField) (o summaryOrder, err error) {
	if item.name == "count" {
		return summaryOrder{"count", s.count(), counted, directionOf(item.value)}, nil
	}
	inner, err := item.value.one("orderBy: [{" + item.name + ": {…: DESC}}]")
	if err != nil {
		return o, err
	}
	family, fn, _ := functionOf(item.name)
	of := s.rows.object.byName[inner.name]
	column, err := b.aggregate(s, fn, of)
	return summaryOrder{item.name + "." + inner.name, column, family.result(of.value), directionOf(inner.value)}, err
}

// relatedSummary returns the condition of a filter on the aggregates of a list. where is a filter on the rows of the list.
func (b *builder) relatedSummary(o *object, field *field, alias string, filter []argField, depth int) (string, error) {
	target, where, err := b.relatedRows(o, field, alias)
	if err != nil {
		return "", err
	}
	var conditions arg
	for _, f := range filter {
		if f.name != "where" || f.value.null {
			conditions.fields = append(conditions.fields, f)
			continue
		}
		condition, err := b.filter(field.target, target.alias, f.value, depth)
		if err != nil {
			return "", err
		}
		where = append(where, condition)
	}
	s := b.summary(field.target, target.alias, where)
	condition, err := b.summaryFilter(s, conditions, depth)
	if err != nil || len(s.values) == 0 { // without aggregates, the subquery would have as many rows as the list
		return condition, err
	}
	return "EXISTS (SELECT FROM " + s.sql() + " WHERE " + condition + ")", nil
}
