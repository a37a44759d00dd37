package otlp

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/fault"
)

// ParseHeaders reads headers as OpenTelemetry's variables have them: name=value, separated by commas, with values percent-encoded.
func ParseHeaders(text string) (map[string]string, error) {
	headers := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, raw, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(raw))
		if !ok || err != nil || !isHeader(name, value) {
			return nil, fault.New(fault.Invalid, "read headers", "an entry is not valid", "write name=value, separated by commas, with special characters percent-encoded")
		}
		headers[name] = value
	}
	return headers, nil
}

// CheckHeaders returns an error that does not show them if HTTP cannot send a header.
func CheckHeaders(headers map[string]string) error {
	for name, value := range headers {
		if !isHeader(name, value) {
			return fault.New(fault.Invalid, "check headers", "a name or a value is not valid", "leave out control characters, and spaces in names")
		}
	}
	return nil
}

func isHeader(name, value string) bool {
	return isHeaderName(name) && !strings.ContainsFunc(value, unicode.IsControl)
}

func isHeaderName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		isLetter, isDigit := (r|0x20) >= 'a' && (r|0x20) <= 'z', r >= '0' && r <= '9'
		return !isLetter && !isDigit && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
