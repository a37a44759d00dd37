package sdl

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// callerParams are what the SQL of a custom field can use in addition to its arguments.
var callerParams = []string{"auth.uid", "auth.roles", "request.time"}

// isRoot reports whether an extension adds fields to the API itself.
func isRoot(d *ast.Definition) bool {
	return d.Kind == ast.Object && (d.Name == "Query" || d.Name == "Mutation")
}

// customFields reads the fields of extend type Query and extend type Mutation.
func (b *builder) customFields() {
	seen := map[string]*ast.Position{}
	for _, d := range b.extensions {
		for _, dir := range d.Directives {
			b.errorf(codeMisplaced, dir.Position, "write it on a field", "@%s is not valid on %s", dir.Name, d.Name)
		}
		for _, fd := range d.Fields {
			key := d.Name + "." + fd.Name
			if first := seen[key]; first != nil {
				b.errorf(codeDuplicate, fd.Position, "rename or remove one of them", "%s already has a field %q on %s", d.Name, fd.Name, b.lineOf(first, fd.Position))
				continue
			}
			seen[key] = fd.Position
			if c := b.custom(d, fd); c != nil {
				b.customs = append(b.customs, c)
			}
		}
	}
}

// custom reads one field.
func (b *builder) custom(d *ast.Definition, fd *ast.FieldDefinition) *schema.Custom {
	c := &schema.Custom{Name: fd.Name, Description: fd.Description, Mutation: d.Name == "Mutation", Pos: b.position(fd.Position)}
	if strings.HasPrefix(fd.Name, "__") {
		b.errorf(codeReserved, fd.Position, "choose another name", "names that start with \"__\" are reserved by GraphQL")
	}
	us := b.directives(fd.Directives, onRoot, "a field of "+d.Name)
	c.Deprecated = b.deprecated(us)
	result := &fieldDecl{Field: &schema.Field{Name: fd.Name}, def: fd}
	if !b.resolveType(result) {
		return nil
	}
	c.Type = result.Type
	b.checkResult(c, fd)
	for _, a := range fd.Arguments {
		b.customArgument(c, a)
	}
	b.customSource(c, us, fd)
	b.customRules(c, us, fd)
	return c
}

// checkResult refuses types that an answer cannot have.
func (b *builder) checkResult(c *schema.Custom, fd *ast.FieldDefinition) {
	object := c.Type.Object
	at := namedType(fd.Type).Position
	switch {
	case object == nil:
		return
	case c.Type.NonNull && !c.Type.List:
		b.errorf(codeInvalidCustom, at, "write "+object.Name+" without !", "%q cannot be required: there may be no such row, or none that the caller is allowed to read", c.Name)
	case c.Type.List && !c.Type.ElemNonNull:
		b.errorf(codeInvalidCustom, at, "write ["+object.Name+"!]", "the rows of a list are never null")
	case b.named[object.Name].stored, b.named[object.Name].view:
		return
	}
	for _, f := range b.named[object.Name].fields {
		if f.Type.Object != nil {
			b.errorf(codeInvalidCustom, at, "use scalars and enums in "+object.Name, "%s.%s is no single value, so that no column can hold it", object.Name, f.Name)
			return
		}
	}
}

// customArgument reads one argument.
func (b *builder) customArgument(c *schema.Custom, d *ast.ArgumentDefinition) {
	us := b.directives(d.Directives, onArgument, "an argument")
	arg := schema.Argument{Name: d.Name, Description: d.Description, Deprecated: b.deprecated(us), Pos: b.position(d.Position)}
	typed := &fieldDecl{Field: &schema.Field{Name: d.Name}, def: &ast.FieldDefinition{Name: d.Name, Type: d.Type, Position: d.Position}}
	if !b.resolveType(typed) {
		return
	}
	arg.Type = typed.Type
	switch {
	case c.Argument(d.Name) != nil:
		b.errorf(codeDuplicate, d.Position, "remove one of them", "%q already has an argument %q", c.Name, d.Name)
		return
	case strings.HasPrefix(d.Name, "__"):
		b.errorf(codeReserved, d.Position, "choose another name", "names that start with \"__\" are reserved by GraphQL")
	case arg.Type.Object != nil:
		b.errorf(codeInvalidCustom, namedType(d.Type).Position, "use scalars and enums", "an argument cannot have type %q", arg.Type.Object.Name)
		return
	case arg.Deprecated != "" && arg.Type.NonNull && d.DefaultValue == nil:
		b.errorf(codeInvalidDeprecated, d.Position, "make it optional, or give it a default", "%q is required, and clients cannot do without it", d.Name)
	}
	if d.DefaultValue != nil {
		if _, ok := b.valueOf(arg.Type, d.DefaultValue); ok {
			arg.Default = d.DefaultValue.String()
		}
	}
	c.Arguments = append(c.Arguments, arg)
}

// customSource reads @sql, @function or @http.
func (b *builder) customSource(c *schema.Custom, us uses, fd *ast.FieldDefinition) {
	query, function, service := us.one("sql"), us.one("function"), us.one("http")
	hasSQL := len(us["sql"])+len(us["function"]) > 0
	switch {
	case service != nil && hasSQL:
		b.errorf(codeConflict, service.Position, "remove one of them", "@http cannot be combined with @sql or @function")
	case service != nil:
		b.http(c, service)
	case len(us["http"]) > 0: // a mistake that is reported
	case query != nil && function != nil:
		b.errorf(codeConflict, function.Position, "remove one of them", "@sql and @function cannot be combined")
	case query != nil && query.args["query"] != nil:
		c.SQLPos = b.position(query.args["query"].Position)
		b.customQuery(c, query.args["query"])
	case function != nil:
		c.Function, c.SQLPos = b.function(function), b.position(function.args["name"].Position)
	case len(us["sql"])+len(us["function"]) == 0 || query != nil:
		b.errorf(codeMissingArgument, fd.Position, `write @sql(query: "…"), @function(name: "…") or @http(url: "…")`, "%q has no SQL and no service", fd.Name)
	}
}

// function returns the name in @function.
func (b *builder) function(u *use) string {
	v := u.args["name"]
	if !functionName.MatchString(v.Raw) {
		b.errorf(codeInvalidName, v.Position, `write a name such as "full_name" or "billing.total"`, "%q is not the name of a function", v.Raw)
	}
	return v.Raw
}

// customQuery reads SQL with arguments.
func (b *builder) customQuery(c *schema.Custom, v *ast.Value) {
	c.Query = strings.TrimSuffix(strings.TrimSpace(v.Raw), ";")
	if c.Query == "" || strings.ContainsRune(c.Query, 0) {
		b.errorf(codeInvalidExpression, v.Position, `write a statement, for example "select id from prompts where created_at > $since"`, "invalid SQL statement")
		return
	}
	if b.parser.Params == nil {
		return
	}
	params, single := b.parser.Params(c.Query)
	if !single {
		b.errorf(codeInvalidExpression, v.Position, "write one statement, or a function that runs several", "the SQL has several statements, or a string without an end")
	}
	known := slices.Clone(callerParams)
	for _, a := range c.Arguments {
		known = append(known, a.Name)
		if !slices.Contains(params, a.Name) {
			b.errorf(codeInvalidCustom, v.Position, "write $"+a.Name+" in the SQL, or remove the argument", "the SQL of %q does not use its argument %q", c.Name, a.Name)
		}
	}
	for _, p := range params {
		if !slices.Contains(known, p) {
			b.errorf(codeInvalidCustom, v.Position, didYouMean(p, known, "$%s"), "the SQL uses $%s, which is no argument of %q", p, c.Name)
		}
	}
}

// customRules reads @auth. Without a row, a rule can only look at the caller.
func (b *builder) customRules(c *schema.Custom, us uses, fd *ast.FieldDefinition) {
	u := us.one("auth")
	if u == nil {
		if len(us["auth"]) == 0 {
			b.errorf(codeMissingArgument, fd.Position, "add @auth(rules: [{ allow: … }]), or @auth(rules: []) for the service alone", "%q has no @auth, so that anyone could use it", fd.Name)
		}
		return
	}
	for _, v := range u.items("rules") {
		for _, child := range v.Children {
			if child.Name == "field" || child.Name == "where" || child.Name == "operations" {
				b.errorf(codeInvalidRule, child.Position, "remove it; the SQL can use $auth.uid", "a field of %s has no row, so that its rules take no %q", rootOf(c), child.Name)
				return
			}
		}
		if child := v.Children.ForName("allow"); child != nil && child.Raw == string(schema.AllowOwner) {
			b.errorf(codeInvalidRule, child.Position, "write AUTHENTICATED, and use $auth.uid in the SQL", "a field of %s has no row, and so no owner", rootOf(c))
			return
		}
	}
	if u.args["freshFor"] != nil {
		b.errorf(codeInvalidRule, u.position("freshFor"), "remove it", "a field of %s is one operation", rootOf(c))
		return
	}
	c.Rules, c.Fresh = b.rules(&typeDecl{Type: &schema.Type{}}, u, false), b.fresh(u, false)
}

func rootOf(c *schema.Custom) string {
	if c.Mutation {
		return "Mutation"
	}
	return "Query"
}

// customNames reports names that a field of the team and one that the API derives would share, and plain types that have the name of another type there.
func (b *builder) customNames(queries, types names) {
	mutations, used := names{}, map[string]bool{}
	b.stored(func(t *typeDecl) {
		for _, verb := range []string{"create", "update", "delete"} {
			mutations[verb+t.APIName()], mutations[verb+t.APIListType()] = "a mutation of "+t.Name, "a mutation of "+t.Name
		}
	})
	for _, c := range b.customs {
		in := queries
		if c.Mutation {
			in = mutations
		}
		b.claim(in, c.Name, rootOf(c)+"."+c.Name, c.Pos, "rename one of them")
		object := c.Type.Object
		if isPlain := object != nil && !b.named[object.Name].stored && !b.named[object.Name].view; isPlain && !used[object.Name] {
			used[object.Name] = true
			b.claim(types, object.Name, "the type "+object.Name, object.Pos, "rename one of them")
		}
	}
}
