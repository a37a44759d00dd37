package celsql

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

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
