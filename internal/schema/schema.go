// Package schema models the types, fields, relations, constraints and access rules of a project. Every other part of Krowoc works
// from this model. schema/sdl builds and checks a Schema once; it never changes after that, and depends on no SQL dialect or
// transport.
package schema

import (
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
)

// Schema is a complete, checked set of types. It must not be modified once built.
type Schema struct {
	Tables []*Type // stored types (@table) in source order, then the implicit join types (Join is set)
	Plain  []*Type // object types that are not stored, in source order
	Enums  []*Enum // in source order

	Views   []*Type   // types over views, in source order; nothing but the API knows them
	Customs []*Custom // fields that the team adds to Query and Mutation, in source order

	types map[string]*Type
	enums map[string]*Enum
}

// New indexes the given types and enums as a Schema. The caller (schema/sdl) has checked them.
func New(tables, plain []*Type, enums []*Enum) *Schema {
	s := &Schema{Tables: tables, Plain: plain, Enums: enums, types: map[string]*Type{}, enums: map[string]*Enum{}}
	for _, list := range [][]*Type{tables, plain} {
		for _, t := range list {
			s.types[t.Name] = t
		}
	}
	for _, e := range enums {
		s.enums[e.Name] = e
	}
	return s
}

// Type returns the stored or plain type of that name, or nil.
func (s *Schema) Type(name string) *Type {
	if t := s.types[name]; t != nil {
		return t
	}
	for _, t := range s.Views {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// StoredTypes returns how many stored types the schema declares: join tables that relations imply do not count.
func (s *Schema) StoredTypes() (n int) {
	for _, t := range s.Tables {
		if t.Join == nil {
			n++
		}
	}
	return n
}

// Enum returns the enum of that name, or nil.
func (s *Schema) Enum(name string) *Enum { return s.enums[name] }

// Tiers returns the enum whose values are the tiers of callers, or nil.
func (s *Schema) Tiers() *Enum {
	for _, e := range s.Enums {
		if e.Tiers {
			return e
		}
	}
	return nil
}

// Position is a place in the source.
type Position = diag.Position

// Type is an object type. Table is empty for a type that is not stored.
type Type struct {
	Name        string
	Description string
	Table       string   // physical name: prompts; of a type over a view, that of the view
	View        bool     // it is over a view (@view), which nobody writes
	RenamedFrom string   // the GraphQL name that the type had before
	Fields      []*Field // in source order; an implicit id comes first
	Key         []*Field // the primary key, in order; never empty for a stored type
	Indexes     []Index
	Uniques     []Unique // over several fields (@unique(fields:) on the type)
	Checks      []Check
	Rules       []Rule // empty: only the service can reach the type through the API
	Fresh       Fresh
	Search      *Search // nil unless the type has @searchable
	Metrics     []Metric
	Tracks      []Track // in source order
	Live        bool    // @live: whoever changes rows, the server learns of it
	API         Shown
	Computed    []*Field // fields without a column, in source order; they are not among Fields
	Join        *Join    // set when the type is the implicit join table of a many-to-many relation
	Pos         Position
}

// Field returns the field of that name, or nil.
func (t *Type) Field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// IsLive reports whether changes of rows are noted: of a type with @live, and of an implied join table between two of them.
func (t *Type) IsLive() bool {
	if t.Join != nil {
		return t.Join.Left.Owner.Live && t.Join.Right.Owner.Live
	}
	return t.Live
}

// Stored reports whether the type has a table.
func (t *Type) Stored() bool { return t.Table != "" }

// Join holds the two many-to-many fields that an implicit join table connects.
type Join struct{ Left, Right *Field }

// Field is a field of a type: a column, a reference to another stored type, or the inverse of a reference.
type Field struct {
	Name        string
	Description string
	Owner       *Type
	Type        FieldType
	Column      string // physical name (created_at, owner_id); empty when no single column holds the field
	DataType    string // @col(dataType:), the Postgres type to use instead of the default one; usually empty
	Implicit    bool   // not written in the source: the id that every stored type has unless it declares a key
	Relation    *Relation
	Default     *Default
	OnUpdate    *Expr // @onUpdate(expr:)
	Generated   *Generated
	Version     bool // @version: every update counts it up
	Unique      bool
	Constraints Constraints
	Checks      []Check
	Auth        bool   // @auth is on the field: Rules then restrict those of the type; no rules means no access
	Rules       []Rule // a caller may access the field if the type and one of these rules allow it
	Fresh       Fresh  // in addition to that of the type
	PII         *PII   // @pii: personal data
	API         Shown
	Computed    *Computed // how Postgres computes a field of Type.Computed
	RenamedFrom string
	Deprecated  string // the reason of @deprecated; empty for a field that is not
	Pos         Position
}

// FieldType is the type of a field. Exactly one of Scalar, Enum and Object is set.
type FieldType struct {
	Scalar      Scalar
	Enum        *Enum
	Object      *Type
	List        bool
	NonNull     bool // T! or [T]!
	ElemNonNull bool // [T!]; meaningless when List is false
}

// ReadOnly reports whether only the database sets the field.
func (f *Field) ReadOnly() bool { return f.Generated != nil && f.Generated.Identity != ByDefault }

// Given reports whether clients of the API and the models may set the field.
func (f *Field) Given() bool { return !f.ReadOnly() && !f.Version }

// HasValue reports whether a row that is created without the field gets a value for it.
func (f *Field) HasValue() bool {
	_, counts := Serial(f.DataType)
	return f.Default != nil || f.Implicit || f.Generated != nil || counts
}

// Serial returns the type of the values of a column that counts up by a sequence of its own, such as bigserial; false for every
// other type.
func Serial(dataType string) (base string, ok bool) {
	switch strings.ToLower(dataType) {
	case "smallserial", "serial2":
		return "smallint", true
	case "serial", "serial4":
		return "integer", true
	case "bigserial", "serial8":
		return "bigint", true
	}
	return "", false
}

// Columns returns the physical columns that hold the field: the foreign key of a reference, or the one column of a scalar or enum
// field. It is nil for the inverse of a relation and for fields of types that are not stored.
func (f *Field) Columns() []string {
	switch {
	case f.Relation != nil && f.Relation.Kind == RefOne:
		return f.Relation.Columns
	case f.Column != "":
		return []string{f.Column}
	}
	return nil
}

// Name returns the GraphQL name of the type without its wrappers: String, Visibility, Prompt.
func (t FieldType) Name() string {
	switch {
	case t.Enum != nil:
		return t.Enum.Name
	case t.Object != nil:
		return t.Object.Name
	}
	return string(t.Scalar)
}

// String returns the type as SDL writes it: [String!]!.
func (t FieldType) String() string {
	s := t.Name()
	if t.List {
		if t.ElemNonNull {
			s += "!"
		}
		s = "[" + s + "]"
	}
	if t.NonNull {
		s += "!"
	}
	return s
}

// Scalar is the name of a built-in scalar.
type Scalar string

// The scalars and, in parentheses, the Postgres types that store them.
const (
	ID       Scalar = "ID"       // (uuid)
	String   Scalar = "String"   // (text)
	Int      Scalar = "Int"      // (int4)
	Int64    Scalar = "Int64"    // (int8); a JSON string
	Float    Scalar = "Float"    // (float8)
	Decimal  Scalar = "Decimal"  // (numeric); a JSON string
	Boolean  Scalar = "Boolean"  // (bool)
	Date     Scalar = "Date"     // (date); RFC 3339 full-date
	DateTime Scalar = "DateTime" // (timestamptz); RFC 3339
	Duration Scalar = "Duration" // (interval); ISO 8601
	JSON     Scalar = "JSON"     // (jsonb)
	Bytes    Scalar = "Bytes"    // (bytea); base64
	Vector   Scalar = "Vector"   // (pgvector's vector); an array of numbers
)

// Scalars lists every scalar.
var Scalars = [...]Scalar{ID, String, Int, Int64, Float, Decimal, Boolean, Date, DateTime, Duration, JSON, Bytes, Vector}

// Enum is an enumeration; in Postgres, an enum type.
type Enum struct {
	Name        string
	Description string
	DBName      string // physical name: visibility
	Values      []EnumValue
	Tiers       bool // @tiers: its values are the tiers of callers, from the lowest to the highest
	RenamedFrom string
	Pos         Position
}

// EnumValue is one value of an Enum. The API, the models and the fixtures use its name, and the database its label.
type EnumValue struct {
	Name        string
	Description string
	Label       string // in Postgres: PG-13 for PG_13; usually the name
	RenamedFrom string
	Deprecated  string // the reason of @deprecated; empty for a value that is not
	Pos         Position
}
