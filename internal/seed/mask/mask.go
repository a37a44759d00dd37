// Package mask puts something else in the place of personal data. A mask depends on the value, on what kind of value it is and on a
// key: equal values have equal masks wherever they stand, nobody without the key can tell which value a mask was made of, and a mask
// has the form of its value and keeps the constraints of its field. No value is the mask of itself unless its field allows no other,
// such as an empty text.
package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
)

// Masker makes masks with one key.
type Masker struct{ key []byte }

// New returns a Masker for a key, which should be random and at least 16 bytes long.
func New(key []byte) *Masker { return &Masker{key} }

// errNone is that no mask keeps the constraints of a field. It says nothing of the value.
var errNone = errors.New("no mask of a value keeps the constraints of the field")

// Field masks the values of one field.
type Field struct {
	*Masker
	field       *schema.Field
	name        string // in snake_case: what the kind is guessed from
	least, most int    // runes of a text; most is 0 for any number
	unique      bool
	pattern     *regexp.Regexp // nil for none
	prefix      string         // that the pattern demands
	low, high   *big.Rat       // of a number; nil for none
	taken       []string       // no mask is one of these
}

// Field makes a field ready. unique says that different values have to have different masks.
func (m *Masker) Field(f *schema.Field, unique bool) *Field {
	ready := &Field{Masker: m, field: f, name: schema.SnakeCase(f.Name), unique: unique}
	c := f.Constraints
	if c.Pattern != "" {
		ready.pattern, _ = regexp.Compile(c.Pattern) // nil where Go cannot read it: Postgres decides
		ready.prefix = prefixOf(c.Pattern)
	} else if c.Format != "" {
		ready.pattern = regexp.MustCompile(c.Format.Pattern())
	}
	if l := c.Length; l != nil && !f.Type.List {
		if l.Min != nil {
			ready.least = *l.Min
		}
		if l.Max != nil {
			ready.most = *l.Max
		}
	}
	if n := declared(f.DataType); n > 0 && (ready.most == 0 || n < ready.most) {
		ready.most = n
	}
	if r := c.Range; r != nil {
		ready.low, _ = new(big.Rat).SetString(r.Min)
		ready.high, _ = new(big.Rat).SetString(r.Max)
	}
	return ready
}

var lengthOf = regexp.MustCompile(`(?i)^(?:varchar|character varying|char|character|bpchar) *\( *(\d+) *\)`)

// declared returns how many characters a Postgres type holds; 0 for any number.
func declared(dataType string) int {
	m := lengthOf.FindStringSubmatch(dataType)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // digits alone
	return n
}

// prefixOf returns the text that everything that matches a pattern begins with.
func prefixOf(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat || len(re.Sub) < 2 || re.Sub[0].Op != syntax.OpBeginText {
		return ""
	}
	if literal := re.Sub[1]; literal.Op == syntax.OpLiteral && literal.Flags&syntax.FoldCase == 0 {
		return string(literal.Rune)
	}
	return ""
}

// Value masks one value, or one element of a list, as Postgres writes it: times in UTC with DateStyle ISO, intervals in
// IntervalStyle iso_8601 and bytea in hex.
func (f *Field) Value(text string) (string, error) {
	if strings.EqualFold(f.field.DataType, "citext") {
		text = strings.ToLower(text) // equal to Postgres, so equal here
	}
	switch t := f.field.Type; {
	case t.Enum != nil:
		return t.Enum.Values[0].Name, nil // whichever it was
	case text == "":
		return "", nil
	case t.Scalar == schema.Boolean:
		return "false", nil
	case t.Scalar == schema.JSON:
		return f.json(text)
	case t.Scalar == schema.Bytes:
		return f.bytes(text), nil
	case t.Scalar == schema.Vector:
		return f.vector(text), nil
	case t.Scalar == schema.Date, t.Scalar == schema.DateTime:
		return f.time(text)
	case t.Scalar == schema.String, t.Scalar == schema.ID:
		return f.text(text)
	}
	return f.number(text)
}

// fits reports whether a text keeps the constraints of the field.
func (f *Field) fits(text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= f.least && (f.most == 0 || n <= f.most) && (f.pattern == nil || f.pattern.MatchString(text)) &&
		!slices.Contains(f.taken, text)
}

// bits returns n bytes that look random and depend on the key and the parts alone: HMAC-SHA-256 (RFC 2104) in counter mode.
func (m *Masker) bits(n int, parts ...string) []byte {
	var out []byte
	for counter := uint32(0); len(out) < n; counter++ {
		h := hmac.New(sha256.New, m.key)
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, counter)) // it never fails
		for _, p := range parts {
			_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			_, _ = h.Write([]byte(p))
		}
		out = h.Sum(out)
	}
	return out[:n]
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// code returns n letters and digits made of the parts, the first a letter.
func (m *Masker) code(n int, parts ...string) string {
	out := m.bits(n, append(parts, "code")...)
	for i, b := range out {
		if i == 0 {
			out[i] = alphabet[int(b)%26]
			continue
		}
		out[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(out)
}
