package dump

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// plain writes a text without quotes if YAML reads the same text back, and otherwise with quotes.
func plain(s string, flow bool) string {
	if isPlain(s, flow) {
		return s
	}
	return quote(s)
}

// isPlain is conservative: the text must start with a letter, and not contain anything with a special meaning in any YAML parser.
func isPlain(s string, flow bool) bool {
	const longest = 120
	if s == "" || len(s) > longest || strings.HasSuffix(s, " ") {
		return false
	}
	for i, c := range s {
		switch {
		case unicode.IsLetter(c):
		case i == 0:
			return false
		case c >= '0' && c <= '9', strings.ContainsRune("-_./", c):
		case !flow && strings.ContainsRune(" @+()'!?,", c):
		default:
			return false
		}
	}
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return false
	}
	return true
}

// quote writes a text in double quotes, in which YAML supports JSON's escapes.
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isBlock reports whether a literal block preserves the text exactly.
func isBlock(s string) bool {
	if !strings.Contains(strings.TrimSuffix(s, "\n"), "\n") || strings.HasSuffix(s, "\n\n") || strings.ContainsAny(s[:1], " \t\n") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") || strings.ContainsFunc(line, func(c rune) bool { return c != '\t' && !unicode.IsPrint(c) }) {
			return false
		}
	}
	return true
}

// block writes a text as a literal block.
func block(s string, indent int) string {
	body, cut := strings.CutSuffix(s, "\n")
	var b strings.Builder
	b.WriteByte('|')
	if !cut {
		b.WriteByte('-') // the text does not end with a line break
	}
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(strings.Repeat(" ", indent) + line)
		}
	}
	return b.String()
}

// flowJSON writes JSON as YAML in brackets. It keeps the order of keys and the digits of numbers.
func flowJSON(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var b strings.Builder
	if err := flowValue(d, &b); err != nil {
		return "", errUnwritable
	}
	return b.String(), nil
}

func flowValue(d *json.Decoder, b *strings.Builder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return flowGroup(d, b, v)
	case string:
		b.WriteString(quote(v))
	case json.Number:
		if _, err := v.Float64(); err != nil {
			b.WriteString("!!float ") // too large for YAML to recognize it as a number
		}
		b.WriteString(v.String())
	case bool:
		b.WriteString(strconv.FormatBool(v))
	default:
		b.WriteString("null")
	}
	return nil
}

func flowGroup(d *json.Decoder, b *strings.Builder, open json.Delim) error {
	b.WriteString(open.String())
	for first := true; d.More(); first = false {
		if !first {
			b.WriteString(", ")
		}
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name := quote(key.(string)) //nolint:forcetypeassert // guaranteed by the decoder
			const longestKey = 1000     // a longer key requires a ?, according to YAML 1.2, section 7.4.2
			if len(name) > longestKey {
				b.WriteString("? ")
			}
			b.WriteString(name + ": ")
		}
		if err := flowValue(d, b); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err != nil {
		return err
	}
	b.WriteString(end.(json.Delim).String()) //nolint:forcetypeassert // the decoder balances them
	return nil
}
