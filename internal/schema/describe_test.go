package schema_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestDescribe(t *testing.T) {
	n := func(i int) *int { return &i }
	text, list, raw := schema.FieldType{Scalar: schema.String}, schema.FieldType{Scalar: schema.Bytes, List: true}, schema.FieldType{Scalar: schema.Bytes}
	for want, got := range map[string]string{
		"1 to 200 characters":      schema.Length{Min: n(1), Max: n(200)}.Describe(text),
		"at least 1 character":     schema.Length{Min: n(1)}.Describe(text),
		"at most 5 elements":       schema.Length{Max: n(5)}.Describe(list),
		"exactly 16 bytes":         schema.Length{Min: n(16), Max: n(16)}.Describe(raw),
		"any number of characters": schema.Length{}.Describe(text),
		"from 0 to 100":            schema.Range{Min: "0", Max: "100"}.Describe(),
		"at least 2020-01-01":      schema.Range{Min: "2020-01-01"}.Describe(),
		"at most 0.5":              schema.Range{Max: "0.5"}.Describe(),
		"any value":                schema.Range{}.Describe(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
