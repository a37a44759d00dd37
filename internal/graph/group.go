package graph

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// groupKey is what rows are grouped by: a field, or the interval of time in which its value is.
type groupKey struct {
	field *field
	value valueType
}

// groupsJSON returns SQL for a JSON array with a summary for each group of rows of a list.
func (b *builder) groupsJSON(p *page, f selected, c *Cost) (string, error) {
	s := b.summary(p.object, p.scope.alias, p.base)
	keys, err := b.groupKeys(s, f.Field)
	if err != nil {
		return "", err
	}
	groups := &page{}
	if err := b.pageSize(groups, f.Field); err != nil {
		return "", err
	}
	var t text
	each := c.child(groups.size)
	each.location = b.location
	err = b.summaryJSON(&t, s, p.object.typ.APIName()+"AggregateGroup", f.selections, each, func(t *text, f selected) error { return b.keysJSON(t, s, keys, f, each) })
	if err != nil {
		return "", err
	}
	condition := "true"
	if having, ok := b.argument(f.Field, "having"); ok {
		if condition, err = b.summaryFilter(s, having, 0); err != nil {
			return "", err
		}
	}
	order, err := b.groupOrder(s, keys, f.Field)
	if err != nil {
		return "", err
	}
	limited := "SELECT * FROM " + s.sql() + " WHERE " + condition + " ORDER BY " + order + " LIMIT " + groups.limit + groups.offset
	return "(SELECT '[' || coalesce(string_agg(" + t.sql() + ", ',' ORDER BY " + order + "), '') || ']' FROM (" + limited + ") " + s.alias + ")", nil
}

// groupKeys reads by.
func (b *builder) groupKeys(s *summary, f *ast.Field) (keys []groupKey, err error) {
	by, _ := b.argument(f, "by")
	if n := len(by.items); n == 0 || n > maxOrder {
		return nil, invalid(fmt.Sprintf("by must have 1 to %d elements; it has %d", maxOrder, n), "for one group of all rows, select aggregate")
	}
	for _, item := range by.items {
		if err := b.grow(); err != nil {
			return nil, err
		}
		key, sql, err := b.groupKey(s, item)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(keys, func(k groupKey) bool { return k.field == key.field }) {
			return nil, invalid("by names the field "+key.field.name+" twice", "remove one of them")
		}
		keys, s.keys = append(keys, key), append(s.keys, sql)
	}
	return keys, nil
}

// groupKey reads an element of by, and returns SQL for the key of a row.
func (b *builder) groupKey(s *summary, item arg) (key groupKey, sql string, err error) {
	members := map[string]arg{}
	for _, f := range item.fields {
		if !f.value.null {
			members[f.name] = f.value
		}
	}
	name, _ := members["field"].known.(string)
	key.field = s.rows.object.byName[name]
	column, err := b.visible(s.rows.object, key.field, s.rows.alias)
	if err != nil {
		return key, "", err
	}
	zone, hasZone := members["timeZone"]
	interval, hasInterval := members["interval"]
	if !hasInterval {
		if hasZone {
			return key, "", invalid("timeZone needs an interval", "write {field: "+name+`, interval: DAY, timeZone: "Europe/Berlin"}`)
		}
		sql, key.value = key.field.value.distinct(column)
		return key, sql, nil
	}
	key.value = valueType{scalar: key.field.value.scalar}
	unit, _ := interval.known.(string)
	sql, err = b.truncated(key.field, column, unit, zone, hasZone)
	return key, sql, err
}

// truncated returns SQL for the start of the interval in which a time is. Times that JSON cannot hold are null, and so belong to no interval.
func (b *builder) truncated(f *field, column, unit string, zone arg, hasZone bool) (string, error) {
	part := literalText(map[string]string{"HOUR": "hour", "DAY": "day", "WEEK": "week", "MONTH": "month", "QUARTER": "quarter", "YEAR": "year"}[unit])
	switch {
	case f.value.scalar == schema.Date && hasZone:
		return "", invalid(f.name+" is a Date, which has no time zone", "remove timeZone")
	case f.value.scalar == schema.Date && unit == "HOUR":
		return "", invalid(f.name+" is a Date, which has no hours", "use DAY, WEEK, MONTH, QUARTER or YEAR")
	case f.value.scalar == schema.Date:
		return "CASE WHEN " + column + " BETWEEN '0001-01-01' AND '9999-12-31' THEN date_trunc(" + part + ", (" + column + ")::timestamp)::date END", nil
	case f.value.scalar != schema.DateTime || f.value.list:
		return "", invalid(f.name+" is no time, and has no intervals", "remove interval, or group by a DateTime or a Date")
	}
	name := "'UTC'"
	if hasZone {
		value, err := b.timeZone(zone)
		if err != nil {
			return "", err
		}
		name = value
	}
	at := "(" + column + ")"
	if f.value.local() {
		at = "(" + at + " AT TIME ZONE 'UTC')"
	}
	return "CASE WHEN " + at + " >= '0001-01-01Z' AND " + at + " < '10000-01-01Z' THEN date_trunc(" + part + ", " + at + ", " + name + ") END", nil
}

// keysJSON appends the JSON of the keys of a group.
func (b *builder) keysJSON(t *text, s *summary, keys []groupKey, f selected, c *Cost) error {
	return b.membersJSON(t, s.rows.object.typ.APIName()+"AggregateKeys", f.selections, c, func(f selected) error {
		i, err := keyNamed(keys, f.Name)
		if err == nil {
			keys[i].value.writeJSON(t, s.key(i))
		}
		return err
	})
}

// keyNamed returns the index of the key with the name of a field.
func keyNamed(keys []groupKey, name string) (int, error) {
	i := slices.IndexFunc(keys, func(k groupKey) bool { return k.field.name == name })
	if i < 0 {
		return i, invalid("the rows are not grouped by "+name, "add {field: "+name+"} to by")
	}
	return i, nil
}

// groupOrder returns the order of groups. The keys come last, so that no two groups are equal.
func (b *builder) groupOrder(s *summary, keys []groupKey, f *ast.Field) (string, error) {
	order, _ := b.argument(f, "orderBy")
	if len(order.items) > maxOrder {
		return "", invalid(fmt.Sprintf("orderBy has more than %d fields", maxOrder), "order by fewer fields")
	}
	var terms []string
	for _, item := range order.items {
		if err := b.grow(); err != nil {
			return "", err
		}
		named, err := item.one("orderBy: [{count: DESC}, {keys: {…: ASC}}]")
		if err != nil {
			return "", err
		}
		term, err := b.groupTerm(s, keys, named)
		if err != nil {
			return "", err
		}
		terms = append(terms, term)
	}
	for i := range keys {
		terms = append(terms, s.key(i))
	}
	return join(terms, ", "), nil
}

// groupTerm returns one term of the order of groups.
func (b *builder) groupTerm(s *summary, keys []groupKey, item argField) (string, error) {
	if item.name != "keys" {
		o, err := b.orderOf(s, item)
		return o.column + o.sql(), err
	}
	inner, err := item.value.one("orderBy: [{keys: {…: DESC}}]")
	if err != nil {
		return "", err
	}
	i, err := keyNamed(keys, inner.name)
	return s.key(i) + directionOf(inner.value).sql(), err
}
