// Package mask replaces personal data. A mask depends on the value, its kind and a key. Equal values have equal masks everywhere. Without
// the key, the value of a mask cannot be found. A mask has the same form as its value and satisfies the constraints of its field. It always
// differs from its value, unless the field does not allow another value, such as an empty text.
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

// Masker masks values with a key.
type Masker struct{ key []byte }

// New returns a Masker for a key, which should be random and at least 16 bytes long.
func New(key []byte) *Masker { return &Masker{key} }

// errNone is the error for a value without a valid mask. It does not contain the value.
var errNone = errors.New("no mask of a value satisfies the constraints of the field")

// Field masks the values of a field.
type Field struct {
	*Masker
	field       *schema.Field
	name        string // in snake_case, for guessing the kind
	least, most int    // length of a text in runes; most is 0 if unlimited
	unique      bool
	pattern     *regexp.Regexp // nil for none
	prefix      string         // that the pattern requires
	low, high   *big.Rat       // of a number; nil if unlimited
	taken       []string       // values that masks must not have
}

// Field prepares a field. With unique, different values have different masks.
func (m *Masker) Field(f *schema.Field, unique bool) *Field {
	ready := &Field{Masker: m, field: f, name: schema.SnakeCase(f.Name), unique: unique}
	c := f.Constraints
	if c.Pattern != "" {
		ready.pattern, _ = regexp.Compile(c.Pattern) // nil if Go does not support it; Postgres checks it
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

// declared returns the maximum number of characters of a Postgres type, or 0 if it is unlimited.
func declared(dataType string) int {
	m := lengthOf.FindStringSubmatch(dataType)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // it matches digits only
	return n
}

// prefixOf returns the common prefix of all texts that match a pattern.
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

// Value masks a value, or an element of a list, in the text format of Postgres: times in UTC with DateStyle ISO, intervals in IntervalStyle
// iso_8601, and bytea in hex.
func (f *Field) Value(text string) (string, error) {
	if strings.EqualFold(f.field.DataType, "citext") {
		text = strings.ToLower(text) // Postgres ignores case
	}
	switch t := f.field.Type; {
	case t.Enum != nil:
		return t.Enum.Values[0].Label, nil // the first value, regardless of the original
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

// fits reports whether a text satisfies the constraints of the field.
func (f *Field) fits(text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= f.least && (f.most == 0 || n <= f.most) && (f.pattern == nil || f.pattern.MatchString(text)) &&
		!slices.Contains(f.taken, text)
}

// bits returns n pseudorandom bytes that depend only on the key and the parts: HMAC-SHA-256 (RFC 2104) in counter mode.
func (m *Masker) bits(n int, parts ...string) []byte {
	var out []byte
	for counter := uint32(0); len(out) < n; counter++ {
		h := hmac.New(sha256.New, m.key)
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, counter)) // never fails
		for _, p := range parts {
			_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			_, _ = h.Write([]byte(p))
		}
		out = h.Sum(out)
	}
	return out[:n]
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// code returns n letters and digits that depend on the parts. The first one is a letter.
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
