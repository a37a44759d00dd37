package sdl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// checkName returns the name that Postgres would give the nth check of a column or a table.
func checkName(table string, columns []string, n int) string {
	suffix := "check"
	if n > 0 {
		suffix += strconv.Itoa(n)
	}
	return schema.ObjectName(table, columns, suffix)
}

// indexFields returns the fields that @index or @unique on a type names, or nil after reporting.
func (b *builder) indexFields(t *typeDecl, u *use) []*schema.Field {
	if u.args["fields"] == nil {
		b.errorf(codeMissingArgument, u.Position, "write @"+u.Name+`(fields: ["…"])`, "@%s on a type requires the argument \"fields\"", u.Name)
		return nil
	}
	var fields []*schema.Field
	ok := true
	for _, v := range u.items("fields") {
		f := b.fieldNamed(t, v)
		switch {
		case f == nil || f.broken:
			ok = false
		case len(f.Columns()) == 0:
			b.errorf(codeInvalidIndex, v.Position, "name fields that have columns", "%q has no column in this table", f.Name)
			ok = false
		case slices.Contains(fields, f.Field):
			b.errorf(codeInvalidIndex, v.Position, "remove one of them", "%q is listed twice", f.Name)
			ok = false
		default:
			fields = append(fields, f.Field)
		}
	}
	if len(u.items("fields")) == 0 {
		b.errorf(codeInvalidIndex, u.args["fields"].Position, "name at least one field", "@%s has no fields", u.Name)
	}
	if !ok || len(fields) == 0 {
		return nil
	}
	return fields
}

func columnsOf(fields []*schema.Field) []string {
	var columns []string
	for _, f := range fields {
		columns = append(columns, f.Columns()...)
	}
	return columns
}

// index reads @index on a type, or on the field f.
func (b *builder) index(t *typeDecl, f *fieldDecl, u *use) {
	var fields []*schema.Field
	switch {
	case f == nil:
		if fields = b.indexFields(t, u); fields == nil {
			return
		}
	case u.args["fields"] != nil:
		b.errorf(codeConflict, u.args["fields"].Position, "remove the argument, or move @index to the type", "@index on a field cannot list fields")
		return
	default:
		fields = []*schema.Field{f.Field}
	}
	index := schema.Index{Method: schema.BTree, Pos: b.position(u.Position)}
	if v := u.args["type"]; v != nil {
		index.Method = schema.IndexMethod(v.Raw)
	}
	for _, field := range fields {
		index.Fields = append(index.Fields, schema.IndexField{Field: field})
	}
	b.indexOrder(&index, u)
	b.indexMethod(&index, u)
	index.Name = b.physicalName(u, "name", schema.ObjectName(t.Table, columnsOf(fields), "idx"))
	index.Where = b.condition(t, u, "where", "whereSql", indexKind())
	t.Indexes = append(t.Indexes, index)
}

func (b *builder) indexOrder(index *schema.Index, u *use) {
	orders := u.items("order")
	if len(orders) == 0 {
		return
	}
	at := u.position("order")
	switch {
	case index.Method != schema.BTree:
		b.errorf(codeInvalidIndex, at, "remove the argument", "%s indexes have no sort order", index.Method)
	case len(orders) != len(index.Fields):
		b.errorf(codeInvalidIndex, at, "write one ASC or DESC for each field", "order must have %d values, one for each field; it has %d", len(index.Fields), len(orders))
	default:
		for i, v := range orders {
			index.Fields[i].Desc = v.Raw == "DESC"
		}
	}
}

// indexMethod checks that the index method supports the fields.
func (b *builder) indexMethod(index *schema.Index, u *use) {
	for _, f := range index.Fields {
		if problem, remedy := unsupported(index, f.Field); problem != "" {
			b.errorf(codeInvalidIndex, u.position("type"), remedy, "%s", problem)
			return
		}
	}
}

// unsupported returns why the method of an index does not support a field, and the fix; "" when it does.
func unsupported(index *schema.Index, f *schema.Field) (problem, remedy string) {
	t := f.Type
	isVector := t.Scalar == schema.Vector
	isWords := strings.EqualFold(f.DataType, "tsvector")
	hasParts := t.List || (t.Scalar == schema.JSON) || isWords
	isSingle := len(index.Fields) == 1
	switch index.Method {
	case schema.GIN:
		if !hasParts {
			return "GIN indexes support only lists, JSON and tsvector", "remove the type to use BTREE"
		}
	case schema.HNSW, schema.IVFFlat:
		if !isVector || !isSingle {
			return fmt.Sprintf("%s indexes support exactly one Vector field", index.Method), "name one field of type Vector"
		}
	case schema.Trigram:
		if t.List || !scalar.OfField(f).IsText() {
			return "TRIGRAM indexes support only texts", "remove the type to use BTREE"
		}
	case schema.Hash:
		if !isSingle || (len(f.Columns()) > 1) {
			return "HASH indexes support exactly one column", "remove the type to use BTREE"
		}
	default:
		problem = fmt.Sprintf("%s indexes do not support %q, which has type %s", index.Method, f.Name, t)
		switch {
		case isVector:
			return problem, "write type: HNSW"
		case isWords && index.Method == schema.GiST:
		case hasParts:
			return problem, "write type: GIN"
		}
	}
	return "", ""
}
