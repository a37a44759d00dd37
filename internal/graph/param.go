package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/fault"
)

// Kind is where the value of a parameter comes from.
type Kind int

// The kinds of parameters.
const (
	Constant    Kind = iota // a value of the document, encoded when the plan is made
	Variable                // a variable, a part of one, or a value of the document that contains variables
	PageSize                // first or last, where a variable holds it
	CursorPart              // one value of the cursor that after or before gives
	CallerUID               // auth.uid; null for nobody and for an id that the column cannot hold
	CallerRoles             // auth.roles
	CallerTier              // the tier of the caller; empty for none
	RequestTime             // request.time
	RowKey                  // a part of the key of the row that a step of a mutation wrote
	CalledKey               // a part of the keys that a service has answered with, as an array
)

// Param is one parameter of a statement.
type Param struct {
	Kind     Kind
	Location *Location // of the field whose argument gives the value; nil where no argument does

	input    input     // of Variable and CursorPart
	size     pageSize  // of PageSize and asKeys
	value    valueType // how Postgres takes the value
	form     form
	operator string // whose operand the value is, where not every value will do
	name     string // of the argument, or of the field of data
	cursor   cursorOrder
	index    int // of CursorPart, RowKey, CalledKey and the key in a global ID
	call     int // of CalledKey
	constant any
	node     *object // whose global ID the value is, of which index tells the part; nil for none
}

// form is the shape of a client's value.
type form int

const (
	asScalar form = iota // one value, never null
	asArray              // a list of values for an operator, without nulls
	asColumn             // what a column of the value's type takes: one value, a list, or null
	asZone               // the name of a time zone
	asKeys               // a list of global IDs, of which those of other types become null
)

// caller reports which part of the caller the parameter holds.
func (p *Param) caller() CallerUse {
	return CallerUse{UID: p.Kind == CallerUID, Roles: p.Kind == CallerRoles, Tier: p.Kind == CallerTier}
}

// bind returns the value for a request.
func (p *Param) bind(r Request) (any, error) {
	switch p.Kind {
	case Constant:
		return p.constant, nil
	case Variable:
		return p.encode(p.input.read(r.Variables))
	case PageSize:
		return p.size.read(r.Variables)
	case CursorPart:
		return p.cursorPart(r.Variables)
	case CallerUID:
		return p.uid(r.Caller.UID), nil
	case CallerRoles:
		if r.Caller.Roles == nil {
			return []string{}, nil
		}
		return r.Caller.Roles, nil
	case CallerTier:
		return r.Caller.Tier, nil
	case RequestTime:
		return r.Time, nil
	case RowKey:
		return r.key[p.index], nil
	case CalledKey:
		if p.call >= len(r.Called) || r.Called[p.call] == nil {
			return "{}", nil // the service has not been called yet
		}
		return r.Called[p.call][p.index], nil
	}
	return nil, fault.New(fault.Internal, "", fmt.Sprintf("a parameter has the unknown kind %d", p.Kind))
}

// encode returns the text of a client's value.
func (p *Param) encode(value any) (any, error) {
	if p.node != nil {
		return p.encodeGlobal(value)
	}
	switch p.form {
	case asArray:
		if p.operator == "path" {
			if err := checkPath(value); err != nil {
				return nil, err
			}
		}
		return p.value.encodeList(value)
	case asZone:
		return encodeZone(value)
	case asColumn:
		if value == nil {
			return nil, nil
		}
		text, err := p.value.column(value)
		if err != nil {
			return nil, &ValueError{Fault: invalid(p.name+": "+err.Error(), fault.HintOf(err)), Field: p.name}
		}
		return text, nil
	}
	text, err := p.value.encode(value)
	if err == nil && p.operator != "" {
		err = checkOperand(p.operator, p.value, text)
	}
	return text, err
}

// uid returns a caller's id as a column of the parameter's type holds it.
func (p *Param) uid(uid string) any {
	if uid == "" {
		return nil
	}
	text, err := p.value.encode(uid)
	if err != nil {
		return nil // no row with such a column can be the caller's
	}
	return text
}

// cursorPart returns one value of a cursor.
func (p *Param) cursorPart(vars map[string]any) (any, error) {
	mistake := invalid(p.name+" is not a cursor of this list in this order", "use a cursor of a page with the same orderBy")
	values, ok := p.cursor.decode(p.input.read(vars))
	switch {
	case !ok:
		return nil, mistake
	case values[p.index] == nil:
		return nil, nil
	}
	text, err := p.value.encode(values[p.index])
	switch {
	case err == nil:
		return text, nil
	case p.value.isForeign(values[p.index]):
		return values[p.index], nil
	}
	return nil, mistake
}

// String describes the parameter: $w.title.eq as String.
func (p *Param) String() string {
	switch p.Kind {
	case Constant:
		return fmt.Sprintf("constant %v as %s", p.constant, p.typeName())
	case Variable:
		part := ""
		if p.node != nil {
			part = fmt.Sprintf("part %d of the key in ", p.index+1)
		}
		return part + p.input.String() + " as " + p.typeName()
	case PageSize:
		return p.size.String() + " as Int, at most " + fmt.Sprint(p.size.most)
	case CursorPart:
		return fmt.Sprintf("value %d of the cursor %s as %s", p.index+1, p.input, p.typeName())
	case CallerUID:
		return "auth.uid as " + p.typeName()
	case CallerRoles:
		return "auth.roles"
	case CallerTier:
		return "the caller's tier"
	case RequestTime:
		return "request.time"
	case CalledKey:
		return fmt.Sprintf("value %d of the keys of call %d", p.index+1, p.call+1)
	}
	return fmt.Sprintf("value %d of the key of the written row", p.index+1)
}

func (p *Param) typeName() string {
	isArray := p.form == asArray || p.form == asKeys
	isList := p.form == asColumn && p.value.list
	if isArray || isList {
		return "[" + p.value.name() + "]"
	}
	return p.value.name()
}

// MaxMistakes is how many mistakes of a document or an input an answer names.
const MaxMistakes = 20

// bindAll returns the values of parameters for a request. It collects the values of an input that are not valid.
func bindAll(params []Param, r Request) ([]any, error) {
	args := make([]any, len(params))
	var mistakes Mistakes
	for i := range params {
		value, err := params[i].bind(r)
		args[i] = value
		if err == nil {
			continue
		}
		err = params[i].Location.Wrap(err)
		if params[i].form != asColumn {
			return nil, err
		}
		if mistakes = append(mistakes, err); len(mistakes) == MaxMistakes {
			break
		}
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return args, nil
}
