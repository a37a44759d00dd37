package dump

import (
	"errors"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// errUnwritable is the error for a value that fixtures do not support. It does not contain the value.
var errUnwritable = errors.New("has a value that fixtures do not support (NaN, infinity, a year outside of 0001 to 9999, or a number of more than 1000 characters)")

// yamlOf converts a value from the text format of Postgres to YAML. A text of several lines can be a block, which is indented by indent,
// except within brackets (flow).
func yamlOf(f *schema.Field, text string, indent int, flow bool) (string, error) {
	switch {
	case f.Type.Enum != nil:
		return plain(f.Type.Enum.NameOf(text), flow), nil
	case f.Type.Scalar == schema.String && !flow && isBlock(text):
		return block(text, indent), nil
	}
	switch f.Type.Scalar {
	case schema.String, schema.ID:
		if uuidForm.MatchString(text) && f.Type.Scalar == schema.ID {
			return text, nil
		}
		return plain(text, flow), nil
	case schema.Float, schema.Decimal, schema.Date, schema.DateTime, schema.Duration, schema.Bytes:
		canonical, ok := scalar.OfField(f).FromPostgres(text)
		switch {
		case !ok:
			return "", errUnwritable
		case f.Type.Scalar == schema.Bytes:
			return quote(canonical), nil
		}
		return canonical, nil
	case schema.JSON:
		return flowJSON(text)
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
