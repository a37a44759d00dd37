package lint

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// text returns a syntax tree as text. It leaves out positions, so two trees with the same meaning have the same text.
func text(m proto.Message) string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return ""
	}
	var b strings.Builder
	writeMessage(&b, m.ProtoReflect())
	return b.String()
}

func writeMessage(b *strings.Builder, m protoreflect.Message) {
	if n, ok := m.Interface().(*pg.Node); ok && writeSame(b, n) {
		return
	}
	type entry struct {
		field protoreflect.FieldDescriptor
		value protoreflect.Value
	}
	var entries []entry
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if name := f.Name(); name != "location" && name != "arg_location" && name != "stmt_location" && name != "stmt_len" {
			entries = append(entries, entry{f, v})
		}
		return true
	})
	slices.SortFunc(entries, func(a, b entry) int { return int(a.field.Number() - b.field.Number()) })
	b.WriteByte('{')
	for _, e := range entries {
		b.WriteString(string(e.field.Name()))
		b.WriteByte(':')
		if e.field.IsList() {
			for i := range e.value.List().Len() {
				writeValue(b, e.field, e.value.List().Get(i))
			}
		} else {
			writeValue(b, e.field, e.value)
		}
	}
	b.WriteByte('}')
}

// writeSame normalizes expressions that can be written in several ways: Postgres prints expressions with added casts, and
// BETWEEN as two comparisons.
func writeSame(b *strings.Builder, n *pg.Node) bool {
	if cast := n.GetTypeCast(); cast != nil {
		b.WriteString(text(cast.Arg))
		return true
	}
	x := n.GetAExpr()
	bounds := x.GetRexpr().GetList().GetItems()
	if x.GetKind() != pg.A_Expr_Kind_AEXPR_BETWEEN || len(bounds) != 2 {
		return false
	}
	compare := func(operator string, bound *pg.Node) *pg.Node {
		return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP, Name: []*pg.Node{pg.MakeStrNode(operator)}, Lexpr: x.Lexpr, Rexpr: bound}}}
	}
	b.WriteString(text(pg.MakeBoolExprNode(pg.BoolExprType_AND_EXPR, []*pg.Node{compare(">=", bounds[0]), compare("<=", bounds[1])}, 0)))
	return true
}

func writeValue(b *strings.Builder, f protoreflect.FieldDescriptor, v protoreflect.Value) {
	if f.Kind() == protoreflect.MessageKind {
		writeMessage(b, v.Message())
	} else {
		b.WriteString(strconv.Quote(v.String()))
	}
}

// names returns the strings of a list of nodes.
func names(nodes []*pg.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.GetString_().GetSval()
	}
	return out
}

const defaultSchema = "public"

// qualified joins the parts of a name and adds the default schema if none is given.
func qualified(parts ...string) string {
	if len(parts) == 0 {
		return ""
	}
	if len(parts) == 1 || parts[0] == "" {
		return defaultSchema + "." + parts[len(parts)-1]
	}
	return strings.Join(parts, ".")
}

func relation(r *pg.RangeVar) string {
	if r == nil {
		return ""
	}
	return qualified(r.Schemaname, r.Relname)
}

// short returns a qualified name as people write it.
func short(name string) string { return strings.TrimPrefix(name, defaultSchema+".") }

// typeNames maps the names of types in syntax trees to the names that people write.
var typeNames = map[string]string{
	"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision", "bool": "boolean",
	"bpchar": "char", "timetz": "time with time zone",
}

// typeName returns a type's name without its modifiers, the modifiers, and whether it is an array.
func typeName(t *pg.TypeName) (name string, mods []int, array bool) {
	parts := names(t.GetNames())
	if len(parts) == 0 {
		return "", nil, false
	}
	name = parts[len(parts)-1]
	if len(parts) > 1 && parts[0] != "pg_catalog" && parts[0] != defaultSchema {
		name = strings.Join(parts, ".")
	}
	if plain, ok := typeNames[name]; ok {
		name = plain
	}
	for _, m := range t.Typmods {
		if c := m.GetAConst(); c != nil && c.GetIval() != nil {
			mods = append(mods, int(c.GetIval().Ival))
		}
	}
	return name, mods, len(t.ArrayBounds) > 0
}

// typeText returns a type as people write it.
func typeText(t *pg.TypeName) string {
	name, mods, array := typeName(t)
	if len(mods) > 0 && name != "interval" {
		texts := make([]string, len(mods))
		for i, m := range mods {
			texts[i] = strconv.Itoa(m)
		}
		name += "(" + strings.Join(texts, ", ") + ")"
	}
	if array {
		name += "[]"
	}
	return name
}
