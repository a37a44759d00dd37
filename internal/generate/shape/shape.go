// Package shape is the structure that all generated models share: for each stored type, the fields of a row in the API, of its
// create and of its patch.
package shape

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// Type is a stored type.
type Type struct {
	*schema.Type
	Fields []Field
}

// Field is a value of a row: a column, or one part of the key of a reference.
type Field struct {
	Name        string // title, ownerId
	Column      string
	Description string
	Deprecated  string        // the reason; empty for a field that is not
	Source      *schema.Field // the field of the schema
	Leaf        *schema.Field // the field whose values it contains: the key field of a reference, otherwise Source
	Nullable    bool
	Optional    bool // a create may omit it
	Fixed       bool // a patch cannot change it: it is part of the key or read-only
	ReadOnly    bool // only the database or the API sets it
}

// Of returns the stored types of the source, in their order.
func Of(s *schema.Schema) []Type {
	var types []Type
	for _, t := range s.Tables {
		if t.Join == nil {
			types = append(types, Type{t, fields(t)})
		}
	}
	return types
}

func fields(t *schema.Type) []Field {
	key := map[*schema.Field]bool{}
	for _, k := range t.Key {
		key[k] = true
	}
	var out []Field
	for _, f := range t.Fields {
		for _, part := range f.KeyFields() {
			if part.Column == "" || (part.Name != f.Name && t.Field(part.Name) != nil) {
				continue
			}
			out = append(out, Field{
				Name: part.Name, Column: part.Column, Description: description(f, part.Name), Deprecated: f.Deprecated, Source: f, Leaf: part.Leaf,
				Nullable: !f.Type.NonNull, Optional: !f.Type.NonNull || f.HasValue(), Fixed: key[f] || !f.Given(), ReadOnly: !f.Given(),
			})
		}
	}
	return out
}

// NullInCreate reports whether the field becomes null if a create omits it.
func (f Field) NullInCreate() bool { return f.Optional && !f.Source.HasValue() }

// InCreate reports whether a create may set the field.
func (f Field) InCreate() bool { return !f.ReadOnly }

func description(f *schema.Field, name string) string {
	if name == f.Name {
		return f.Description
	}
	return "Key of " + f.Name + "."
}

// Reference reports whether the field is a key of another type.
func (f Field) Reference() bool { return f.Source.Relation != nil }

// List reports whether the value is a list; a Vector is a scalar.
func (f Field) List() bool {
	return f.Source.Relation == nil && f.Source.Type.List && f.Leaf.Type.Scalar != schema.Vector
}

// NullableElements reports whether the elements of a list may be null.
func (f Field) NullableElements() bool { return f.List() && !f.Source.Type.ElemNonNull }

// Scalar returns the scalar of the value or of its elements, "" for an enum.
func (f Field) Scalar() schema.Scalar { return f.Leaf.Type.Scalar }

// Enum returns the enum of the value or of its elements, or nil.
func (f Field) Enum() *schema.Enum { return f.Leaf.Type.Enum }

// Constraints returns the constraints of the value. Those of a key belong to the other type, so that a reference has only the limits of
// its column.
func (f Field) Constraints() schema.Constraints {
	var c schema.Constraints
	if !f.Reference() {
		c = f.Source.Constraints
	}
	switch own := scalar.OfField(f.Leaf); {
	case f.Scalar() == schema.Int:
		c.Range = narrower(c.Range, own.Range)
	case f.Whole():
		c.Range = &own.Range
	case f.List():
	case f.Scalar() == schema.String, f.Scalar() == schema.ID && !f.UUID():
		c.Length = f.characters(c.Length)
	}
	return c
}

// UUID reports whether the value is an ID that is a UUID.
func (f Field) UUID() bool {
	return f.Scalar() == schema.ID && scalar.OfField(f.Leaf).Pattern == scalar.UUIDPattern
}

// Whole reports whether the value is an ID that is a whole number, as a string.
func (f Field) Whole() bool {
	return f.Scalar() == schema.ID && scalar.OfField(f.Leaf).Pattern == scalar.Int64Pattern
}

var varchar = regexp.MustCompile(`(?i)^(?:varchar|character varying|char|character|bpchar)\s*\(\s*([0-9]+)\s*\)$`)

// characters returns the limits of a text with those of its column. An ID is not empty.
func (f Field) characters(l *schema.Length) *schema.Length {
	var out schema.Length
	if l != nil {
		out = *l
	}
	if one := 1; f.Scalar() == schema.ID {
		out.Min = &one
	}
	if m := varchar.FindStringSubmatch(f.Leaf.DataType); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && (out.Max == nil || *out.Max > n) {
			out.Max = &n
		}
	}
	if out == (schema.Length{}) {
		return nil
	}
	return &out
}

// narrower returns the range of an Int with the limits of its column, such as a smallint, unless every Int has them.
func narrower(r *schema.Range, column schema.Range) *schema.Range {
	if column == scalar.Of(schema.Int, "").Range {
		return r
	}
	if r == nil {
		return &column
	}
	out := *r
	if out.Min == "" || whole(out.Min) < whole(column.Min) {
		out.Min = column.Min
	}
	if out.Max == "" || whole(out.Max) > whole(column.Max) {
		out.Max = column.Max
	}
	return &out
}

func whole(bound string) int {
	n, _ := strconv.Atoi(bound) // the bound of an Int
	return n
}

// Pattern is a regular expression that a string must match.
type Pattern struct {
	Regexp string // portable, see schema.PortablePattern
	Of     string // the format that it represents, or "" for a pattern of the schema
}

// Patterns returns the patterns of the field's value, or of the elements of its list.
func (f Field) Patterns() ([]Pattern, error) {
	var out []Pattern
	c := f.Constraints()
	if c.Pattern != "" {
		portable, err := schema.PortablePattern(c.Pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: @pattern of %s.%s: %w", f.Source.Pos, f.Source.Owner.Name, f.Name, err)
		}
		out = append(out, Pattern{Regexp: portable})
	}
	if c.Format != "" {
		out = append(out, Pattern{Regexp: c.Format.Pattern(), Of: string(c.Format)})
	}
	return out, nil
}

var vectorType = regexp.MustCompile(`(?i)^vector\(([0-9]+)\)$`)

// Dimensions returns the number of dimensions of a Vector, or 0 if the schema does not specify it.
func (f Field) Dimensions() int {
	if m := vectorType.FindStringSubmatch(f.Leaf.DataType); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}
