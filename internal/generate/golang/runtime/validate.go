package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FieldError is an invalid value of one field.
type FieldError struct {
	Path    string `json:"path"` // of the field: title, tags[2]
	Message string `json:"message"`
}

// ValidationError lists every invalid field of a value.
type ValidationError []FieldError

// Error implements error.
func (e ValidationError) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Path + " " + f.Message
	}
	return strings.Join(lines, "; ")
}

// violations collects field errors.
type violations struct{ list ValidationError }

func (v *violations) add(path, message string) {
	v.list = append(v.list, FieldError{path, message})
}

func (v *violations) check(ok bool, path, message string) {
	if !ok {
		v.add(path, message)
	}
}

// length checks a length against its limits, of which -1 is none; want describes them.
func (v *violations) length(path string, n, low, high int, want string) {
	tooShort := low >= 0 && n < low
	tooLong := high >= 0 && n > high
	v.check(!tooShort && !tooLong, path, fmt.Sprintf("must have %s; it has %d", want, n))
}

func (v *violations) err() error {
	if v.list == nil {
		return nil
	}
	return v.list
}

func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

var (
	uuidPattern    = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	wholePattern   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	timePattern    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$`)
	decimalPattern = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

// compareDecimals compares decimal numbers; an invalid one is less than every number.
func compareDecimals(a, b string) int {
	x, okA := new(big.Rat).SetString(a)
	y, okB := new(big.Rat).SetString(b)
	if !okA || !okB {
		return -1
	}
	return x.Cmp(y)
}

func dateOf(text string) (d Date) {
	_ = d.UnmarshalText([]byte(text)) // the schema was checked
	return d
}

func timeOf(text string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text) // the schema was checked
	return t
}

// members describes the members of a JSON object.
type members struct {
	required []string // must be present
	notNull  []string // must not be null
	noHoles  []string // must be lists without null
	times    []string // must be times of RFC 3339, or lists of them; package time also reads other offsets
	strict   bool     // other members are not allowed
}

func (m members) check(object map[string]json.RawMessage) error {
	var v violations
	for _, name := range m.required {
		if _, there := object[name]; !there {
			v.add(name, "is required")
		}
	}
	for _, name := range m.notNull {
		v.check(string(bytes.TrimSpace(object[name])) != "null", name, "cannot be null")
	}
	for _, name := range m.noHoles {
		var elements []json.RawMessage
		if json.Unmarshal(object[name], &elements) != nil {
			continue // decoding reports it
		}
		for i, e := range elements {
			v.check(string(e) != "null", at(name, i), "cannot be null")
		}
	}
	for _, name := range m.times {
		var elements []json.RawMessage
		if json.Unmarshal(object[name], &elements) != nil {
			elements = []json.RawMessage{object[name]}
		}
		for _, e := range elements {
			var text string
			if json.Unmarshal(e, &text) == nil && string(e) != "null" && !timePattern.MatchString(text) {
				v.add(name, "must be a time such as 2026-01-31T12:00:00Z")
			}
		}
	}
	return v.err()
}

// validYear reports whether the API knows a year.
func validYear(year int) bool { return year >= 1 && year <= 9999 }

// validText reports whether Postgres can store a text.
func validText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// holdsEscapes reports whether Postgres can store the escapes \uXXXX of a valid JSON text: not U+0000, and no half of a surrogate pair, which
// package json would replace.
func holdsEscapes(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if i++; text[i] != 'u' {
			continue
		}
		first := escaped(text[i-1:])
		if first == 0 || first&0xfc00 == 0xdc00 {
			return false
		}
		if first&0xfc00 == 0xd800 {
			if escaped(text[i+5:])&0xfc00 != 0xdc00 {
				return false
			}
			i += 6
		}
	}
	return true
}

// escaped returns the number of an escape that begins a text, or 0.
func escaped(text []byte) uint64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	r, _ := strconv.ParseUint(string(text[2:6]), 16, 32)
	return r
}

// decode reads a JSON object.
func decode(text []byte, dst any, m members) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	if !holdsEscapes(text) {
		return fmt.Errorf("a string contains the character U+0000 or half of a surrogate pair, which Postgres cannot store")
	}
	if object == nil {
		return fmt.Errorf("the value is null, not an object")
	}
	if err := m.check(object); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if m.strict {
		d.DisallowUnknownFields()
	}
	return d.Decode(dst)
}
