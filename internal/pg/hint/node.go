package hint

import (
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
)

// column returns the name of a column, possibly with a cast, and "" for anything else.
func column(n *pg_query.Node) string {
	fields := uncast(n).GetColumnRef().GetFields()
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1].GetString_().GetSval()
}

func uncast(n *pg_query.Node) *pg_query.Node {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().Arg
	}
	return n
}

// constant returns a constant as text.
func constant(n *pg_query.Node) (text string, ok bool) {
	n = uncast(n)
	if e := n.GetAExpr(); e != nil && e.Lexpr == nil && lastName(e.Name) == "-" {
		text, ok = constant(e.Rexpr)
		return "-" + text, ok
	}
	c := n.GetAConst()
	if c == nil || c.Isnull {
		return "", false
	}
	switch v := c.Val.(type) {
	case *pg_query.A_Const_Ival:
		return strconv.Itoa(int(v.Ival.Ival)), true
	case *pg_query.A_Const_Fval:
		return v.Fval.Fval, true
	case *pg_query.A_Const_Boolval:
		return strconv.FormatBool(v.Boolval.Boolval), true
	case *pg_query.A_Const_Sval:
		return v.Sval.Sval, true
	}
	return "", false
}

// constants returns the constants of a list, of an array or of the text of an array.
func constants(n *pg_query.Node) (list []string, ok bool) {
	n = uncast(n)
	var items []*pg_query.Node
	switch x := n.GetNode().(type) {
	case *pg_query.Node_List:
		items = x.List.Items
	case *pg_query.Node_AArrayExpr:
		items = x.AArrayExpr.Elements
	default:
		text, ok := constant(n)
		if inner, braced := strings.CutPrefix(text, "{"); ok && braced && !strings.ContainsAny(text, `"\`) {
			return strings.Split(strings.TrimSuffix(inner, "}"), ","), true
		}
		return nil, false
	}
	for _, item := range items {
		text, ok := constant(item)
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, len(list) > 0
}

func lastName(names []*pg_query.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}

// call returns the name and the arguments of a function call.
func call(n *pg_query.Node) (name string, args []*pg_query.Node) {
	if f := uncast(n).GetFuncCall(); f != nil {
		return lastName(f.Funcname), f.Args
	}
	return "", nil
}

// walk visits an expression and its parts.
func walk(n *pg_query.Node, visit func(*pg_query.Node)) {
	if n == nil {
		return
	}
	visit(n)
	each := func(list ...*pg_query.Node) {
		for _, part := range list {
			walk(part, visit)
		}
	}
	switch x := n.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		each(x.BoolExpr.Args...)
	case *pg_query.Node_NullTest:
		each(x.NullTest.Arg)
	case *pg_query.Node_BooleanTest:
		each(x.BooleanTest.Arg)
	case *pg_query.Node_AExpr:
		each(x.AExpr.Lexpr, x.AExpr.Rexpr)
	case *pg_query.Node_TypeCast:
		each(x.TypeCast.Arg)
	case *pg_query.Node_CollateClause:
		each(x.CollateClause.Arg)
	case *pg_query.Node_FuncCall:
		each(x.FuncCall.Args...)
	case *pg_query.Node_List:
		each(x.List.Items...)
	case *pg_query.Node_AArrayExpr:
		each(x.AArrayExpr.Elements...)
	case *pg_query.Node_AIndirection:
		each(x.AIndirection.Arg)
	case *pg_query.Node_CoalesceExpr:
		each(x.CoalesceExpr.Args...)
	case *pg_query.Node_MinMaxExpr:
		each(x.MinMaxExpr.Args...)
	case *pg_query.Node_CaseExpr:
		each(x.CaseExpr.Arg, x.CaseExpr.Defresult)
		each(x.CaseExpr.Args...)
	case *pg_query.Node_CaseWhen:
		each(x.CaseWhen.Expr, x.CaseWhen.Result)
	}
}
