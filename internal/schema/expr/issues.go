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

// syntaxIssues puts CEL's syntax errors in our words.
func syntaxIssues(src string, errs *common.Errors) []Issue {
	var out []Issue
	for _, e := range errs.GetErrors() {
		message := strings.TrimPrefix(e.Message, "Syntax error: ")
		if strings.Contains(message, "<EOF>") {
			message = "it ends too early"
		}
		out = append(out, Issue{Offset: offset(src, e.Location), Width: 1, Message: "the expression does not parse: " + message})
	}
	return out
}

// typeIssues puts CEL's type errors in our words.
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
	at.Message = "there is no " + name + " in expressions"
	first, _, _ := strings.Cut(name, ".")
	known := variables(v.want.Use)
	if near := diag.Suggest(first, known); near != "" {
		at.Remedy = "did you mean " + near + strings.TrimPrefix(name, first) + "?"
	} else if v.this.Field(first) != nil && v.want.Use != DefaultValue {
		at.Remedy = "did you mean this." + name + "?"
	} else {
		at.Remedy = purpose(v.want.Use) + " sees only " + strings.Join(known, ", ")
	}
}

// undefinedField names the type that lacks the field and moves the place from the dot to the name.
func (v *visitor) undefinedField(at *Issue, name string, id int64) {
	after := string(v.src[min(at.Offset, len(v.src)):])
	if before, _, ok := strings.Cut(after, name); ok {
		at.Offset += utf8.RuneCountInString(before)
	}
	at.Width = utf8.RuneCountInString(name)
	at.Message = "there is no field " + name
	owner := v.ownerOf(id)
	fields := fieldNames(v.checker.schema, owner)
	if fields == nil {
		return
	}
	at.Message = fmt.Sprintf("%s has no field %s", strings.ToLower(strings.TrimPrefix(owner, "krowoc.")), name)
	if v.checker.schema.Type(owner) != nil {
		at.Message = fmt.Sprintf("%s has no field %s", owner, name)
	}
	if near := diag.Suggest(name, fields); near != "" {
		at.Remedy = "did you mean " + near + "?"
	} else {
		at.Remedy = "it has " + strings.Join(fields, ", ")
	}
}

// ownerOf follows the path before a select that failed, from its variable on, to the type it ends at. The
// variables of exists and all are not followed: their type is known only to CEL.
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

// noOverload says which types an operator or function cannot take, and the remedy for the usual causes.
func noOverload(at *Issue, name, message string) {
	_, types, _ := strings.Cut(message, "applied to '")
	types = strings.TrimSuffix(types, "'")
	shown := strings.Trim(name, "_@")
	if symbol, ok := operators.FindReverse(name); ok && symbol != "" {
		shown = symbol
	}
	at.Width = utf8.RuneCountInString(shown)
	at.Message = fmt.Sprintf("%s does not take %s", shown, types)
	switch {
	case strings.Contains(types, "null"):
		at.Remedy = "the field is never null, so it need not be compared with null"
	case strings.Contains(types, "double") && strings.Contains(types, "int"):
		at.Remedy = "write whole numbers beside Float and Decimal fields with a point: 0.0"
	case strings.Contains(types, "timestamp") && strings.Contains(types, "string"):
		at.Remedy = "write times as timestamp('2026-01-31T00:00:00Z')"
	case strings.Contains(types, "duration") && strings.Contains(types, "string"):
		at.Remedy = "write durations as duration('90m')"
	}
}
