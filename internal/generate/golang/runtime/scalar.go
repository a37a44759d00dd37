package runtime

import (
	"bytes"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Int64 is a 64-bit integer. It is a string in JSON, where large numbers lose precision.
type Int64 int64

// MarshalText implements encoding.TextMarshaler.
func (n Int64) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(n), 10), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *Int64) UnmarshalText(text []byte) error {
	if !wholePattern.Match(text) {
		return fmt.Errorf("%q is not an integer", text)
	}
	value, err := strconv.ParseInt(string(text), 10, 64)
	*n = Int64(value)
	return err
}

// Decimal is a decimal number of any precision: "12.50". It is a string in JSON.
type Decimal string

// Valid reports whether d is a decimal number.
func (d Decimal) Valid() bool { return decimalPattern.MatchString(string(d)) }

// MarshalText implements encoding.TextMarshaler.
func (d Decimal) MarshalText() ([]byte, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("%q is not a decimal number", string(d))
	}
	return []byte(d), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Decimal) UnmarshalText(text []byte) error {
	if *d = Decimal(text); !d.Valid() {
		return fmt.Errorf("%q is not a decimal number", text)
	}
	return nil
}

// ScanNumeric implements pgtype.NumericScanner.
func (d *Decimal) ScanNumeric(n pgtype.Numeric) error {
	if !n.Valid || n.NaN || n.InfinityModifier != pgtype.Finite {
		return fmt.Errorf("the number is null, NaN or infinite")
	}
	value, err := n.Value()
	if err == nil {
		*d = Decimal(value.(string))
	}
	return err
}

// NumericValue implements pgtype.NumericValuer.
func (d Decimal) NumericValue() (pgtype.Numeric, error) {
	var n pgtype.Numeric
	return n, n.Scan(string(d))
}

// Date is a calendar date: "2026-01-31".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Compare returns -1 if d is before other, 0 if they are the same day, and 1 if d is after other.
func (d Date) Compare(other Date) int { return d.time().Compare(other.time()) }

func (d Date) time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// String returns the date in ISO 8601 format.
func (d Date) String() string { return d.time().Format(time.DateOnly) }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err == nil {
		d.Year, d.Month, d.Day = t.Date()
	}
	return err
}

// ScanDate implements pgtype.DateScanner.
func (d *Date) ScanDate(v pgtype.Date) error {
	if !v.Valid || v.InfinityModifier != pgtype.Finite {
		return fmt.Errorf("the date is null or infinite")
	}
	d.Year, d.Month, d.Day = v.Time.Date()
	return nil
}

// DateValue implements pgtype.DateValuer.
func (d Date) DateValue() (pgtype.Date, error) { return pgtype.Date{Time: d.time(), Valid: true}, nil }

// Duration is a span of time in months, days and microseconds, which have no fixed ratio to one another: "P1M2DT3H".
type Duration struct {
	Months, Days int32
	Microseconds int64
}

var durationPattern = regexp.MustCompile(`^([+-]?)P(?:([+-]?[0-9]{1,10})Y)?(?:([+-]?[0-9]{1,10})M)?(?:([+-]?[0-9]{1,10})W)?(?:([+-]?[0-9]{1,10})D)?` +
	`(?:T(?:([+-]?[0-9]{1,10})H)?(?:([+-]?[0-9]{1,10})M)?(?:([+-]?[0-9]{1,10})(?:\.([0-9]{1,6}))?S)?)?$`)

// String returns the duration in ISO 8601 format.
func (d Duration) String() string {
	var b strings.Builder
	b.WriteString("P")
	part := func(n int64, unit string) {
		if n != 0 {
			fmt.Fprintf(&b, "%d%s", n, unit)
		}
	}
	part(int64(d.Months/12), "Y")
	part(int64(d.Months%12), "M")
	part(int64(d.Days), "D")
	if d.Microseconds != 0 || b.Len() == 1 {
		b.WriteString("T")
		const second = 1_000_000
		part(d.Microseconds/(3600*second), "H")
		part(d.Microseconds/(60*second)%60, "M")
		if rest := d.Microseconds % (60 * second); rest != 0 || d.Microseconds == 0 {
			sign, text := "", ""
			if rest < 0 {
				sign, rest = "-", -rest
			}
			if rest%second != 0 {
				text = strings.TrimRight(fmt.Sprintf(".%06d", rest%second), "0")
			}
			fmt.Fprintf(&b, "%s%d%sS", sign, rest/second, text)
		}
	}
	return b.String()
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	m := durationPattern.FindStringSubmatch(string(text))
	if m == nil || strings.HasSuffix(m[0], "P") || strings.HasSuffix(m[0], "T") {
		return fmt.Errorf("%q is not an ISO 8601 duration", text)
	}
	sign := int64(1)
	if m[1] == "-" {
		sign = -1
	}
	part := func(group int) int64 {
		n, _ := strconv.ParseInt(m[group], 10, 64) // at most ten digits; none are 0
		return sign * n
	}
	fraction, _ := strconv.ParseInt((m[9] + "000000")[:6], 10, 64)
	if strings.HasPrefix(m[8], "-") {
		fraction = -fraction
	}
	const second, mostSeconds = 1_000_000, 9_000_000_000_000
	seconds := part(6)*3600 + part(7)*60 + part(8)
	months, days := part(2)*12+part(3), part(4)*7+part(5)
	if int64(int32(months)) != months || int64(int32(days)) != days || seconds < -mostSeconds || seconds > mostSeconds {
		return fmt.Errorf("%q is out of the range of an interval", text)
	}
	*d = Duration{Months: int32(months), Days: int32(days), Microseconds: seconds*second + sign*fraction}
	return nil
}

// ScanInterval implements pgtype.IntervalScanner.
func (d *Duration) ScanInterval(v pgtype.Interval) error {
	if !v.Valid {
		return fmt.Errorf("the duration is null")
	}
	*d = Duration{v.Months, v.Days, v.Microseconds}
	return nil
}

// IntervalValue implements pgtype.IntervalValuer.
func (d Duration) IntervalValue() (pgtype.Interval, error) {
	return pgtype.Interval{Months: d.Months, Days: d.Days, Microseconds: d.Microseconds, Valid: true}, nil
}

// Vector is a vector of pgvector.
type Vector []float32

// Value implements driver.Valuer.
func (v Vector) Value() (driver.Value, error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal([]float32(v))
	return string(text), err
}

// Scan implements sql.Scanner.
func (v *Vector) Scan(src any) error {
	switch x := src.(type) {
	case nil:
		*v = nil
		return nil
	case string:
		return json.Unmarshal([]byte(x), (*[]float32)(v))
	case []byte:
		return json.Unmarshal(x, (*[]float32)(v))
	}
	return fmt.Errorf("cannot scan %T into a Vector", src)
}

// Bytes is a byte slice; it is base64 in JSON.
type Bytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b Bytes) MarshalText() ([]byte, error) { return base64.StdEncoding.AppendEncode(nil, b), nil }

// MarshalJSON implements json.Marshaler.
func (b Bytes) MarshalJSON() ([]byte, error) { return json.Marshal([]byte(b)) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) error {
	if bytes.ContainsAny(text, "\r\n") { // the decoder ignores line breaks
		return fmt.Errorf("%q is not base64", text)
	}
	decoded, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, text)
	*b = decoded
	return err
}
