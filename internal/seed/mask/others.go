package mask

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// bytes masks bytea in hex with the same number of other bytes.
func (f *Field) bytes(text string) string {
	n := max(len(text)-len(`\x`), 0) / 2
	mask := text
	for attempt := 0; mask == text && n > 0; attempt++ {
		mask = `\x` + hex.EncodeToString(f.bits(n, "bytes", text, strconv.Itoa(attempt)))
	}
	return mask
}

// vector masks a vector with the same number of numbers from -1 to 1.
func (f *Field) vector(text string) string {
	n := strings.Count(text, ",") + 1
	numbers := make([]string, n)
	for i, b := range f.bits(n, "vector", text) {
		numbers[i] = strconv.FormatFloat((float64(b)-127.5)/127.5, 'g', 6, 32)
	}
	return "[" + strings.Join(numbers, ",") + "]"
}

const (
	blockDays    = 4096 // a mask is in the same period of eleven years as its value
	dayLayout    = time.DateOnly
	momentLayout = "2006-01-02 15:04:05.999999Z07"
)

// time masks a date or a time with another one of the same period of eleven years, with the same precision: a day, a second or a
// microsecond.
func (f *Field) time(text string) (string, error) {
	layout, unit := momentLayout, time.Microsecond
	at, err := time.Parse(layout, text)
	if err != nil {
		layout = dayLayout
		if at, err = time.Parse(layout, text); err != nil {
			return "", errNone // infinity, and years that YAML does not support
		}
	}
	switch {
	case at.Equal(at.Truncate(24 * time.Hour)):
		unit = 24 * time.Hour
	case at.Equal(at.Truncate(time.Second)):
		unit = time.Second
	}
	days := at.Unix() / 86400
	if at.Unix()%86400 < 0 {
		days--
	}
	perDay := int64(24 * time.Hour / unit)
	within := int64(at.Sub(time.Unix(days*86400, 0)) / unit)
	block := days &^ (blockDays - 1)
	moment := func(d []int64) time.Time {
		return time.Unix((block+d[0])*86400, 0).UTC().Add(time.Duration(d[1]) * unit)
	}
	digits := f.permutation("time "+strconv.FormatInt(block, 10)+unit.String(), []int64{blockDays, perDay}).
		walk([]int64{days - block, within}, maxSteps, func(d []int64) bool { return f.inPeriod(moment(d)) })
	if digits == nil {
		return "", errNone
	}
	return moment(digits).Format(layout), nil
}

// inPeriod reports whether a time is within the bounds of the field.
func (f *Field) inPeriod(at time.Time) bool {
	r := f.field.Constraints.Range
	if r == nil {
		return true
	}
	low, lowErr := parseBound(r.Min)
	high, highErr := parseBound(r.Max)
	return (lowErr != nil || !at.Before(low)) && (highErr != nil || !at.After(high))
}

func parseBound(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	return time.Parse(time.DateOnly, text)
}

// json masks all texts, numbers and names of a document, except names that the schema declares not to be personal data.
func (f *Field) json(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	if err := f.jsonValue(d, &out, f.name); err != nil {
		return "", errNone
	}
	return out.String(), nil
}

func (f *Field) jsonValue(d *json.Decoder, out *bytes.Buffer, name string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return f.jsonGroup(d, out, v, name)
	case string:
		return f.jsonText(out, name, v)
	case json.Number:
		field := schema.Field{Name: name, Type: schema.FieldType{Scalar: schema.Decimal}}
		mask, err := f.Field(&field, false).Value(v.String())
		if err != nil {
			return err
		}
		out.WriteString(mask)
	case bool:
		out.WriteString("false")
	default:
		out.WriteString("null")
	}
	return nil
}

// jsonGroup masks the content of two brackets.
func (f *Field) jsonGroup(d *json.Decoder, out *bytes.Buffer, open json.Delim, name string) error {
	out.WriteString(open.String())
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		within := name
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			within, _ = key.(string)
			if err := f.jsonKey(out, within); err != nil {
				return err
			}
			out.WriteByte(':')
		}
		if err := f.jsonValue(d, out, within); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err != nil {
		return err
	}
	out.WriteString(end.(json.Delim).String()) //nolint:forcetypeassert // the decoder balances them
	return nil
}

// asciiName matches names with ASCII letters and digits, which can be permuted without collisions.
var asciiName = regexp.MustCompile(`^[ -~]*[A-Za-z0-9][ -~]*$`)

// jsonKey masks a name. Different names have different masks; otherwise a value would be lost.
func (f *Field) jsonKey(out *bytes.Buffer, key string) error {
	var kept []string
	if f.field.PII != nil {
		kept = f.field.PII.Keys
	}
	mask := key
	switch {
	case key == "" || slices.Contains(kept, key):
	case asciiName.MatchString(key):
		names := f.Field(&schema.Field{Type: schema.FieldType{Scalar: schema.String}}, true)
		names.taken = kept
		var err error
		if mask, err = names.Value(key); err != nil {
			return err
		}
	default:
		mask = f.code(uniqueLength, "key", key)
	}
	return writeJSON(out, mask)
}

func (f *Field) jsonText(out *bytes.Buffer, name, value string) error {
	field := schema.Field{Name: name, Type: schema.FieldType{Scalar: schema.String}}
	mask, err := f.Field(&field, false).Value(value)
	if err != nil {
		return err
	}
	return writeJSON(out, mask)
}

func writeJSON(out *bytes.Buffer, text string) error {
	quoted, err := json.Marshal(text)
	out.Write(quoted)
	return err
}
