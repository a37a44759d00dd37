package schema

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Has reports whether the enum has a value of that name.
func (e *Enum) Has(name string) bool {
	return slices.ContainsFunc(e.Values, func(v EnumValue) bool { return v.Name == name })
}

// Label returns what Postgres calls the value of that name, or the name itself if the enum has no such value.
func (e *Enum) Label(name string) string {
	for _, v := range e.Values {
		if v.Name == name {
			return v.Label
		}
	}
	return name
}

// NameOf returns the name of the value with a label, or the label itself if the enum has no such value.
func (e *Enum) NameOf(label string) string {
	for _, v := range e.Values {
		if v.Label == label {
			return v.Name
		}
	}
	return label
}

// Labelled returns the values whose labels are not their names. Most enums have none, and need no conversion.
func (e *Enum) Labelled() []EnumValue {
	return slices.DeleteFunc(slices.Clone(e.Values), func(v EnumValue) bool { return v.Label == v.Name })
}

// Labels returns the labels of all values.
func (e *Enum) Labels() []string {
	labels := make([]string, len(e.Values))
	for i, v := range e.Values {
		labels[i] = v.Label
	}
	return labels
}

// TypeName returns the GraphQL name of what a database calls by the given name: order_line -> OrderLine, 2fa -> T2fa.
func TypeName(name string) string {
	var b strings.Builder
	for _, word := range Words(name) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if b.Len() == 0 || !unicode.IsLetter(rune(b.String()[0])) {
		return "T" + b.String()
	}
	return b.String()
}

// ValueName returns the GraphQL name of the enum value with a label, which is the label itself where GraphQL allows it:
// PG-13 -> PG_13, in progress -> in_progress, 2xl -> V2xl, A+ -> A_PLUS.
func ValueName(label string) string {
	name := strings.Join(strings.FieldsFunc(signs(ASCII(label)), func(r rune) bool { return (r != '_') && !isWordRune(r) }), "_")
	switch {
	case label == "":
		return "EMPTY"
	case strings.Trim(name, "_") == "":
		return "VALUE"
	case name == "true", name == "false", name == "null", strings.HasPrefix(name, "__"), unicode.IsDigit(rune(name[0])):
		return "V" + name
	}
	return name
}

// signs spells out a plus, and a minus at the end, which alone distinguish values such as A+ and A-.
func signs(label string) string {
	plus, minus := " plus ", " minus "
	if label == strings.ToUpper(label) {
		plus, minus = " PLUS ", " MINUS "
	}
	if stem, ok := strings.CutSuffix(label, "-"); ok {
		label = stem + minus
	}
	return strings.ReplaceAll(label, "+", plus)
}

// Words splits a name at characters other than ASCII letters and digits, which GraphQL does not allow. Latin letters lose their marks first.
func Words(name string) []string {
	return strings.FieldsFunc(ASCII(name), func(r rune) bool { return !isWordRune(r) })
}

func isWordRune(r rune) bool {
	return r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// ValueNames returns a GraphQL name for each label of an enum. A name that two labels would have gets a number, except for the
// label that is already the name.
func ValueNames(labels []string) []string {
	names, taken := make([]string, len(labels)), map[string]bool{}
	for _, label := range labels {
		if ValueName(label) == label {
			taken[label] = true
		}
	}
	for i, label := range labels {
		name := ValueName(label)
		for n := 2; name != label && taken[name]; n++ {
			name = ValueName(label) + "_" + strconv.Itoa(n)
		}
		names[i], taken[name] = name, true
	}
	return names
}
