package scalar

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// canonicalUUID takes the forms that Postgres reads, too: without hyphens, and in braces.
func canonicalUUID(text string) (string, bool) {
	id, err := uuid.Parse(text)
	braces := len(text) == len("{}")+36
	if err != nil || len(text) > len("{}")+36 || (braces && (text[0] != '{' || text[37] != '}')) {
		return "", false
	}
	return id.String(), true
}

func canonicalTextID(text string) (string, bool) {
	canonical, ok := canonicalString(text)
	return canonical, ok && text != ""
}

// canonicalString refuses what Postgres's text cannot hold.
func canonicalString(text string) (string, bool) {
	return text, !strings.ContainsRune(text, 0) && utf8.ValidString(text)
}

func canonicalBoolean(text string) (string, bool) { return text, text == "true" || text == "false" }

// canonicalBytes accepts what Base64Pattern matches, and is many times as fast as a regular expression.
func canonicalBytes(text string) (string, bool) {
	if strings.ContainsAny(text, "\r\n") { // DecodeString skips the ends of lines
		return "", false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	return base64.StdEncoding.EncodeToString(raw), err == nil
}

// mostDepth bounds how deep a JSON may nest; Postgres's own bound depends on its stack.
const mostDepth = 1000

// canonicalJSON removes blanks, and refuses what jsonb cannot hold: the character U+0000, halves of surrogate pairs, and numbers beyond
// those of numeric.
func canonicalJSON(text string) (string, bool) {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) || !holdsEscapes(text) {
		return "", false
	}
	depth := 0
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", false
		}
		switch token := token.(type) {
		case json.Number:
			if _, ok := canonicalDecimal(token.String()); !ok {
				return "", false
			}
		case json.Delim:
			depth += nesting[token]
		}
		if depth > mostDepth {
			return "", false
		}
	}
	var b bytes.Buffer
	err := json.Compact(&b, []byte(text))
	return b.String(), err == nil
}

var nesting = map[json.Delim]int{'[': 1, '{': 1, ']': -1, '}': -1}

// Paired reports whether the escapes \uXXXX of a JSON text are whole characters, and not halves of a surrogate pair, which encoding/json
// would replace.
func Paired(text []byte) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if i++; text[i] != 'u' {
			continue
		}
		switch r := escaped(string(text[i-1 : min(i+5, len(text))])); {
		case r >= 0xdc00 && r < 0xe000:
			return false
		case r >= 0xd800 && r < 0xdc00:
			if low := escaped(string(text[min(i+5, len(text)):min(i+11, len(text))])); low < 0xdc00 || low >= 0xe000 {
				return false
			}
			i += 6
		}
	}
	return true
}

// holdsEscapes reports whether jsonb takes the escapes \uXXXX of a valid JSON text.
func holdsEscapes(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if text[i] != 'u' {
			continue
		}
		switch r := escaped(text[i-1:]); {
		case r == 0, r >= 0xdc00 && r < 0xe000:
			return false
		case r >= 0xd800 && r < 0xdc00:
			low := escaped(text[i+5:])
			if low < 0xdc00 || low >= 0xe000 {
				return false
			}
			i += 6
		}
	}
	return true
}

// escaped returns the number of an escape that begins a text, 0 for none.
func escaped(text string) uint64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	r, _ := strconv.ParseUint(text[2:6], 16, 32)
	return r
}

// mostDimensions is how many pgvector's vector has.
const mostDimensions = 16_000

func canonicalVector(text string) (string, bool) {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) == 0 || len(list) > mostDimensions {
		return "", false
	}
	parts := make([]string, len(list))
	for i, n := range list {
		f, ok := parseFloat(string(n), 32)
		if !ok {
			return "", false
		}
		parts[i] = floatText(f, 32, 6)
	}
	return "[" + strings.Join(parts, ",") + "]", true
}
