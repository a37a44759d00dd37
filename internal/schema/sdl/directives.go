package sdl

import "github.com/krowoc/krowoc/internal/schema"

// location is where a directive is valid.
type location uint16

const (
	onType location = 1 << iota
	onEnum
	onEnumValue
	onColumn    // a field with a column: a scalar, an enum, or a list of those
	onReference // a field that refers to one row of another stored type
	onInverse   // the inverse of a reference, or one side of a many-to-many relation
	onPlain     // a field of a type that is not stored
	onComputed  // a field that Postgres computes when it is read
	onRoot      // a field of Query or Mutation
	onArgument  // an argument of such a field
	onView      // a type over a view
	onViewField // a field of such a type

	onField = onColumn | onReference | onInverse | onPlain | onComputed | onRoot | onViewField
)

// argKind is the kind of value that an argument takes.
type argKind uint8

const (
	stringArg argKind = iota
	intArg
	boundArg // a number, or a date in quotes
	valueArg // anything
	enumArg
	nameArg // a value of an enum of the schema
	exprArg // CEL in a string
	rulesArg
)

// directiveSpec describes one directive, for the checks and for the definitions that editors read.
type directiveSpec struct {
	name, doc  string
	on         location
	repeatable bool
	standard   bool // GraphQL defines it, and editors know it
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

// The values of the enum arguments.
var (
	orders     = []string{"ASC", "DESC"}
	methods    = words(schema.BTree, schema.Hash, schema.GIN, schema.GiST, schema.BRIN, schema.HNSW, schema.IVFFlat, schema.Trigram)
	deletes    = words(schema.Restrict, schema.Cascade, schema.SetNull)
	formats    = words(schema.Formats[:]...)
	allows     = words(schema.AllowPublic, schema.AllowAuthenticated, schema.AllowOwner, schema.AllowRole, schema.AllowTier)
	operations = words(schema.Operations[:]...)
	piiKinds   = words(schema.PIIKinds[:]...)
	writes     = words(schema.Create, schema.Update, schema.Delete)
	identities = words(schema.ByDefault, schema.Always)
)

func words[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// directiveSpecs lists every directive with its locations and arguments.
var directiveSpecs = [...]directiveSpec{
	{name: "table", on: onType, doc: "Stores the type in a table.", args: []argSpec{
		{name: "name", doc: "Name of the table. Default: the plural of the type's name, in snake_case."},
		{name: "key", doc: "Fields of the primary key. Default: id.", list: true},
	}},
	{name: "view", on: onView, doc: "The type is over a view that exists in the database. Nobody writes it.", args: []argSpec{
		{name: "name", doc: "Name of the view. Default: the plural of the type's name, in snake_case."},
		{name: "key", doc: "Fields that tell the rows apart. Default: id.", list: true},
	}},
	{name: "col", on: onColumn | onReference | onViewField, doc: "Sets the column of a field.", args: []argSpec{
		{name: "name", doc: "Name of the column. Default: the name of the field, in snake_case."},
		{name: "dataType", doc: "Postgres type of the column, for example varchar(40) or vector(1536). Default: the type for the scalar."},
	}},
	{name: "enum", on: onEnum, doc: "Sets the type of an enum in Postgres.", args: []argSpec{
		{name: "name", doc: "Name of the type. Default: the name of the enum, in snake_case.", required: true},
	}},
	{name: "tiers", on: onEnum, doc: "The values of the enum are the tiers of callers, from the lowest to the highest."},
	{name: "value", on: onEnumValue, doc: "Sets the label of an enum value in Postgres.", args: []argSpec{
		{name: "name", doc: "Label, for example PG-13 or in progress. Default: the name of the value.", required: true},
	}},
	{name: "renamed", on: onType | onEnum | onEnumValue | onColumn | onReference | onInverse | onPlain, doc: "Declares a rename, so that migrations rename instead of dropping and adding.", args: []argSpec{
		{name: "from", doc: "Previous name in the schema; of an enum or enum value, also the previous name in Postgres.", required: true},
	}},
	{name: "api", on: onType | onView | onColumn | onReference | onInverse | onComputed | onViewField, doc: "Sets how the API shows a type or a field.", args: []argSpec{
		{name: "name", doc: "Name in the API. Default: the name in the schema."},
		{name: "plural", doc: "Name of lists of a type in the API. Default: the plural of its name."},
		{name: "hide", doc: "true: the API does not have it. Operations: the API does not have it in these.", kind: valueArg},
	}},
	{name: "deprecated", on: onEnumValue | onField | onArgument, standard: true, doc: "Clients should use something else, which the reason names.", args: []argSpec{
		{name: "reason", doc: "What to use instead. Default: No longer supported."},
	}},
	{name: "ref", on: onReference, doc: "A reference to a row of another type.", args: []argSpec{
		{name: "onDelete", doc: "What deleting the referenced row does. Default: RESTRICT for a required field, SET_NULL for an optional one.", kind: enumArg, enum: "OnDelete", values: deletes},
		{name: "fields", doc: "Existing fields of this type that hold the key, in the order of the key. The reference then adds no column.", list: true},
	}},
	{name: "inverse", on: onInverse, doc: "Names the field on the other side of a relation, if the types alone are ambiguous.", args: []argSpec{
		{name: "field", doc: "Field of the other type.", required: true},
	}},
	{name: "manyToMany", on: onInverse, doc: "A relation through a join table.", args: []argSpec{
		{name: "through", doc: "Stored type that joins the two. Default: an implicit join table."},
		{name: "from", doc: "Field of the join type that refers to this type, if it has several."},
		{name: "to", doc: "Field of the join type that refers to the other type, if it has several."},
		{name: "table", doc: "Name of the implicit join table. Default: the names of both tables."},
	}},
	{name: "unique", on: onType | onColumn | onReference, repeatable: true, doc: "No two rows have the same value; on a type, the same combination of values.", args: []argSpec{
		{name: "fields", doc: "Fields; required on a type, not allowed on a field.", list: true},
		{name: "name", doc: "Name of the constraint; on a type only. Default: table_columns_key."},
	}},
	{name: "index", on: onType | onColumn | onReference, repeatable: true, doc: "Adds an index: on a type over several fields, on a field over that field.", args: []argSpec{
		{name: "fields", doc: "Fields; required on a type, not allowed on a field.", list: true},
		{name: "order", doc: "Sort order of each field. Default: ASC.", kind: enumArg, list: true, enum: "Order", values: orders},
		{name: "where", doc: "CEL condition; only the rows that satisfy it are indexed.", kind: exprArg},
		{name: "whereSql", doc: "The condition in SQL, if CEL cannot express it."},
		{name: "type", doc: "Index method. Default: BTREE.", kind: enumArg, enum: "IndexType", values: methods},
		{name: "name", doc: "Name of the index. Default: table_columns_idx."},
	}},
	{name: "check", on: onType | onColumn | onReference, repeatable: true, doc: "A condition that every row must satisfy.", args: []argSpec{
		{name: "expr", doc: "CEL condition on this, the row.", kind: exprArg},
		{name: "sql", doc: "SQL condition instead; only the database checks it."},
		{name: "name", doc: "Name of the constraint. Default: table_column_check."},
		{name: "message", doc: "Error message for a row that fails the check."},
	}},
	{name: "length", on: onColumn | onPlain, doc: "Limits the length of a string in characters, of Bytes in bytes, or of a list in elements.", args: []argSpec{
		{name: "min", kind: intArg}, {name: "max", kind: intArg},
	}},
	{name: "range", on: onColumn | onPlain, doc: "Limits a number, a Date or a DateTime; both limits are inclusive.", args: []argSpec{
		{name: "min", kind: boundArg}, {name: "max", kind: boundArg},
	}},
	{name: "pattern", on: onColumn | onPlain, doc: "A string must match a regular expression.", args: []argSpec{
		{name: "regex", doc: "RE2 syntax; anchor it with ^ and $ to match the whole string.", required: true},
	}},
	{name: "format", on: onColumn | onPlain, doc: "A string must have a well-known format.", args: []argSpec{
		{name: "type", kind: enumArg, enum: "Format", values: formats, required: true},
	}},
	{name: "default", on: onColumn | onReference, doc: "Value of the field when a create does not set it. Takes exactly one argument.", args: []argSpec{
		{name: "value", doc: "Literal of the field's type.", kind: valueArg},
		{name: "expr", doc: "CEL expression over auth and request: auth.uid, request.time, uuidV7().", kind: exprArg},
		{name: "sql", doc: "SQL expression that the database evaluates."},
	}},
	{name: "generated", on: onColumn, doc: "The database generates the value. Takes exactly one argument.", args: []argSpec{
		{name: "expr", doc: "CEL expression over this, the row, for a stored generated column.", kind: exprArg},
		{name: "sql", doc: "The expression in SQL, if CEL cannot express it."},
		{name: "identity", doc: "Identity column that counts up. BY_DEFAULT allows a create to set the value.", kind: enumArg, enum: "Identity", values: identities},
	}},
	{name: "sql", on: onComputed | onRoot, doc: "SQL computes the field whenever it is read; it has no column.", args: []argSpec{
		{name: "expr", doc: "Of a field of a type: SQL expression over this, the row: this.first_name || ' ' || this.last_name."},
		{name: "query", doc: "Of a field of Query or Mutation: SQL statement over its arguments: select id from prompts where created_at > $since."},
	}},
	{name: "function", on: onComputed | onRoot, doc: "A function of Postgres computes the field whenever it is read. It takes the row, or the arguments of a field of Query or Mutation.", args: []argSpec{
		{name: "name", doc: "Name of the function, with its Postgres schema if that is not in search_path.", required: true},
	}},
	{name: "http", on: onRoot, doc: "A service of the team answers the field: it gets a signed POST request, and its answer is checked against the type.", args: []argSpec{
		{name: "url", doc: "https URL. ${NAME} is a variable of the environment, and {argument} a segment of the path.", required: true},
	}},
	{name: "onUpdate", on: onColumn | onReference, doc: "Value that every update sets, unless the update sets the field itself.", args: []argSpec{
		{name: "expr", doc: "CEL expression over this, auth and request.", kind: exprArg, required: true},
	}},
	{name: "searchable", on: onType, doc: "Lets the API search the words of text fields, by an index.", args: []argSpec{
		{name: "fields", doc: "Text fields that are searched. Everybody who is allowed to read the type must be allowed to read them.", list: true, required: true},
		{name: "weights", doc: "How much a word in each field counts, from A to D. Default: A.", kind: enumArg, list: true, enum: "Weight", values: weights},
		{name: "language", doc: "Text search configuration of Postgres, for example english. Default: simple, which knows no forms of words."},
	}},
	{name: "version", on: onColumn, doc: "Counts the updates of a row from 1. An update or delete that gives the version fails if the row has another one. On one Int! of a type."},
	{name: "metric", on: onType, repeatable: true, doc: "Counts the rows that mutations create and change, for Prometheus.", args: []argSpec{
		{name: "name", doc: "Name of the metric; Prometheus shows it with the suffix _total.", required: true},
		{name: "sum", doc: "Field of a number to sum up. Default: counts rows."},
		{name: "by", doc: "Fields whose values are labels: enums, Booleans, Strings with few values, and references to types whose key is such a String.", list: true},
	}},
	{name: "pii", on: onColumn, doc: "Marks personal data, which dumps mask.", args: []argSpec{
		{name: "kind", doc: "Kind of a string, if its format, name and values do not show it. NONE: not personal data.", kind: enumArg, enum: "PII", values: piiKinds},
		{name: "keys", doc: "Keys of JSON documents whose values are not personal data; all other values are masked.", list: true},
	}},
	{name: "track", on: onType, repeatable: true, doc: "Writes of the type through the API cause a product event, which is stored in their transaction.", args: []argSpec{
		{name: "event", doc: "Name of the event in snake_case, for example prompt_created.", required: true},
		{name: "on", doc: "Operations that cause it.", kind: enumArg, list: true, enum: "Write", values: writes, required: true},
		{name: "properties", doc: "Fields whose values are properties of the event; not personal data.", list: true},
	}},
	{name: "live", on: onType, doc: "Queries of the type can be subscriptions: triggers note which rows change, whoever writes."},
	{name: "auth", on: onType | onView | onColumn | onReference | onInverse | onComputed | onRoot | onViewField, doc: "Grants access through the API. Any matching rule grants it; rules on a field restrict those of its type.", args: []argSpec{
		{name: "rules", doc: "Required on a type.", kind: rulesArg, list: true},
		{name: "fresh", doc: "How long ago the caller may have logged in at most, for example 5m. Default: any time."},
		{name: "freshFor", doc: "Operations that ask for a log-in as recent as fresh. Default: all.", kind: enumArg, list: true, enum: "Operation", values: operations},
	}},
}

// ruleArgs describes one rule of @auth.
var ruleArgs = [...]argSpec{
	{name: "allow", doc: "Callers that the rule applies to.", kind: enumArg, enum: "Allow", values: allows, required: true},
	{name: "operations", doc: "Operations that the rule allows. Default: all.", kind: enumArg, list: true, enum: "Operation", values: operations},
	{name: "field", doc: "For OWNER: field that holds the owner."},
	{name: "roles", doc: "For ROLE: roles of which the caller needs one.", list: true},
	{name: "atLeast", doc: "For TIER: lowest tier that the rule applies to, a value of the enum with @tiers.", kind: nameArg},
	{name: "where", doc: "CEL condition over this, auth and request that the row must also satisfy.", kind: exprArg},
}
