package sdl

import "github.com/krowoc/krowoc/internal/schema"

// location is where a directive may stand.
type location uint8

const (
	onType location = 1 << iota
	onEnum
	onEnumValue
	onColumn    // a field with a column: a scalar, an enum, or a list of those
	onReference // a field that refers to one row of another stored type
	onInverse   // the other end of a reference, or one end of a many-to-many relation
	onPlain     // a field of a type that is not stored

	onField = onColumn | onReference | onInverse | onPlain
)

// argKind is what an argument takes.
type argKind uint8

const (
	stringArg argKind = iota
	intArg
	boundArg // a number, or a date in quotes
	valueArg // anything
	enumArg
	exprArg // CEL in a string
	rulesArg
)

// directiveSpec describes one directive: the checks and the definitions for editors come from it.
type directiveSpec struct {
	name, doc  string
	on         location
	repeatable bool
	args       []argSpec
}

type argSpec struct {
	name, doc string
	kind      argKind
	list      bool
	required  bool
	enum      string   // enumArg: the name of the enum in Directives
	values    []string // enumArg: its values
}

// The values of the arguments that take one of a few.
var (
	orders     = []string{"ASC", "DESC"}
	methods    = words(schema.BTree, schema.Hash, schema.GIN, schema.GiST, schema.BRIN, schema.HNSW, schema.IVFFlat)
	deletes    = words(schema.Restrict, schema.Cascade, schema.SetNull)
	formats    = words(schema.Formats[:]...)
	allows     = words(schema.AllowPublic, schema.AllowAuthenticated, schema.AllowOwner, schema.AllowRole)
	operations = words(schema.Operations[:]...)
	piiKinds   = words(schema.PIIKinds[:]...)
	identities = words(schema.ByDefault, schema.Always)
)

func words[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// directiveSpecs is the language: every directive, its places and its arguments.
var directiveSpecs = [...]directiveSpec{
	{name: "table", on: onType, doc: "The type is stored in a table.", args: []argSpec{
		{name: "name", doc: "The table, when not the plural of the type's name."},
		{name: "key", doc: "The fields of the primary key, when not id.", list: true},
	}},
	{name: "col", on: onColumn | onReference, doc: "The column of a field.", args: []argSpec{
		{name: "name", doc: "Its name, when not the field's in snake_case."},
		{name: "dataType", doc: "Its Postgres type, when not the usual one: varchar(40), vector(1536)."},
	}},
	{name: "renamed", on: onType | onEnum | onEnumValue | onField, doc: "Had another name before: nothing is dropped and added instead.", args: []argSpec{
		{name: "from", doc: "The name in the schema before.", required: true},
	}},
	{name: "ref", on: onReference, doc: "A reference to a row of another type.", args: []argSpec{
		{name: "onDelete", doc: "What deleting that row does. T! refuses it and T becomes null, unless this says otherwise.", kind: enumArg, enum: "OnDelete", values: deletes},
		{name: "fields", doc: "The fields of this type that hold the key, in its order, when it needs no column of its own.", list: true},
	}},
	{name: "inverse", on: onInverse, doc: "Names the other end of a relation, where the types alone leave it open.", args: []argSpec{
		{name: "field", doc: "The field of the other type.", required: true},
	}},
	{name: "manyToMany", on: onInverse, doc: "A relation through a join table.", args: []argSpec{
		{name: "through", doc: "The stored type that joins the two, when not an implied one."},
		{name: "from", doc: "The field of that type that refers to this type, where it has several."},
		{name: "to", doc: "The field of that type that refers to the other type, where it has several."},
		{name: "table", doc: "The name of the implied join table, when not both tables' names."},
	}},
	{name: "unique", on: onType | onColumn | onReference, repeatable: true, doc: "No two rows have the same value, or on a type the same values of the fields.", args: []argSpec{
		{name: "fields", doc: "The fields; on a type only, and there required.", list: true},
		{name: "name", doc: "The constraint, when not table_fields_key; on a type only."},
	}},
	{name: "index", on: onType | onColumn | onReference, repeatable: true, doc: "An index, on a type over several fields, on a field over itself.", args: []argSpec{
		{name: "fields", doc: "The fields; on a type only, and there required.", list: true},
		{name: "order", doc: "The order of each field. Ascending unless given.", kind: enumArg, list: true, enum: "Order", values: orders},
		{name: "where", doc: "CEL: only the rows that satisfy it are in the index.", kind: exprArg},
		{name: "whereSql", doc: "The same in SQL, where CEL cannot say it."},
		{name: "type", doc: "The kind of index. BTREE unless given.", kind: enumArg, enum: "IndexType", values: methods},
		{name: "name", doc: "The index, when not table_fields_idx."},
	}},
	{name: "check", on: onType | onColumn | onReference, repeatable: true, doc: "Every row satisfies the condition.", args: []argSpec{
		{name: "expr", doc: "CEL over this, the row.", kind: exprArg},
		{name: "sql", doc: "An SQL condition in its place, which the database alone checks."},
		{name: "name", doc: "The constraint, when not table_field_check."},
		{name: "message", doc: "What to tell the person whose row does not."},
	}},
	{name: "length", on: onColumn | onPlain, doc: "The length of a string in characters, of Bytes in bytes, or of a list in elements.", args: []argSpec{
		{name: "min", kind: intArg}, {name: "max", kind: intArg},
	}},
	{name: "range", on: onColumn | onPlain, doc: "The bounds of a number, a Date or a DateTime, both included.", args: []argSpec{
		{name: "min", kind: boundArg}, {name: "max", kind: boundArg},
	}},
	{name: "pattern", on: onColumn | onPlain, doc: "A string matches a regular expression.", args: []argSpec{
		{name: "regex", doc: "RE2 syntax; anchor it with ^ and $ to match the whole string.", required: true},
	}},
	{name: "format", on: onColumn | onPlain, doc: "A string has a well-known form.", args: []argSpec{
		{name: "type", kind: enumArg, enum: "Format", values: formats, required: true},
	}},
	{name: "default", on: onColumn | onReference, doc: "The value when a create gives none. Exactly one of the three.", args: []argSpec{
		{name: "value", doc: "A literal of the field's type.", kind: valueArg},
		{name: "expr", doc: "CEL over auth and request: auth.uid, request.time, uuidV7().", kind: exprArg},
		{name: "sql", doc: "An SQL expression, which the database evaluates."},
	}},
	{name: "generated", on: onColumn, doc: "The database makes the value. Exactly one of the three.", args: []argSpec{
		{name: "expr", doc: "CEL over this, the row: a stored generated column.", kind: exprArg},
		{name: "sql", doc: "The same in SQL, where CEL cannot say it."},
		{name: "identity", doc: "A number that counts up. BY_DEFAULT lets a create give one of its own.", kind: enumArg, enum: "Identity", values: identities},
	}},
	{name: "onUpdate", on: onColumn | onReference, doc: "The value that every update sets, unless it gives one.", args: []argSpec{
		{name: "expr", doc: "CEL over this, auth and request.", kind: exprArg, required: true},
	}},
	{name: "pii", on: onColumn, doc: "Personal data: a dump masks its values.", args: []argSpec{
		{name: "kind", doc: "What a string is, when its format, its name and its values do not tell; NONE is no personal data.", kind: enumArg, enum: "PII", values: piiKinds},
		{name: "keys", doc: "The names within JSON documents that are no personal data; all others are masked.", list: true},
	}},
	{name: "auth", on: onType | onColumn | onReference | onInverse, doc: "Who may do what through the API. Rules add up; on a field they narrow those of its type.", args: []argSpec{
		{name: "rules", kind: rulesArg, list: true, required: true},
	}},
}

// ruleArgs describes one rule of @auth.
var ruleArgs = [...]argSpec{
	{name: "allow", doc: "Whom the rule is for.", kind: enumArg, enum: "Allow", values: allows, required: true},
	{name: "operations", doc: "What they may do. Everything unless given.", kind: enumArg, list: true, enum: "Operation", values: operations},
	{name: "field", doc: "OWNER: the field that holds the owner."},
	{name: "roles", doc: "ROLE: any of these.", list: true},
	{name: "where", doc: "CEL over this, auth and request: a further condition on the row.", kind: exprArg},
}
