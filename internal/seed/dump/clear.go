package dump

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// Clear is personal data that was found in a field that is not marked: values of masked fields, or texts that have the form of personal data.
type Clear struct {
	Table  string `json:"table"`  // physical name
	Field  string `json:"field"`  // Type.field
	Kind   string `json:"kind"`   // "value of a masked field", "email", "card number" or "phone number"
	Masked bool   `json:"masked"` // it was replaced by its mask, and is not in the dump
	Count  int    `json:"count"`  // of rows with such a text
}

// String returns the finding for messages, without any value.
func (c Clear) String() string {
	if c.Masked {
		return fmt.Sprintf("%s (%s, masked in %d rows)", c.Field, c.Kind, c.Count)
	}
	return fmt.Sprintf("%s (%s in %d rows)", c.Field, c.Kind, c.Count)
}

const maskedValue = "value of a masked field"

// isSearched reports whether personal data is looked for in a column: in texts that stay in clear, except those of fields that are reported
// as unmarked as a whole.
func (c *column) isSearched() bool {
	f := c.leaf
	isText := f.Type.Enum == nil && (f.Type.Scalar == schema.String || f.Type.Scalar == schema.JSON)
	return isText && !f.Personal() && !mask.Suspect(f) && c.field.Relation == nil
}

// takesMasks reports whether values in texts of a column can be replaced: rows are not found by the texts, and nothing but their length is
// checked.
func (t *table) takesMasks(c *column) bool {
	f := c.leaf
	named := func(check schema.Check) bool {
		return strings.Contains(check.Expr.Source, f.Name) || strings.Contains(check.Expr.Source, c.name)
	}
	return !distinct(f) && f.Constraints.Pattern == "" && f.Constraints.Format == "" && !slices.ContainsFunc(t.checks(), named) &&
		slices.Contains([]string{"", "text", "json", "jsonb"}, f.DataType)
}

// search looks for personal data in a value of a column.
type search struct {
	*dumper
	column *column
	masked bool // a value of a masked field was replaced
	left   bool // one was not
}

// clean replaces values of masked fields in the columns of a row that are not masked, and counts what it finds.
func (d *dumper) clean(t *table, v values) {
	for c := range t.columns {
		column := &t.columns[c]
		if !column.searched || v[c] == nil {
			continue
		}
		s := search{dumper: d, column: column}
		text, rest := s.value(*v[c])
		switch {
		case s.masked && column.fits(text):
			v[c] = &text
			d.found[finding{t, c, maskedValue, true}]++
		case s.masked:
			s.left = true
		}
		if s.left {
			d.found[finding{t, c, maskedValue, false}]++
		}
		if form := formOf(rest); form != "" && column.leaf.PII == nil { // @pii(kind: NONE) says that such texts are not personal
			d.found[finding{t, c, form, false}]++
		}
	}
}

// fits reports whether a text has the length that the field requires.
func (c *column) fits(text string) bool {
	l, n := c.leaf.Constraints.Length, utf8.RuneCountInString(text)
	return l == nil || c.list || ((l.Min == nil || n >= *l.Min) && (l.Max == nil || n <= *l.Max))
}

// value replaces values of masked fields in a value by their masks. It also returns the text without these values, whose parts can have a
// form of personal data.
func (s *search) value(text string) (replaced, rest string) {
	if !s.column.list && s.column.leaf.Type.Scalar != schema.JSON {
		return s.text(text)
	}
	return s.json(text) // a list is JSON, too
}

// json is like value. It leaves the names in objects, which must stay different, and numbers.
func (s *search) json(text string) (replaced, rest string) {
	var out, others strings.Builder
	at := 0 // before it, everything is in out and others
	for i := 0; i < len(text); {
		literal := text[i : i+tokenLength(text[i:])]
		i += len(literal)
		content, isString := literal, literal[0] == '"'
		if isString && strings.Contains(literal, `\`) {
			_ = json.Unmarshal([]byte(literal), &content) // Postgres sends valid JSON
		} else if isString {
			content = literal[1 : len(literal)-1]
		}
		masked := s.masked
		new, other := s.text(content)
		if other == content {
			continue
		}
		out.WriteString(text[at : i-len(literal)])
		others.WriteString(text[at : i-len(literal)])
		at = i
		if isString && !strings.HasPrefix(strings.TrimLeft(text[i:], " \t\r\n"), ":") {
			quoted, _ := json.Marshal(new) // a text always has a JSON form
			literal = string(quoted)
		} else {
			s.left, s.masked = true, masked
		}
		out.WriteString(literal)
		others.WriteString(`"` + other + `"`)
	}
	if at == 0 {
		return text, text
	}
	return out.String() + text[at:], others.String() + text[at:]
}

// tokenLength returns the length of the string at the start of JSON, or of everything before the next string.
func tokenLength(text string) int {
	if text[0] != '"' {
		if next := strings.IndexByte(text, '"'); next > 0 {
			return next
		}
		return len(text)
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// text is like value.
func (s *search) text(text string) (replaced, rest string) {
	start, end, found := s.secrets.find(text)
	if found.column == 0 {
		return text, text
	}
	var out, others strings.Builder
	for ; found.column > 0; start, end, found = s.secrets.find(text) {
		others.WriteString(text[:start] + "|")
		from, to, mask := s.maskIn(found, text, start, end)
		if mask == "" {
			s.left = true
			out.WriteString(text[:end])
			text = text[end:]
			continue
		}
		s.masked = true
		out.WriteString(text[:from] + mask)
		text = text[to:]
	}
	return out.String() + text, others.String() + text
}

// maskIn returns the mask of a value in a text, which is that of its own field if it has the same spelling, and the part of the text that it
// replaces. It returns "" if the value cannot be replaced.
func (s *search) maskIn(found secret, text string, start, end int) (from, to int, masked string) {
	if found.listed || !s.column.takesMasks {
		return 0, 0, ""
	}
	var around [2]string
	for i, r := range found.around {
		if r > 0 {
			around[i] = string(r)
		}
	}
	masked, err := s.columns[found.column-1].masks.Value(around[0] + text[start:end] + around[1])
	if err != nil {
		return 0, 0, ""
	}
	if !strings.HasSuffix(text[:start], around[0]) {
		around[0], masked = "", strings.TrimLeftFunc(masked, isNoWord)
	}
	if !strings.HasPrefix(text[end:], around[1]) {
		around[1], masked = "", strings.TrimRightFunc(masked, isNoWord)
	}
	return start - len(around[0]), end + len(around[1]), masked
}

// finding is personal data of a kind in a column that is not masked.
type finding struct {
	table  *table
	column int
	kind   string
	masked bool
}

// findings returns what clean has found.
func (d *dumper) findings() []Clear {
	list := []Clear{}
	for f, count := range d.found {
		list = append(list, Clear{f.table.Table, f.table.Name + "." + f.table.columns[f.column].field.Name, f.kind, f.masked, count})
	}
	slices.SortFunc(list, func(a, b Clear) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.String(), b.String()))
	})
	return list
}
