package dump

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// Clear is personal data in a field that is not masked: values of masked fields, or texts that have the form of personal data.
type Clear struct {
	Table string `json:"table"` // physical name
	Field string `json:"field"` // Type.field
	Kind  string `json:"kind"`  // "value of a masked field", "email", "card number" or "phone number"
	Count int    `json:"count"` // of rows with such a text
}

// String returns the finding for messages, without any value.
func (c Clear) String() string { return fmt.Sprintf("%s (%s in %d rows)", c.Field, c.Kind, c.Count) }

// secrets are the values that were masked, by their first word in lower case.
type secrets map[string][]string

// shortestSecret is the number of characters from which a value is looked for in texts. Shorter ones are in too many of them.
const shortestSecret = 3

func (s secrets) add(f *schema.Field, text string) {
	switch f.Type.Scalar {
	case schema.Boolean, schema.Bytes, schema.Vector, schema.JSON:
		return
	}
	if f.PII != nil && f.PII.Kind == schema.PIIText { // a text of words that others use, too
		return
	}
	text = strings.ToLower(strings.TrimSpace(text))
	if f.Type.Enum != nil || utf8.RuneCountInString(text) < shortestSecret {
		return
	}
	start := strings.IndexFunc(text, isWord)
	if start < 0 {
		return
	}
	text = text[start:]
	if word := firstWord(text); !slices.Contains(s[word], text) {
		s[word] = append(s[word], text)
	}
}

// addAll adds a value, or the elements of a list.
func (s secrets) addAll(c *column, text string) {
	if !c.list {
		s.add(c.leaf, text)
		return
	}
	elements, _ := listOf(text) // masking reports the error
	for _, e := range elements {
		if e != nil {
			s.add(c.leaf, *e)
		}
	}
}

// in reports whether a text contains one of the values, as whole words.
func (s secrets) in(text string) bool {
	text = strings.ToLower(text)
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !isWord(r) {
			at += size
			continue
		}
		word := firstWord(text[at:])
		for _, value := range s[word] {
			if rest, found := strings.CutPrefix(text[at:], value); found {
				if next, _ := utf8.DecodeRuneInString(rest); rest == "" || !isWord(next) {
					return true
				}
			}
		}
		at += len(word)
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func firstWord(text string) string {
	if end := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) }); end >= 0 {
		return text[:end]
	}
	return text
}

var (
	emailIn = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,}`)
	phoneIn = regexp.MustCompile(`(?:^|[^\w.+-])(?:\+|00)[1-9][0-9]{0,2}[ ()./-]*[0-9](?:[ ()./-]*[0-9]){5,11}(?:$|[^\w-])`)
	cardIn  = regexp.MustCompile(`(?:^|[^\w.-])([0-9](?:[ -]?[0-9]){12,18})(?:$|[^\w-])`)
)

// formOf returns the kind of personal data whose form a part of a text has, or "".
func formOf(text string) string {
	if strings.Contains(text, "@") && emailIn.MatchString(text) {
		return "email"
	}
	for _, m := range cardIn.FindAllStringSubmatch(text, -1) {
		if luhn(m[1]) {
			return "card number"
		}
	}
	if phoneIn.MatchString(text) {
		return "phone number"
	}
	return ""
}

// luhn checks the last digit of a card number (ISO/IEC 7812-1, annex B).
func luhn(text string) bool {
	sum, odd, nonzero := 0, true, false
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		n := int(text[i] - '0')
		nonzero = nonzero || n > 0
		if odd = !odd; odd {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return nonzero && sum%10 == 0
}

// inClear counts the values of a column that are personal data, by their kind.
func (t *table) inClear(c int, s secrets) map[string]int {
	column := &t.columns[c]
	f := column.leaf
	isText := f.Type.Enum == nil && (f.Type.Scalar == schema.String || f.Type.Scalar == schema.JSON)
	isMarked := f.Personal() || t.omitted[column.field] || mask.Suspect(f)
	if !isText || isMarked || column.field.Relation != nil {
		return nil
	}
	counts := map[string]int{}
	for _, r := range t.rows {
		if r.values[c] == nil {
			continue
		}
		switch form := formOf(*r.values[c]); {
		case s.in(*r.values[c]):
			counts["value of a masked field"]++
		case form != "" && f.PII == nil: // @pii(kind: NONE) says that such texts are not personal
			counts[form]++
		}
	}
	return counts
}

// inClear finds personal data in fields that are not masked. It leaves out fields that are reported as unmarked as a whole.
func (d *dumper) inClear(s secrets) []Clear {
	list := []Clear{}
	for _, t := range d.tables {
		for c := range t.columns {
			for kind, count := range t.inClear(c, s) {
				list = append(list, Clear{t.Table, t.Name + "." + t.columns[c].field.Name, kind, count})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Clear) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}
