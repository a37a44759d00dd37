package dump

import (
	"slices"
	"strings"
)

// key joins the values of columns.
func (v values) key(columns []int) string {
	var b strings.Builder
	for _, c := range columns {
		if v[c] != nil {
			b.WriteString(*v[c])
		}
		b.WriteByte(0)
	}
	return b.String()
}

// folded returns the form of a key that is equal for equal keys: citext ignores case, so a reference may be written in another one.
func (t *table) folded(key string, columns []int) string {
	ignoresCase := func(c int) bool { return strings.HasSuffix(t.columns[c].cast, "citext") }
	if !slices.ContainsFunc(columns, ignoresCase) {
		return key
	}
	parts := partsOf(key)
	for i, c := range columns {
		if ignoresCase(c) {
			parts[i] = strings.ToLower(parts[i])
		}
	}
	return joined(parts)
}

// isSet reports whether no column is null. A foreign key with a null does not refer to a row (MATCH SIMPLE).
func (v values) isSet(columns []int) bool {
	return !slices.ContainsFunc(columns, func(c int) bool { return v[c] == nil })
}

// arraysOf returns an array per column of keys, as the arguments of a query.
func arraysOf(keys []string, columns int) []any {
	arrays := make([][]string, columns)
	for _, key := range keys {
		for i, text := range partsOf(key) {
			arrays[i] = append(arrays[i], text)
		}
	}
	args := make([]any, columns)
	for i, a := range arrays {
		args[i] = a
	}
	return args
}

// partsOf returns the values in a key.
func partsOf(key string) []string { return strings.Split(strings.TrimSuffix(key, "\x00"), "\x00") }

// joined is the opposite of partsOf.
func joined(parts []string) string { return strings.Join(parts, "\x00") + "\x00" }

func keysOf(rows []*row) []string {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.key
	}
	return keys
}
