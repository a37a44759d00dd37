package hint

import (
	"maps"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Read returns the hints of conditions by column. Every column that a condition mentions has a hint. It leaves out a condition that cannot
// be parsed.
func Read(parser *sqltext.Parser, conditions []string) map[string]*Hint {
	texts := make([]string, len(conditions))
	for i, c := range conditions {
		texts[i] = "SELECT " + c
	}
	h := hints{}
	for _, parsed := range parser.ParseAll(texts) {
		if parsed.Err != nil || len(parsed.Stmts) != 1 {
			continue
		}
		if targets := parsed.Stmts[0].Stmt.GetSelectStmt().GetTargetList(); len(targets) == 1 {
			h.read(targets[0].GetResTarget().GetVal())
		}
	}
	return h
}

// hints are hints by column.
type hints map[string]*Hint

// of returns the hint of a column, which may be new.
func (h hints) of(column string) *Hint {
	if h[column] == nil {
		h[column] = &Hint{}
	}
	return h[column]
}

// merge adds the hints of a condition that must also hold.
func (h hints) merge(other hints) {
	for column, hint := range other {
		h[column] = h.of(column).With(hint)
	}
}

// read adds the hints of a condition.
func (h hints) read(n *pg_query.Node) {
	switch x := n.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		h.logic(x.BoolExpr)
	case *pg_query.Node_ColumnRef:
		h.of(column(n)).Values = []string{"true"}
	case *pg_query.Node_NullTest:
		h.nullTest(x.NullTest)
	case *pg_query.Node_AExpr:
		h.operator(x.AExpr)
	default:
		h.mention(n)
	}
}

func (h hints) nullTest(t *pg_query.NullTest) {
	name := column(t.Arg)
	switch {
	case name == "":
		h.mention(t.Arg)
	case t.Nulltesttype == pg_query.NullTestType_IS_NULL:
		h.of(name).Null = true
	default:
		h.of(name).NotNull = true
	}
}

func (h hints) logic(b *pg_query.BoolExpr) {
	switch b.Boolop {
	case pg_query.BoolExprType_AND_EXPR:
		for _, a := range b.Args {
			h.read(a)
		}
	case pg_query.BoolExprType_OR_EXPR:
		h.either(b.Args)
	default:
		if name := column(b.Args[0]); name != "" {
			h.of(name).Values = []string{"false"}
			return
		}
		h.mention(b.Args[0])
	}
}

// either adds the hints of alternatives. Null is not an alternative, as it is easy to generate and says little. A column that all
// alternatives restrict gets them all; one that only some of them restrict, such as b in a = 1 OR a = 2 AND b > 3, gets none.
func (h hints) either(args []*pg_query.Node) {
	var list []hints
	for _, a := range args {
		branch := hints{}
		branch.read(a)
		onlyNull := true
		for name, hint := range branch {
			h.of(name)
			onlyNull = onlyNull && hint.isNull()
		}
		if !onlyNull {
			list = append(list, branch)
		}
	}
	if len(list) == 1 {
		h.merge(list[0])
		return
	}
	var first hints
	if len(list) > 0 {
		first = list[0]
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		var of []*Hint
		for _, branch := range list {
			if branch[name] != nil {
				of = append(of, branch[name])
			}
		}
		switch {
		case len(of) == len(list) && len(list) > 1 && len(first) > 0:
			h[name] = h[name].With(&Hint{Any: of})
		case len(of) > 0 || len(list) == 0:
			h[name] = h[name].With(&Hint{Nullness: true})
		}
	}
}

// mention adds an empty hint for each column of an expression. If the expression depends on whether they are null, the hints say so.
func (h hints) mention(n *pg_query.Node) {
	nullness := false
	var names []string
	walk(n, func(n *pg_query.Node) {
		switch x := n.GetNode().(type) {
		case *pg_query.Node_ColumnRef:
			names = append(names, column(n))
		case *pg_query.Node_NullTest:
			nullness = true
		case *pg_query.Node_FuncCall:
			name := lastName(x.FuncCall.Funcname)
			nullness = nullness || name == "num_nonnulls" || name == "num_nulls"
		}
	})
	for _, name := range names {
		if hint := h.of(name); nullness {
			hint.Nullness = true
		}
	}
}
