package sdl

import (
	"regexp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// isComputed reports whether Postgres computes a field when it is read, so that it has no column.
func isComputed(fd *ast.FieldDefinition) bool {
	return fd.Directives.ForName("sql") != nil || fd.Directives.ForName("function") != nil
}

// declared returns the declaration of the field of that name, with a column or without, or nil.
func (t *typeDecl) declared(name string) *fieldDecl {
	for _, f := range slices.Concat(t.fields, t.computed) {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// functionName is the name of a function of Postgres, perhaps after that of its schema.
var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$`)

// computedFields reads the fields of a type that have no column. Nothing but the API knows them.
func (b *builder) computedFields(t *typeDecl) {
	for _, f := range t.computed {
		f.uses = b.directives(f.def.Directives, onComputed, "a computed field")
		f.Deprecated = b.deprecated(f.uses)
		if !b.resolveType(f) {
			continue
		}
		if f.Type.Object != nil {
			b.errorf(codeInvalidComputed, namedType(f.def.Type).Position, "use a scalar or an enum, or a relation", "a computed field cannot have type %q", f.Type.Object.Name)
			continue
		}
		if f.Computed = b.computation(f); f.Computed == nil {
			continue
		}
		if u := f.uses.one("api"); u != nil {
			f.API = b.shown(u, f)
		}
		if u := f.uses.one("auth"); u != nil {
			f.Auth = u.args["rules"] != nil
			f.Rules, f.Fresh = b.rules(t, u, true), b.fresh(u, true)
		}
		for _, r := range f.Rules {
			if slices.ContainsFunc(r.Operations, func(op schema.Operation) bool { return op != schema.Read }) && len(r.Operations) < len(schema.Operations)-1 {
				b.reportAt(codeInvalidRule, r.Pos, "write operations: [READ], or leave it out", "nobody can write a computed field")
			}
		}
		b.checkDependencies(t, f)
		t.Computed = append(t.Computed, f.Field)
	}
}

// computation reads @sql or @function.
func (b *builder) computation(f *fieldDecl) *schema.Computed {
	query, function := f.uses.one("sql"), f.uses.one("function")
	switch {
	case query != nil && function != nil:
		b.errorf(codeConflict, function.Position, "remove one of them", "@sql and @function cannot be combined")
	case query != nil:
		v := query.args["expr"]
		if v == nil {
			b.errorf(codeMissingArgument, query.Position, `write @sql(expr: "this.first_name || ' ' || this.last_name")`, "@sql of a field of a type requires expr")
			return nil
		}
		text, ok := sqlExpression(v.Raw)
		if !ok {
			b.errorf(codeInvalidExpression, v.Position, `write one SQL expression, for example "this.first_name || ' ' || this.last_name"`, "invalid SQL expression")
			return nil
		}
		return &schema.Computed{Expr: text, Pos: b.position(v.Position)}
	case function != nil:
		return &schema.Computed{Function: b.function(function), Pos: b.position(function.args["name"].Position)}
	}
	return nil
}

// checkDependencies refuses a field without rules of its own that tells of fields that not everybody may read, or of other rows.
func (b *builder) checkDependencies(t *typeDecl, f *fieldDecl) {
	if b.parser.RowUse == nil || f.Auth {
		return
	}
	columns, all := b.parser.RowUse(f.Computed.Expr)
	const fix = "give it rules of its own: @auth(rules: [{ allow: … }])"
	for _, other := range t.fields {
		isUsed := all || f.Computed.Function != "" || slices.ContainsFunc(other.Columns(), func(c string) bool { return slices.Contains(columns, c) })
		if isUsed && isRestricted(other.Field) && len(other.Columns()) > 0 {
			b.errorf(codeInvalidComputed, f.def.Position, fix, "%q can tell of %q, which not everybody may read", f.Name, other.Name)
			return
		}
	}
	if all && f.Computed.Expr != "" {
		b.errorf(codeInvalidComputed, f.def.Position, fix, "%q reads other rows or the whole row, to which no rule applies", f.Name)
	}
}

// isRestricted reports whether not everybody may read a field, or the key that a reference holds.
func isRestricted(f *schema.Field) bool {
	if f.Auth || f.Fresh.Within > 0 || f.API.Hides(schema.Read) {
		return true
	}
	return f.Relation != nil && f.Relation.Kind == schema.RefOne && slices.ContainsFunc(f.Relation.Target.Key, isRestricted)
}

// computedDirective prints @sql or @function, or nothing.
func computedDirective(c *schema.Computed) string {
	if c == nil {
		return ""
	}
	return directive("sql", text("expr", c.Expr)) + directive("function", text("name", c.Function))
}
