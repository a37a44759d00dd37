package golang

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// registerFile names the file with the enums and RegisterTypes; it is empty where pgx needs to know no type.
func (m *model) registerFile() string {
	switch {
	case len(m.order) > 0:
		return "enums.go"
	case len(m.texts()) > 0:
		return "register.go"
	}
	return ""
}

// register writes RegisterTypes.
func (m *model) register(b *strings.Builder) {
	var loads []string
	for _, e := range m.order {
		array := "_" + e.DBName // as Postgres names the array type
		for len(array) > schema.MaxName {
			_, size := utf8.DecodeLastRuneInString(array)
			array = array[:len(array)-size]
		}
		loads = append(loads, fmt.Sprintf("%q, %q", e.DBName, array))
	}
	about, body := "allows a connection to read lists of enums", fmt.Sprintf(loadTypes, strings.Join(loads, ", "))
	if texts := m.texts(); len(texts) > 0 {
		read := fmt.Sprintf(readTexts, strings.Join(texts, ", "))
		if about, body = about+", and the text of other types", read+body; len(loads) == 0 {
			about, body = "allows a connection to read the text of types that Go has no type for here", read+"\treturn nil\n"
		}
	}
	fmt.Fprintf(b, "\n// RegisterTypes %s. Set it as AfterConnect of a pgxpool.Config.\nfunc RegisterTypes(ctx context.Context, conn *pgx.Conn) error {\n%s}\n", about, body)
}

const loadTypes = `	types, err := conn.LoadTypes(ctx, []string{%s})
	if err == nil {
		conn.TypeMap().RegisterTypes(types)
	}
	return err
`

const readTexts = `	for _, name := range []string{%s} {
		if t, ok := conn.TypeMap().TypeForName(name); ok {
			conn.TypeMap().RegisterType(&pgtype.Type{Name: name, OID: t.OID, Codec: &pgtype.TextFormatOnlyCodec{Codec: t.Codec}})
		}
	}
`

var (
	modifiers = regexp.MustCompile(`\s*\([^)]*\)`)
	// aliases are the types that the catalog calls otherwise.
	aliases = map[string]string{"integer": "int4", "int": "int4", "bigint": "int8", "smallint": "int2", "bit varying": "varbit", "boolean": "bool",
		"real": "float4", "double precision": "float8", "decimal": "numeric"}
)

// texts returns the types, quoted and by the names of the catalog, whose values are strings here and which pgx reads in binary.
func (m *model) texts() (list []string) {
	for _, t := range m.types {
		for _, f := range t.fields {
			if f.Scalar() != schema.String || scalar.OfField(f.Leaf).IsText() {
				continue
			}
			name := strings.TrimSpace(modifiers.ReplaceAllString(strings.ToLower(f.Leaf.DataType), ""))
			element, isArray := strings.CutSuffix(strings.ReplaceAll(name, "[][]", "[]"), "[]")
			if alias := aliases[element]; alias != "" {
				element = alias
			}
			if isArray {
				element = "_" + element
			}
			if quoted := fmt.Sprintf("%q", element); !slices.Contains(list, quoted) {
				list = append(list, quoted)
			}
		}
	}
	return list
}
