package introspect

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// toCEL writes a condition on a row in CEL. It returns false if CEL has no equivalent for a part of it.
func (m *importer) toCEL(t *table, condition string) (string, bool) {
	trees, err := m.Parser.Parse("SELECT " + condition)
	if err != nil || len(trees) != 1 {
		return "", false
	}
	targets := trees[0].Stmt.GetSelectStmt().GetTargetList()
	if len(targets) != 1 {
		return "", false
	}
	w := &celWriter{importer: m, table: t, ok: true}
	text := w.expr(targets[0].GetResTarget().GetVal())
	return text, w.ok
}

type celWriter struct {
	*importer
	table *table
	ok    bool
}

func (w *celWriter) no() string {
	w.ok = false
	return ""
}

func (w *celWriter) expr(n *pg.Node) string {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return w.column(x.ColumnRef)
	case *pg.Node_AConst:
		return w.constant(x.AConst)
	case *pg.Node_TypeCast:
		return w.cast(x.TypeCast)
	case *pg.Node_BoolExpr:
		return w.logic(x.BoolExpr)
	case *pg.Node_NullTest:
		operator := map[pg.NullTestType]string{pg.NullTestType_IS_NULL: " == null", pg.NullTestType_IS_NOT_NULL: " != null"}[x.NullTest.Nulltesttype]
		return w.expr(x.NullTest.Arg) + operator
	case *pg.Node_AExpr:
		return w.operator(x.AExpr)
	}
	return w.no()
}

func (w *celWriter) column(c *pg.ColumnRef) string {
	last := c.Fields[len(c.Fields)-1].GetString_()
	if last == nil {
		return w.no()
	}
	f := w.table.ofColumn(last.Sval)
	switch {
	case f == nil || f.list:
		return w.no()
	case f.to != nil:
		key := f.to.ofColumn(f.to.key[0])
		if key.to != nil {
			return w.no()
		}
		return "this." + f.name + "." + key.name
	}
	return "this." + f.name
}

func (w *celWriter) constant(c *pg.A_Const) string {
	switch v := c.Val.(type) {
	case *pg.A_Const_Ival:
		return strconv.Itoa(int(v.Ival.Ival))
	case *pg.A_Const_Fval:
		return v.Fval.Fval
	case *pg.A_Const_Boolval:
		return strconv.FormatBool(v.Boolval.Boolval)
	case *pg.A_Const_Sval:
		return celText(v.Sval.Sval)
	}
	return w.no()
}

func celText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// cast leaves out the type that Postgres adds to a constant or a text.
func (w *celWriter) cast(c *pg.TypeCast) string {
	if c.Arg.GetAConst().GetSval() != nil {
		names := c.TypeName.GetNames()
		typ := names[len(names)-1].GetString_().GetSval()
		if e := w.enumNamed(typ); e != nil {
			return celText(e.nameOf(c.Arg.GetAConst().GetSval().Sval))
		}
		switch typ {
		case "int2", "int4", "int8", "numeric", "float4", "float8":
			return c.Arg.GetAConst().GetSval().Sval
		case "date", "timestamp", "timestamptz", "interval", "time":
			return w.no()
		}
	}
	return w.expr(c.Arg)
}

func (w *celWriter) logic(b *pg.BoolExpr) string {
	parts := make([]string, len(b.Args))
	for i, a := range b.Args {
		parts[i] = w.expr(a)
		if _, nested := a.GetNode().(*pg.Node_BoolExpr); nested {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	switch b.Boolop {
	case pg.BoolExprType_AND_EXPR:
		return strings.Join(parts, " && ")
	case pg.BoolExprType_OR_EXPR:
		return strings.Join(parts, " || ")
	}
	if _, column := b.Args[0].GetNode().(*pg.Node_ColumnRef); column {
		return "!" + parts[0]
	}
	return "!(" + strings.TrimSuffix(strings.TrimPrefix(parts[0], "("), ")") + ")"
}

var operators = map[string]string{"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

func (w *celWriter) operator(e *pg.A_Expr) string {
	name := e.Name[len(e.Name)-1].GetString_().GetSval()
	switch {
	case e.Kind == pg.A_Expr_Kind_AEXPR_OP && operators[name] != "" && e.Lexpr != nil:
		return w.expr(e.Lexpr) + " " + operators[name] + " " + w.expr(e.Rexpr)
	case e.Kind == pg.A_Expr_Kind_AEXPR_OP_ANY && name == "=":
		list := e.Rexpr
		for list.GetTypeCast() != nil {
			list = list.GetTypeCast().Arg
		}
		array := list.GetAArrayExpr()
		if array == nil {
			return w.no()
		}
		items := make([]string, len(array.Elements))
		for i, item := range array.Elements {
			items[i] = w.expr(item)
		}
		return w.expr(e.Lexpr) + " in [" + strings.Join(items, ", ") + "]"
	}
	return w.no()
}
