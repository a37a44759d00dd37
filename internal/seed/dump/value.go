package dump

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// errUnwritable is that a fixture cannot hold a value. It does not say which.
var errUnwritable = errors.New("has a value that a fixture cannot hold (NaN, infinity, or a year beyond 0001 to 9999)")

var (
	number   = regexp.MustCompile(`^[+-]?[0-9.]+(e[+-]?[0-9]+)?$`)
	interval = regexp.MustCompile(`^P[0-9.YMWDTHS+-]+$`)
)

// yamlOf writes a value, a text of Postgres, as a fixture gives it. A text of several lines may be a block, whose lines are
// indented by indent; within brackets (flow), nothing is.
func yamlOf(f *schema.Field, text string, indent int, flow bool) (string, error) {
	switch {
	case f.Type.Enum != nil:
		return plain(text, flow), nil
	case f.Type.Scalar == schema.String && !flow && isBlock(text):
		return block(text, indent), nil
	}
	switch f.Type.Scalar {
	case schema.String, schema.ID:
		if uuidForm.MatchString(text) && f.Type.Scalar == schema.ID {
			return text, nil
		}
		return plain(text, flow), nil
	case schema.Float, schema.Decimal:
		if !number.MatchString(text) {
			return "", errUnwritable
		}
	case schema.Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", errUnwritable
		}
	case schema.DateTime:
		return moment(text)
	case schema.Duration:
		if !interval.MatchString(text) {
			return "", errUnwritable
		}
	case schema.JSON:
		return flowJSON(text)
	case schema.Bytes:
		raw, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
		return quote(base64.StdEncoding.EncodeToString(raw)), err
	}
	return text, nil
}

// moment writes a time of Postgres in UTC, or one without a zone, in RFC 3339.
func moment(text string) (string, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "+00"), "Z")
	text = strings.Replace(text, " ", "T", 1) + "Z"
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		return "", errUnwritable
	}
	return text, nil
}

// listYAML writes the elements of a list in brackets.
func listYAML(f *schema.Field, text string) (string, error) {
	elements, err := listOf(text)
	if err != nil {
		return "", err
	}
	parts := make([]string, len(elements))
	for i, e := range elements {
		if e == nil {
			parts[i] = "null"
			continue
		}
		if parts[i], err = yamlOf(f, *e, 0, true); err != nil {
			return "", err
		}
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}
