package graph

import (
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// customProbe is a statement with the SQL of a field of the team.
func (a *API) customProbe(c *schema.Custom) Probe {
	p := Probe{What: c.Name, Pos: c.SQLPos, Text: c.Query, Offset: -1}
	if c.Mutation {
		p.What = "Mutation." + p.What
	} else {
		p.What = "Query." + p.What
	}
	value := func(name string) string {
		if arg := c.Argument(name); arg != nil {
			return "NULL::" + argumentType(*arg).sqlType()
		}
		return map[string]string{"auth.uid": "NULL::text", "auth.roles": "NULL::text[]", "request.time": "NULL::timestamptz"}[name]
	}
	sql := functionCall(c, value)
	if c.Function == "" {
		sql, p.origin = sqltext.TraceParams(c.Query, value)
		p.Offset = len([]rune("WITH " + customRow + " AS ("))
	}
	p.SQL = "WITH " + customRow + " AS (" + sql + "\n) SELECT " + a.probedColumns(c) + " FROM " + customRow
	return p
}

// probedColumns returns what an answer needs of the rows of the SQL.
func (a *API) probedColumns(c *schema.Custom) string {
	var columns []string
	switch object := c.Type.Object; {
	case object == nil:
		return "*"
	case object.Stored():
		for _, k := range a.byName[object.Name].key {
			columns = append(columns, customRow+"."+ident(k.column)+"::"+k.value.sqlType())
		}
	default:
		for _, f := range object.Fields {
			columns = append(columns, customRow+"."+ident(schema.SnakeCase(f.Name))+"::"+valueOf(f).sqlType())
		}
	}
	return join(columns, ", ")
}
