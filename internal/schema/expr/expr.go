// Package expr type-checks the CEL expressions of a schema. Package pg/celsql translates checked expressions to SQL.
//
// The variables of an expression:
//
//	this     the row, an object of the type it belongs to; this.owner.id follows a reference,
//	         this.members a list of rows
//	auth     the caller: auth.uid (string, null for an anonymous caller), auth.roles (list of string)
//	request  the request: request.time (timestamp, the same throughout one request)
//
// Its operators, macros and functions, all of which a translator must support:
//
//	== != < <= > >= && || ! + - * / % ?: in [index] [list, literals]
//	has(this.field) list.exists(x, cond) list.all(x, cond)
//	size(x) s.startsWith(t) s.endsWith(t) s.contains(t) s.matches(re) s.lowerAscii() s.upperAscii()
//	int(x) double(x) string(x) timestamp(s) duration(s)
//	t.getFullYear() t.getMonth() t.getDate() t.getDayOfMonth() t.getDayOfWeek() t.getHours() t.getMinutes() t.getSeconds()
//	uuidV7()
//
// In a checked AST the type of an object expression is named after its schema type, so the field of a
// select is Schema.Type(ast.GetType(operand.ID()).TypeName()).Field(name); AuthType and RequestType are
// the types of auth and request. Enums are strings, Decimal is a double, a Date is a timestamp.
package expr

import (
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/parser"

	"github.com/krowoc/krowoc/internal/schema"
)

// The names of the variables' types in a checked AST.
const (
	AuthType    = "krowoc.Auth"
	RequestType = "krowoc.Request"
)

// Use is the purpose of an expression, which determines its variables and the type of its result.
type Use int

// The uses.
const (
	// Check is @check(expr:), a condition on the columns of one row.
	Check Use = iota + 1
	// IndexWhere is @index(where:), the same.
	IndexWhere
	// RuleWhere is the where of an @auth rule, a condition over this and its relations, auth and request.
	RuleWhere
	// DefaultValue is @default(expr:), a value computed from auth and request.
	DefaultValue
	// UpdateValue is @onUpdate(expr:), a value computed from the columns of this, auth and request.
	UpdateValue
	// GeneratedValue is @generated(expr:), a value computed from the columns of this.
	GeneratedValue
)

// Kind is the use of an expression and, for DefaultValue, UpdateValue and GeneratedValue, the field that takes the value.
type Kind struct {
	Use   Use
	Field *schema.Field
}

// Issue is a mistake in an expression. Offset and Width count runes of its source.
type Issue struct {
	Offset, Width int
	Message       string
	Remedy        string
}

// Checker checks the expressions of one schema. It is safe for concurrent use.
type Checker struct {
	schema *schema.Schema
	parser func() (*parser.Parser, error)
	base   func() (*cel.Env, error)
	envs   sync.Map // of *schema.Type: *typeEnv
	shared sync.Map // of sharedKey: *cel.Ast
}

// sharedKey identifies the check of an expression that does not mention this. Schemas repeat auth.uid and request.time often.
type sharedKey struct {
	src  string
	use  Use
	want schema.FieldType
}

// New returns a Checker for the expressions of s. The first Check sets it up.
func New(s *schema.Schema) *Checker {
	return &Checker{
		schema: s,
		parser: sync.OnceValues(newParser),
		base:   sync.OnceValues(func() (*cel.Env, error) { return newEnv(s) }),
	}
}

// typeEnv is the environment in which this is a row of one type. It is locked because the checker of an
// Env writes to it when it reports an error.
type typeEnv struct {
	sync.Mutex
	*cel.Env
	err error
}

// env returns the environment of a type, locked.
func (c *Checker) env(this *schema.Type) *typeEnv {
	found, ok := c.envs.Load(this)
	if !ok {
		found, _ = c.envs.LoadOrStore(this, &typeEnv{})
	}
	env := found.(*typeEnv)
	env.Lock()
	if env.Env == nil && env.err == nil {
		var base *cel.Env
		if base, env.err = c.base(); env.err == nil {
			env.Env, env.err = base.Extend(cel.Variable("this", cel.ObjectType(this.Name)))
		}
	}
	return env
}

// Check parses and type-checks src, an expression on rows of the type this. The AST is nil when there are
// issues. Equal expressions may share one AST, which must not be changed.
func (c *Checker) Check(src string, this *schema.Type, want Kind) (*cel.Ast, []Issue) {
	if strings.Contains(src, "this") {
		return c.check(src, this, want)
	}
	key := sharedKey{src: src, use: want.Use}
	if want.Field != nil {
		key.want, _ = valueType(want.Field)
	}
	if ast, ok := c.shared.Load(key); ok {
		return ast.(*cel.Ast), nil
	}
	ast, issues := c.check(src, this, want)
	if ast != nil {
		c.shared.Store(key, ast)
	}
	return ast, issues
}

func (c *Checker) check(src string, this *schema.Type, want Kind) (*cel.Ast, []Issue) {
	p, err := c.parser()
	if err != nil {
		return nil, internal(err)
	}
	source := common.NewTextSource(src)
	tree, errs := p.Parse(source)
	if len(errs.GetErrors()) > 0 {
		return nil, syntaxIssues(src, errs)
	}
	v := &visitor{checker: c, this: this, want: want, ast: tree, src: []rune(src), places: tree.SourceInfo()}
	if v.parsed(); len(v.issues) > 0 {
		return nil, v.issues
	}
	env := c.env(this)
	defer env.Unlock()
	if env.err != nil {
		return nil, internal(env.err)
	}
	checked, iss := env.Check(unchecked(tree, source))
	if iss.Err() != nil {
		return nil, v.typeIssues(iss)
	}
	v.ast = checked.NativeRep()
	if v.checked(); len(v.issues) > 0 {
		return nil, v.issues
	}
	return checked, nil
}

// internal is the issue of an expression that cannot be checked because CEL could not be set up.
func internal(err error) []Issue {
	return []Issue{{Message: fmt.Sprintf("the expression cannot be checked: %v", err)}}
}

// offset returns where a location of CEL is in src, in runes; the end of src is its last rune.
func offset(src string, at common.Location) int {
	line, column := 1, 0
	runes := []rune(src)
	for i, r := range runes {
		if line == at.Line() && column >= at.Column() {
			return i
		}
		column++
		if r == '\n' {
			line, column = line+1, 0
		}
	}
	return max(0, len(runes)-1)
}
