// Package shape is what every generated model has in common: for each stored type the fields of a row as the API and its
// clients see it, of which a create takes those that it must or may have and a patch those that can change.
package shape

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/krowoc/krowoc/internal/schema"
)

// Type is a stored type.
type Type struct {
	*schema.Type
	Fields []Field
}

// Field is a value of a row: a column, or a part of the key that a reference holds.
type Field struct {
	Name        string // title, ownerId
	Column      string
	Description string
	Source      *schema.Field // the field of the schema
	Leaf        *schema.Field // whose values it has; Source but for a reference
	Nullable    bool
	Optional    bool // a create may leave it out
	Fixed       bool // a patch does not change it: part of the key, or read-only
	ReadOnly    bool // the database alone gives it a value
}

// Of returns the stored types that people wrote, in their order.
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
			if part.Column == "" || part.Name != f.Name && t.Field(part.Name) != nil {
				continue
			}
			out = append(out, Field{
				Name: part.Name, Column: part.Column, Description: description(f, part.Name), Source: f, Leaf: part.Leaf,
				Nullable: !f.Type.NonNull, Optional: !f.Type.NonNull || hasValue(f), Fixed: key[f] || f.ReadOnly(), ReadOnly: f.ReadOnly(),
			})
		}
	}
	return out
}

// hasValue reports whether a field that a create leaves out gets a value.
func hasValue(f *schema.Field) bool { return f.Default != nil || f.Implicit || f.Generated != nil }

// NullInCreate reports whether the field is null where a create leaves it out.
func (f Field) NullInCreate() bool { return f.Optional && !hasValue(f.Source) }

// InCreate reports whether a create may give it.
func (f Field) InCreate() bool { return !f.ReadOnly }

func description(f *schema.Field, name string) string {
	if name == f.Name {
		return f.Description
	}
	return "The key that " + f.Name + " holds."
}

// Reference reports whether the field holds a key of another type.
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

// Constraints returns what the schema demands of the value itself; what a key must be, its own type says.
func (f Field) Constraints() schema.Constraints {
	if f.Reference() {
		return schema.Constraints{}
	}
	return f.Source.Constraints
}

// Pattern is a regular expression that a text must match, and what it stands for.
type Pattern struct {
	Regexp string // portable, see schema.PortablePattern
	Of     string // a format, or "" for a pattern of the schema
}

// Patterns returns what the texts of the field, or the elements of its list, must match.
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

// Dimensions returns how many numbers a Vector has, 0 when the schema does not say.
func (f Field) Dimensions() int {
	if m := vectorType.FindStringSubmatch(f.Leaf.DataType); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}
