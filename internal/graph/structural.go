package graph

import (
	"slices"
	"strings"
)

// aggregateInterval is the enum of the parts of time that rows are grouped by.
const aggregateInterval = "AggregateInterval"

// direction is how values are ordered.
type direction struct{ desc, nullsFirst bool }

// directions are the values of OrderDirection. By default, null is the greatest value, as Postgres has it, so that plain indexes serve the order.
var directions = []string{"ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"}

// directionOf reads a value of OrderDirection.
func directionOf(value arg) direction {
	name, _ := value.known.(string)
	desc := strings.HasPrefix(name, "DESC")
	return direction{desc: desc, nullsFirst: strings.HasSuffix(name, "NULLS_FIRST") || (desc && !strings.HasSuffix(name, "NULLS_LAST"))}
}

// reversed returns the opposite direction.
func (d direction) reversed(reverse bool) direction {
	return direction{desc: d.desc != reverse, nullsFirst: d.nullsFirst != reverse}
}

// sql is what follows an expression in ORDER BY.
func (d direction) sql() string {
	sql := ""
	if d.desc {
		sql = " DESC"
	}
	switch {
	case d.nullsFirst == d.desc:
		return sql
	case d.nullsFirst:
		return sql + " NULLS FIRST"
	}
	return sql + " NULLS LAST"
}

// knownItems returns the values of the elements of a list of a structural enum.
func (a arg) knownItems() (list []any) {
	for _, item := range a.items {
		list = append(list, item.known)
	}
	return list
}

// one returns the field that an element of orderBy names, and nothing else.
func (a arg) one(example string) (argField, error) {
	named := slices.DeleteFunc(slices.Clone(a.fields), func(f argField) bool { return f.value.null })
	if len(a.fields) != 1 || len(named) != 1 {
		return argField{}, invalid("each element of orderBy names one field", "write "+example)
	}
	return named[0], nil
}
