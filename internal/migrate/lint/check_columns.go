package lint

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// namedTwice reports a column that a statement names twice. Postgres refuses it, but only when it runs the statement.
func (p *pass) namedTwice(s *statement) {
	switch n := s.node.GetNode().(type) {
	case *pg.Node_InsertStmt:
		p.reportTwice(s, n.InsertStmt.Cols)
	case *pg.Node_UpdateStmt:
		p.reportTwice(s, n.UpdateStmt.TargetList)
	case *pg.Node_CreateStmt:
		p.reportTwice(s, n.CreateStmt.TableElts)
	case *pg.Node_ViewStmt:
		p.viewNamesTwice(s, n.ViewStmt.Aliases, n.ViewStmt.Query)
	case *pg.Node_CreateTableAsStmt:
		p.viewNamesTwice(s, n.CreateTableAsStmt.Into.GetColNames(), n.CreateTableAsStmt.Query)
	}
}

// viewNamesTwice looks at the columns of a view: those of the query, of which the first have other names where the view gives some.
func (p *pass) viewNamesTwice(s *statement, aliases []*pg.Node, query *pg.Node) {
	columns := query.GetSelectStmt().GetTargetList()
	star := slices.ContainsFunc(columns, func(n *pg.Node) bool {
		fields := n.GetResTarget().GetVal().GetColumnRef().GetFields()
		return len(fields) > 0 && fields[len(fields)-1].GetAStar() != nil
	})
	switch {
	case star, len(aliases) > len(columns):
		p.reportTwice(s, aliases)
	default:
		p.reportTwice(s, slices.Concat(aliases, columns[len(aliases):]))
	}
}

func (p *pass) reportTwice(s *statement, columns []*pg.Node) {
	seen := map[string]bool{}
	for _, n := range columns {
		name, at := columnName(n)
		if name != "" && seen[name] {
			p.report(s, "duplicate-column", detail{offset: at, message: fmt.Sprintf("the column %s is named twice, so Postgres refuses the statement", name)})
		}
		seen[name] = true
	}
}

// columnName returns the name of a column as a statement gives it, and where; "" when Postgres chooses it.
func columnName(n *pg.Node) (name string, at int) {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnDef:
		return x.ColumnDef.Colname, int(x.ColumnDef.Location)
	case *pg.Node_String_:
		return x.String_.Sval, 0
	case *pg.Node_ResTarget:
		at = int(x.ResTarget.Location)
		fields := x.ResTarget.GetVal().GetColumnRef().GetFields()
		switch {
		case x.ResTarget.Name != "" && len(x.ResTarget.Indirection) > 0: // one element of an array
			return "", at
		case x.ResTarget.Name != "" || len(fields) == 0:
			return x.ResTarget.Name, at
		}
		return fields[len(fields)-1].GetString_().GetSval(), at
	}
	return "", 0
}
