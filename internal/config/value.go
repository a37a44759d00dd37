package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/diag"
)

// ByteSize is a number of bytes, written 512, 64KiB, 1MiB or 10MB.
type ByteSize int64

// The units of a ByteSize, longest first; B alone is a byte.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1}}

// String returns the size in the largest unit that divides it.
func (s ByteSize) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.bytes == 0 && u.bytes > 1 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns String.
func (s ByteSize) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// badValue is an error about an invalid value of a key. It never contains the value, which may be a secret.
type badValue struct{ want, remedy string }

func (e *badValue) Error() string { return e.want }

// parse converts a string to the value of a key: a string, Secret, int, float64, bool, time.Duration, ByteSize or []string. Its error is a
// *badValue.
func (k Key) parse(text string) (any, error) {
	switch k.Kind {
	case SecretText:
		return NewSecret(text), nil
	case Int:
		return k.parseInt(text)
	case Bool:
		switch text {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
		return nil, &badValue{"must be true or false", "write true or false, without quotes"}
	case Duration:
		d, err := time.ParseDuration(text)
		switch {
		case err != nil && regexp.MustCompile(`^[0-9]+$`).MatchString(text):
			return nil, &badValue{"must be a duration with a unit", "write " + text + "s for seconds; other units are ms, m and h"}
		case err != nil:
			return nil, &badValue{"must be a duration", "write a duration such as 500ms, 30s or 1m30s"}
		case d < 0:
			return nil, &badValue{"must be a non-negative duration", "write a duration such as 500ms, 30s or 1m30s"}
		}
		return d, nil
	case Size:
		return parseSize(text)
	case Ratio:
		r, err := strconv.ParseFloat(text, 64)
		if isWithin := err == nil && r >= 0 && r <= 1; !isWithin {
			return nil, &badValue{"must be a number from 0 to 1", "write a number such as 0.01, which is 1 %"}
		}
		return r, nil
	case Address:
		return parseAddress(text)
	case HTTPURL:
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, &badValue{"must be an http or https URL", "write a URL such as https://example.com/health"}
		}
		return text, nil
	case List:
		return splitList(text), nil
	}
	return k.parseText(text)
}

func (k Key) parseInt(text string) (any, error) {
	n, err := strconv.ParseInt(text, 0, 32)
	switch {
	case len(k.OneOf) > 0 && (err != nil || !slices.Contains(k.OneOf, strconv.FormatInt(n, 10))):
		return nil, &badValue{"must be one of " + strings.Join(k.OneOf, ", "), ""}
	case len(k.OneOf) == 0 && (err != nil || int(n) < k.Min || int(n) > k.Max):
		return nil, &badValue{fmt.Sprintf("must be an integer from %d to %d", k.Min, k.Max), ""}
	}
	return int(n), nil
}

func (k Key) parseText(text string) (any, error) {
	if len(k.OneOf) > 0 && !slices.Contains(k.OneOf, text) {
		bad := &badValue{want: "must be one of " + strings.Join(k.OneOf, ", ")}
		if s := diag.Suggest(text, k.OneOf); s != "" {
			bad.remedy = fmt.Sprintf("did you mean %q?", s)
		}
		return nil, bad
	}
	if k.Pattern != "" && !regexp.MustCompile(k.Pattern).MatchString(text) {
		return nil, &badValue{"must match the pattern " + k.Pattern, ""}
	}
	if text == "" {
		return nil, &badValue{"must not be empty", "write a value, or remove the key to use its default"}
	}
	return text, nil
}

func parseSize(text string) (any, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, factor = strings.TrimSpace(n), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return nil, &badValue{"must be a size", "write a size such as 512KiB, 1MiB or 10MB"}
	}
	return ByteSize(n * factor), nil
}

func parseAddress(text string) (any, error) {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return nil, &badValue{"must be an address in the form host:port", "write an address such as 127.0.0.1:8080, or :8080 for all interfaces"}
	}
	return text, nil
}

func splitList(text string) []string {
	items := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// asBadValue returns the *badValue that parse reports.
func asBadValue(err error) *badValue {
	var bad *badValue
	if !errors.As(err, &bad) {
		bad = &badValue{want: err.Error()}
	}
	return bad
}
