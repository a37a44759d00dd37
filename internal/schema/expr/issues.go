package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/krowoc/krowoc/internal/diag"
)

// syntaxIssues translates CEL's syntax errors.
func syntaxIssues(src string, errs *common.Errors) []Issue {
	var out []Issue
	for _, e := range errs.GetErrors() {
		message := strings.TrimPrefix(e.Message, "Syntax error: ")
		if strings.Contains(message, "<EOF>") {
			message = "unexpected end"
		}
		out = append(out, Issue{Offset: offset(src, e.Location), Width: 1, Message: "invalid expression: " + message})
	}
	return out
}

// typeIssues translates CEL's type errors.
func (v *visitor) typeIssues(iss *cel.Issues) []Issue {
	var out []Issue
	for _, e := range iss.Errors() {
		place, _ := v.places.GetOffsetRange(e.ExprID)
		at := Issue{Offset: int(place.Start), Width: 1, Message: e.Message}
		if name, ok := quoted(e.Message, "undeclared reference to "); ok {
			v.undeclared(&at, name)
		} else if name, ok := quoted(e.Message, "undefined field "); ok {
			v.undefinedField(&at, name, e.ExprID)
		} else if name, ok := quoted(e.Message, "found no matching overload for "); ok {
			noOverload(&at, name, e.Message)
		}
		out = append(out, at)
	}
	return out
}

// quoted returns the word in single quotes that follows the prefix of a message.
func quoted(message, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(message, prefix+"'")
	if !ok {
		return "", false
	}
	word, _, ok := strings.Cut(rest, "'")
	return word, ok
}

func (v *visitor) undeclared(at *Issue, name string) {
	at.Width = utf8.RuneCountInString(name)
	at.Message = fmt.Sprintf("unknown name %q", name)
	first, _, _ := strings.Cut(name, ".")
	known := variables(v.want.Use)
	if near := diag.Suggest(first, known); near != "" {
		at.Remedy = fmt.Sprintf("did you mean %q?", near+strings.TrimPrefix(name, first))
	} else if v.this.Field(first) != nil && v.want.Use != DefaultValue {
		at.Remedy = fmt.Sprintf("did you mean %q?", "this."+name)
	} else {
		at.Remedy = onlyKnown(v.want.Use)
	}
}

// undefinedField names the type without the field, and moves the position from the dot to the name.
func (v *visitor) undefinedField(at *Issue, name string, id int64) {
	after := string(v.src[min(at.Offset, len(v.src)):])
	if before, _, ok := strings.Cut(after, name); ok {
		at.Offset += utf8.RuneCountInString(before)
	}
	at.Width = utf8.RuneCountInString(name)
	at.Message = fmt.Sprintf("unknown field %q", name)
	owner := v.ownerOf(id)
	fields := fieldNames(v.checker.schema, owner)
	if fields == nil {
		return
	}
	at.Message = fmt.Sprintf("%s has no field %q", strings.ToLower(strings.TrimPrefix(owner, "krowoc.")), name)
	if v.checker.schema.Type(owner) != nil {
		at.Message = fmt.Sprintf("type %q has no field %q", owner, name)
	}
	if near := diag.Suggest(name, fields); near != "" {
		at.Remedy = fmt.Sprintf("did you mean %q?", near)
	} else {
		at.Remedy = "use one of " + strings.Join(fields, ", ")
	}
}

// ownerOf returns the type of the operand of a select that failed, or "" for variables of exists and all, whose type only CEL
// knows.
func (v *visitor) ownerOf(id int64) string {
	var owner string
	ast.PreOrderVisit(v.ast.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == id && e.Kind() == ast.SelectKind {
			owner = v.pathType(e.AsSelect().Operand())
		}
	}))
	return owner
}

func (v *visitor) pathType(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		switch e.AsIdent() {
		case "this":
			return v.this.Name
		case "auth":
			return AuthType
		case "request":
			return RequestType
		}
	case ast.SelectKind:
		t := v.checker.schema.Type(v.pathType(e.AsSelect().Operand()))
		if t == nil {
			return ""
		}
		if f := t.Field(e.AsSelect().FieldName()); f != nil && f.Type.Object != nil && !f.Type.List {
			return f.Type.Object.Name
		}
	}
	return ""
}

// noOverload reports the types that an operator or function does not accept, with the remedy for common causes.
func noOverload(at *Issue, name, message string) {
	_, types, _ := strings.Cut(message, "applied to '")
	types = strings.TrimSuffix(types, "'")
	shown := strings.Trim(name, "_@")
	if symbol, ok := operators.FindReverse(name); ok && symbol != "" {
		shown = symbol
	}
	at.Width = utf8.RuneCountInString(shown)
	at.Message = fmt.Sprintf("%s cannot be applied to %s", shown, types)
	switch {
	case strings.Contains(types, "null"):
		at.Remedy = "remove the comparison with null: the field is never null"
	case strings.Contains(types, "double") && strings.Contains(types, "int"):
		at.Remedy = "write whole numbers with a decimal point next to Float and Decimal fields: 0.0"
	case strings.Contains(types, "timestamp") && strings.Contains(types, "string"):
		at.Remedy = "write times as timestamp('2026-01-31T00:00:00Z')"
	case strings.Contains(types, "duration") && strings.Contains(types, "string"):
		at.Remedy = "write durations as duration('90m')"
	}
}
