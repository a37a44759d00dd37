package introspect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// kind is the type of a column in a schema.
type kind struct {
	scalar   string
	list     bool
	dataType string // @col(dataType:), if it differs from the default of the scalar
}

// kindOf returns the kind of a database type. A domain has the kind of its base type.
func (m *importer) kindOf(typ string) kind {
	base := m.catalog.BaseType(typ)
	k, isEnum := m.enumKind(base)
	if !isEnum {
		k = scalarOf(base)
	}
	if base != typ {
		k.dataType = typ
	}
	k.dataType = shortType(local(k.dataType))
	return k
}

// local leaves out the schema of a type of public, unless a built-in type would then hide it.
func local(typ string) string {
	name := strings.TrimPrefix(typ, public+".")
	if sdl.IsPostgresType(sqltext.Unquote(name)) && name != "vector" { // which an extension adds
		return typ
	}
	return name
}

// enumKind returns the kind of a type that is an enum or an array of one.
func (m *importer) enumKind(typ string) (kind, bool) {
	for _, e := range m.enums {
		if strings.TrimSuffix(typ, "[]") == qualifiedName(e.Schema, e.Name) {
			return kind{scalar: e.name, list: strings.HasSuffix(typ, "[]")}, true
		}
	}
	return kind{}, false
}

var timeType = regexp.MustCompile(`^time(stamp)?(\([0-9]\))? with(out)? time zone`)

// shortType returns the usual name of a type: varchar(40), timestamptz(3).
func shortType(typ string) string {
	typ = timeType.ReplaceAllStringFunc(typ, func(s string) string {
		x := timeType.FindStringSubmatch(s)
		if x[3] == "out" {
			return "time" + x[1] + x[2]
		}
		return "time" + x[1] + "tz" + x[2]
	})
	return strings.NewReplacer("character varying", "varchar", "character(", "char(").Replace(typ)
}

// scalarOf returns the kind of a type. An unknown type is a string, since Postgres can convert every value to text.
func scalarOf(typ string) kind {
	if element, ok := strings.CutSuffix(typ, "[]"); ok {
		k := scalarOf(element)
		if k.list || k.scalar == "Vector" {
			return kind{scalar: "String", dataType: typ}
		}
		k.list = true
		if k.dataType != "" {
			k.dataType = typ
		}
		return k
	}
	typ = local(typ)
	switch s, own := scalar.FromSQL(typ); {
	case own:
		return kind{scalar: string(s)}
	case s != "":
		return kind{scalar: string(s), dataType: typ}
	}
	return kind{scalar: string(schema.String), dataType: typ}
}

// takeColumns adds a field for each column. takeReferences changes those that contain references.
func (m *importer) takeColumns(t *table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		k := m.kindOf(c.Type)
		if k.list && c.Dimensions > 1 { // a list of the language cannot contain lists
			k = kind{scalar: string(schema.String), dataType: shortType(local(c.Type))}
		}
		if c.Collation != "" {
			k.dataType = shortType(c.Type) + " COLLATE " + sqltext.Ident(c.Collation)
		}
		f := &field{column: c, description: c.Comment, scalar: k.scalar, list: k.list, required: c.NotNull, dataType: k.dataType, has: map[string]bool{}}
		f.name = t.free(camel(c.Name), camel(c.Name)+"Column")
		f.usual = schema.SnakeCase(f.name)
		m.value(t, f)
		t.fields = append(t.fields, f)
	}
}

// stored writes @table.
func (t *table) stored() directive {
	var args []string
	if schema.Plural(schema.SnakeCase(t.name)) != t.Name {
		args = append(args, "name: "+sdl.Quote(t.Name))
	}
	id := t.field("id")
	if (len(t.key) != 1) || (id == nil) || (id.column == nil) || (id.column.Name != t.key[0]) {
		args = append(args, "key: "+quoteAll(t.ofColumns(t.key)))
	}
	d := "@table"
	if len(args) > 0 {
		d += "(" + strings.Join(args, ", ") + ")"
	}
	return directive{text: d}
}

// serials are the serial types by the type of the column.
var serials = map[string]string{"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}

// value writes the directive for the default or generated value of a column.
func (m *importer) value(t *table, f *field) {
	c := f.column
	add := func(text, key string) { f.directives, f.hasDefault = append(f.directives, directive{text, key}), true }
	key := "default " + t.Name + "." + c.Name
	switch {
	case c.Identity != "":
		add("@generated(identity: "+strings.ToUpper(strings.ReplaceAll(c.Identity, " ", "_"))+")", "")
	case c.Generated != "":
		add("@generated(sql: "+sdl.Quote(c.Default)+")", "")
	case c.Default == "":
	case m.isSerial(t, c):
		f.dataType, f.hasDefault = serials[c.Type], true
	case m.InSQL[key]:
		add("@default(sql: "+sdl.Quote(c.Default)+")", "")
	default:
		add("@default("+m.defaultOf(f)+")", key)
	}
}

// isSerial reports whether a column has the sequence that a serial type creates.
func (m *importer) isSerial(t *table, c *catalog.Column) bool {
	name := schema.ObjectName(t.Name, []string{c.Name}, "seq")
	return c.NotNull && serials[c.Type] != "" && c.Default == "nextval('"+qualifiedName(public, name)+"'::regclass)" &&
		slices.ContainsFunc(m.catalog.Sequences, func(s catalog.Sequence) bool { return s.Schema == public && s.Name == name && s.OwnedBy != "" })
}

func qualifiedName(schema, name string) string {
	return sqltext.Ident(schema) + "." + sqltext.Ident(name)
}

var quoted = regexp.MustCompile(`^'((?:[^']|'')*)'::[^']+$`)

// numberDefault matches a number as Postgres formats it.
var numberDefault = regexp.MustCompile(`^\(?'?(-?[0-9]+(?:\.[0-9]+)?)'?\)?(?:::[a-z ]+)?$`)

// defaultOf writes the argument of @default: in the words of the language where the value has them.
func (m *importer) defaultOf(f *field) string {
	sql := f.column.Default
	standard := f.dataType == ""
	switch {
	case (sql == "now()" && f.scalar == "DateTime" && standard) || (sql == "CURRENT_DATE" && f.scalar == "Date"):
		return `expr: "request.time"`
	case sql == "public.uuid_generate_v7()" && f.scalar == "ID":
		return `expr: "uuidV7()"`
	}
	if value, ok := m.defaultValue(f); ok {
		return "value: " + value
	}
	return "sql: " + sdl.Quote(sql)
}

// defaultValue returns a default as a literal of the language; false where the language has none for it.
func (m *importer) defaultValue(f *field) (literal string, ok bool) {
	sql := f.column.Default
	if f.list {
		return "[]", strings.HasPrefix(sql, "'{}'::") || strings.HasPrefix(sql, "ARRAY[]::")
	}
	text, isText := submatch(quoted, sql)
	text = strings.ReplaceAll(text, "''", "'")
	if i := slices.IndexFunc(m.enums, func(e *enum) bool { return e.name == f.scalar }); i >= 0 {
		return m.enums[i].nameOf(text), isText && slices.Contains(m.enums[i].Values, text)
	}
	number, isNumber := submatch(numberDefault, sql)
	isInteger := isNumber && !strings.Contains(number, ".")
	switch f.scalar {
	case "Boolean":
		return sql, sql == "true" || sql == "false"
	case "Int", "Int64":
		return number, isInteger
	case "Float":
		return number, isNumber && !isInteger
	case "Decimal":
		return sdl.Quote(number), isNumber
	case "String":
		return sdl.Quote(text), isText && f.dataType == ""
	}
	return "", false
}

// submatch returns what the group of a pattern matches; false where the pattern does not match.
func submatch(pattern *regexp.Regexp, text string) (string, bool) {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1], true
	}
	return "", false
}
