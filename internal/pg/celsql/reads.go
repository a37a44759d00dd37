package celsql

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// Fields returns the fields of a type that a condition on a row of it names. For SQL, it may also return fields that the condition does not
// use.
func Fields(e *schema.Expr, t *schema.Type) []*schema.Field {
	var fields []*schema.Field
	add := func(f *schema.Field) {
		if !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	if e.SQL {
		source := strings.ToLower(e.Source)
		for _, f := range t.Fields {
			if slices.ContainsFunc(f.Columns(), func(column string) bool { return strings.Contains(source, strings.ToLower(column)) }) {
				add(f)
			}
		}
		return fields
	}
	rep := e.AST.NativeRep()
	ast.PreOrderVisit(rep.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.SelectKind || rep.GetType(e.AsSelect().Operand().ID()).TypeName() != t.Name {
			return
		}
		name := e.AsSelect().FieldName()
		for _, f := range t.Fields {
			if f.Name == name || slices.ContainsFunc(f.KeyFields(), func(k schema.KeyField) bool { return k.Name == name }) {
				add(f)
			}
		}
	}))
	return fields
}

// Reads returns the types whose rows an expression may read in addition to its own row: the target of each relation that it follows, and
// the join type of a many-to-many relation.
func Reads(checked *cel.Ast, s *schema.Schema) []*schema.Type {
	var types []*schema.Type
	rep := checked.NativeRep()
	ast.PreOrderVisit(rep.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.SelectKind {
			return
		}
		holder := s.Type(rep.GetType(e.AsSelect().Operand().ID()).TypeName())
		if holder == nil {
			return
		}
		f := holder.Field(e.AsSelect().FieldName())
		if f == nil || f.Relation == nil {
			return
		}
		types = append(types, f.Relation.Target)
		if f.Relation.Through != nil {
			types = append(types, f.Relation.Through)
		}
	}))
	return types
}
