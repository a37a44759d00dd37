package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// A custom field is SQL of the team at the root of the API. A query is a part of the statement of its operation, and a mutation a step of its
// transaction. Of a stored type, the SQL returns keys: the rows themselves are read as anywhere, under the rules of their type. See
// docs/decisions/0023.

// The names that statements give to what the SQL of the team returns. No column of a type has such a name.
const (
	customRow    = `"the custom row"`
	customNumber = `"the custom number"`
	customValue  = `"the custom value"`
)

// custom returns the field of the team that a root field of an operation is, or nil.
func (a *API) custom(name string, mutation bool) *schema.Custom {
	return a.model.Custom(name, mutation)
}

// customRoot plans a field of the team.
func (b *builder) customRoot(c *schema.Custom, f selected, root Root) (Root, string, error) {
	if err := b.grow(); err != nil {
		return root, "", err
	}
	b.plan.Opaque = true
	b.plan.Customs = append(b.plan.Customs, CustomUse{c, b.location})
	if b.kind != service {
		b.asks(Freshness{Within: c.Fresh.Within, What: "using " + c.Name, Location: b.location})
	}
	var sql string
	var err error
	switch {
	case c.HTTP != nil:
		root.Call, sql, err = b.callField(c, f)
	case c.Mutation:
		err = b.customStep(c, f)
	default:
		sql, err = b.customQuery(c, f)
	}
	return root, sql, err
}

// customQuery returns the SQL of the JSON of a query in SQL.
func (b *builder) customQuery(c *schema.Custom, f selected) (string, error) {
	sql, err := b.customSQL(c, f)
	if err != nil {
		return "", err
	}
	return b.customJSON(c, f, b.numberedRows(c, sql), &b.plan.Cost)
}

// customSQL returns the SQL of the team with the arguments in it.
func (b *builder) customSQL(c *schema.Custom, f selected) (string, error) {
	values := map[string]string{}
	for _, a := range c.Arguments {
		value, err := b.customArgument(a, f)
		if err != nil {
			return "", err
		}
		values[a.Name] = value
	}
	if c.Function != "" {
		return functionCall(c, func(name string) string { return values[name] }), nil
	}
	return sqltext.ReplaceParams(c.Query, func(name string) string {
		if value, ok := values[name]; ok {
			return value
		}
		return b.callerParam(name)
	}) + "\n", nil // ends a comment
}

// functionCall returns a query of what a function returns.
func functionCall(c *schema.Custom, value func(name string) string) string {
	var args []string
	for _, a := range c.Arguments {
		args = append(args, ident(schema.SnakeCase(a.Name))+" => "+value(a.Name))
	}
	return "SELECT * FROM " + qualified(c.Function) + "(" + join(args, ", ") + ")"
}

func argumentType(a schema.Argument) valueType {
	return valueType{scalar: a.Type.Scalar, enum: a.Type.Enum, list: a.Type.List, elemNull: a.Type.List && !a.Type.ElemNonNull}
}

// customArgument returns SQL for the value of an argument: that of the client, the default, or null.
func (b *builder) customArgument(a schema.Argument, f selected) (string, error) {
	v := argumentType(a)
	definition := f.Definition.Arguments.ForName(a.Name)
	given, found := arg{}, false
	if value := f.Arguments.ForName(a.Name); value != nil {
		given, found = b.arg(value.Value, definition.Type)
	}
	if !found && definition.DefaultValue != nil {
		given, found = b.arg(definition.DefaultValue, definition.Type)
	}
	if !found || given.null {
		return "NULL::" + v.sqlType(), nil
	}
	sql, err := b.clientValue(Param{Kind: Variable, input: given.input, form: asColumn, value: v, name: a.Name})
	return sql + "::" + v.sqlType(), err
}

// callerParam returns SQL for what the caller or the request is.
func (b *builder) callerParam(name string) string {
	switch name {
	case "auth.uid":
		return b.uid(valueType{scalar: schema.String, dataType: "text"}) + "::text"
	case "auth.roles":
		return b.roles()
	case "request.time":
		return b.requestParam(Param{Kind: RequestTime}) + "::timestamptz"
	}
	return "NULL" // no such name: schema/sdl has refused it
}

// numberedRows returns a source of the rows that SQL returns, in their order. An answer has at most as many as a page.
func (b *builder) numberedRows(c *schema.Custom, sql string) string {
	columns, most := "", 1
	if c.Type.Object == nil {
		columns = "(" + customValue + ")"
	}
	if c.Type.List {
		most = b.api.options.MaxPageSize
	}
	return fmt.Sprintf("(SELECT row_number() OVER () AS %[1]s, %[2]s.* FROM (%[3]s) %[2]s%[4]s LIMIT %[5]d) %[2]s",
		customNumber, customRow, sql, columns, most)
}

// customJSON returns SQL for the JSON of the rows of a source that has customRow as its alias.
func (b *builder) customJSON(c *schema.Custom, f selected, from string, cost *Cost) (string, error) {
	if c.Type.List {
		cost = cost.child(pageSize{number: b.api.options.MaxPageSize, most: b.api.options.MaxPageSize})
	} else {
		cost = cost.child(pageSize{})
	}
	cost.fields++
	var content string
	var err error
	switch object := c.Type.Object; {
	case object == nil:
		content = customScalar(c.Type, customRow+"."+customValue)
	case object.Stored():
		content, from, err = b.customRows(c, f, from, cost)
	default:
		content, err = b.plainJSON(object, f, cost)
	}
	if err != nil || content == "" {
		return emptyJSON(c), err
	}
	if c.Type.List {
		return fmt.Sprintf("(SELECT '[' || coalesce(string_agg(%s, ',' ORDER BY %s.%s), '') || ']' FROM %s)", content, customRow, customNumber, from), nil
	}
	return fmt.Sprintf("coalesce((SELECT %s FROM %s LIMIT 1), 'null')", content, from), nil
}

// emptyJSON is the answer of a caller who is not allowed to read any row of the type.
func emptyJSON(c *schema.Custom) string {
	if c.Type.List {
		return "'[]'"
	}
	return "'null'"
}

// customScalar returns SQL for the JSON of one value.
func customScalar(t schema.FieldType, column string) string {
	v := valueType{scalar: t.Scalar, enum: t.Enum}
	var out text
	v.writeJSON(&out, "("+column+"::"+v.sqlType()+")")
	return out.sql()
}

// plainJSON returns SQL for the JSON of a row as a type that is not stored.
func (b *builder) plainJSON(t *schema.Type, f selected, c *Cost) (string, error) {
	var out text
	err := b.membersJSON(&out, t.Name, f.selections, c, func(f selected) error {
		src := t.Field(f.Name)
		v := valueOf(src)
		v.writeJSON(&out, "("+customRow+"."+ident(schema.SnakeCase(src.Name))+"::"+v.sqlType()+")")
		return nil
	})
	return out.sql(), err
}

// customRows returns SQL for the JSON of rows of a stored type with the keys that a source yields, and the source of both. The rules of the type
// apply. Without content, they allow nobody.
func (b *builder) customRows(c *schema.Custom, f selected, from string, cost *Cost) (content, source string, err error) {
	o := b.api.byName[c.Type.Object.Name]
	s := &scope{object: o, alias: b.alias()}
	var on []string
	for _, k := range o.key {
		on = append(on, s.raw(k.column)+" = "+customRow+"."+ident(k.column))
	}
	b.reads(o.typ)
	rule, err := b.predicate(o.access, o.typ, s.alias)
	switch {
	case err != nil || rule == "false":
		return "", "", err
	case rule != "":
		on = append(on, rule)
	}
	content, err = b.objectJSON(s, f.selections, cost, 2)
	return content, from + " JOIN " + ident(o.typ.Table) + " " + s.alias + " ON " + join(on, " AND "), err
}
