package schema

import "cel.dev/cel-go/cel"

// Constraints restrict the values of a field. The same constraints hold in the database, in JSON Schema
// and in every generated model.
type Constraints struct {
	Length  *Length
	Range   *Range
	Pattern string // RE2 syntax; empty for none
	Format  Format // empty for none
}

// Length bounds a string in characters, Bytes in bytes, or a list in elements. Nil is unbounded.
type Length struct{ Min, Max *int }

// Range bounds a number or a date, inclusively. The bounds are texts ("0.01", "2020-01-01"), which keeps their
// precision; empty is unbounded. A number is canonical: the schema's 1e3 is 1000 for a Decimal.
type Range struct{ Min, Max string }

// Format is a well-known format of a string.
type Format string

// The formats; the names are those of JSON Schema where it has one.
const (
	Email    Format = "email"
	URL      Format = "url"
	Hostname Format = "hostname"
	IPv4     Format = "ipv4"
	IPv6     Format = "ipv6"
	UUID     Format = "uuid"
	Slug     Format = "slug"
	Color    Format = "color"
	Phone    Format = "phone" // E.164
)

// Formats lists every format.
var Formats = [...]Format{Email, URL, Hostname, IPv4, IPv6, UUID, Slug, Color, Phone}

// Expr is a CEL expression: its source, position and checked form. AST is nil while the schema is being built, and for an
// expression in SQL, which only the database evaluates.
type Expr struct {
	Source string
	SQL    bool // Source is SQL, not CEL
	AST    *cel.Ast
	Pos    Position
}

// Generated describes how the database generates the value of a field. Either Expr or Identity is set.
type Generated struct {
	Expr     *Expr    // a stored generated column, computed from other columns of the row
	Identity Identity // an identity column
}

// Identity determines whether a create may set the value of an identity column.
type Identity string

// The kinds of identity columns, as SQL names them.
const (
	Always    Identity = "ALWAYS"
	ByDefault Identity = "BY_DEFAULT"
)

// Default is the value of a field that a create does not set. Exactly one of the three is set.
type Default struct {
	Value any    // @default(value:): string (also for enums, Decimal, dates), bool, int64, float64, []any, map[string]any
	Expr  *Expr  // @default(expr:)
	SQL   string // @default(sql:)
}

// Index is a database index over fields of one type.
type Index struct {
	Name   string // physical name
	Method IndexMethod
	Fields []IndexField
	Where  *Expr // partial index; nil for all rows
	Pos    Position
}

// IndexField is one key of an Index.
type IndexField struct {
	Field *Field
	Desc  bool
}

// IndexMethod is the access method of an index.
type IndexMethod string

// The index methods of Postgres and pgvector. TRIGRAM is GIN with the operators of pg_trgm.
const (
	BTree   IndexMethod = "BTREE"
	Hash    IndexMethod = "HASH"
	GIN     IndexMethod = "GIN"
	GiST    IndexMethod = "GIST"
	BRIN    IndexMethod = "BRIN"
	HNSW    IndexMethod = "HNSW"
	IVFFlat IndexMethod = "IVFFLAT"
	Trigram IndexMethod = "TRIGRAM"
)

// Unique is a uniqueness constraint over several fields.
type Unique struct {
	Name   string // physical name
	Fields []*Field
	Pos    Position
}

// Check is a condition that every row must satisfy.
type Check struct {
	Name    string // physical name
	Expr    *Expr
	Message string // the error for a row that fails the check; may be empty
	Pos     Position
}
