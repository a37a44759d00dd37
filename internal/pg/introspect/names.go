package introspect

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/schema"
)

// names records the used names of the API.
type names struct {
	types  map[string]bool
	fields map[string]bool // of the query
}

func newNames() *names {
	n := &names{types: map[string]bool{}, fields: map[string]bool{}}
	for _, name := range []string{"Query", "Mutation", "Subscription", "PageInfo", "OrderDirection", "AggregateInterval"} {
		n.types[name] = true
	}
	for _, s := range schema.Scalars {
		for _, suffix := range []string{"", "Filter", "ListFilter"} {
			n.types[string(s)+suffix] = true
		}
	}
	return n
}

// typ returns the name of the type of a table: order_lines -> OrderLine.
func (n *names) typ(table string) string {
	base := schema.TypeName(schema.Singular(table))
	for i := 0; ; i++ {
		name := base
		switch {
		case i == 1:
			name += "Record"
		case i > 1:
			name += strconv.Itoa(i)
		}
		single := schema.CamelCase(name)
		suffixes := append([]string{"", "Connection", "Edge", "Where", "ListWhere", "Order", "Create", "Patch", "Batch"}, schema.AggregateSuffixes...)
		if n.take(with(name, suffixes...), single, schema.ListName(single)) {
			return name
		}
	}
}

// enum returns the name of an enum: mpaa_rating -> MpaaRating, and MpaaRatingEnum where a type has that name.
func (n *names) enum(enum string) string {
	base := schema.TypeName(enum)
	for i := 0; ; i++ {
		name := base
		switch {
		case i == 1:
			name += "Enum"
		case i > 1:
			name += strconv.Itoa(i)
		}
		if n.take(with(name, "", "Filter", "ListFilter")) {
			return name
		}
	}
}

func with(name string, suffixes ...string) []string {
	list := make([]string, len(suffixes))
	for i, s := range suffixes {
		list[i] = name + s
	}
	return list
}

// take reserves names of types and of query fields, all or none.
func (n *names) take(types []string, fields ...string) bool {
	if slices.ContainsFunc(types, func(t string) bool { return n.types[t] }) || slices.ContainsFunc(fields, func(f string) bool { return n.fields[f] }) {
		return false
	}
	for _, t := range types {
		n.types[t] = true
	}
	for _, f := range fields {
		n.fields[f] = true
	}
	return true
}

// camel returns the name of a field: created_at -> createdAt, FirstName -> firstName.
func camel(column string) string {
	list := schema.Words(column)
	var b strings.Builder
	for i, word := range list {
		if i == 0 {
			b.WriteString(lowerStart(word))
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	name := b.String()
	if name == "" || !unicode.IsLetter(rune(name[0])) {
		name = "f" + name
	}
	if name == "and" || name == "or" || name == "not" {
		name += "Value"
	}
	return name
}

// lowerStart lowers the capitals at the start of a word, except the first letter of the next word: URLPath -> urlPath.
func lowerStart(word string) string {
	runes := []rune(word)
	for i, r := range runes {
		if !unicode.IsUpper(r) || (i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// free returns the first candidate that is not the name of a field. If all are used, it adds a number to the last one.
func (t *table) free(candidates ...string) string {
	for _, name := range candidates {
		if t.field(name) == nil {
			return name
		}
	}
	last := candidates[len(candidates)-1]
	for i := 2; ; i++ {
		if name := last + strconv.Itoa(i); t.field(name) == nil {
			return name
		}
	}
}

func (t *table) field(name string) *field {
	for _, f := range t.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// ofColumn returns the field of a column.
func (t *table) ofColumn(column string) *field {
	for _, f := range t.fields {
		if f.column != nil && f.column.Name == column {
			return f
		}
	}
	return nil
}

// ofColumns returns the names of the fields of columns, or nil if a column has no field of its own.
func (t *table) ofColumns(columns []string) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		f := t.ofColumn(c)
		if f == nil {
			return nil
		}
		list[i] = f.name
	}
	return list
}
