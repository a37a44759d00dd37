package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/schema"
)

// A call is a root field that a service of the team answers over HTTP. Of a stored type, the service answers with keys: the rows themselves are read as
// anywhere, under the rules of their type. See docs/decisions/0026.

const (
	// callCost is what a call adds to the cost of its operation, since it takes more than a field of a row does.
	callCost = 50
	// maxCalls is how many calls an operation makes, at the same time.
	maxCalls = 10
)

// Call is a field with @http.
type Call struct {
	Field    *schema.Custom
	Location *Location
	Number   int // among the calls of the operation

	arguments []callArgument
	fields    []selected // of a type that is not stored
	key       []*field   // of a stored type
	most      int        // elements of a list
}

// callArgument is where the value of an argument is; the zero input is null.
type callArgument struct {
	name  string
	value valueType
	given bool
	input input
}

// String describes the call.
func (c *Call) String() string { return "answered by " + c.Field.HTTP.URL.Text }

// ReadsRows reports whether the service answers with the keys of rows.
func (c *Call) ReadsRows() bool { return c.key != nil }

// callField plans a field with @http, and returns the SQL of its JSON if it reads rows.
func (b *builder) callField(c *schema.Custom, f selected) (call *Call, sql string, err error) {
	if b.plan.Calls++; b.plan.Calls > maxCalls {
		return nil, "", invalid(fmt.Sprintf("the operation calls other services more than %d times", maxCalls), "send several operations")
	}
	call = &Call{Field: c, Location: b.location, Number: b.plan.Calls - 1, most: b.api.options.MaxPageSize}
	b.plan.Cost.fields += callCost
	b.callArguments(call, f)
	switch object := c.Type.Object; {
	case object != nil && object.Stored():
		call.key = b.api.byName[object.Name].key
		from := b.returnedKeys(c, func(part int) Param { return Param{Kind: CalledKey, call: call.Number, index: part} })
		sql, err = b.customJSON(c, f, from, &b.plan.Cost)
		return call, sql, err
	case object != nil:
		call.fields, err = b.collect(f.selections...)
	}
	rows := pageSize{}
	if c.Type.List {
		rows = pageSize{number: call.most, most: call.most}
	}
	b.plan.Cost.child(rows).fields = 1 + len(call.fields)
	return call, "", err
}

// callArguments finds the values of the arguments: those of the client, the defaults, or null.
func (b *builder) callArguments(call *Call, f selected) {
	for _, a := range call.Field.Arguments {
		definition := f.Definition.Arguments.ForName(a.Name)
		given, found := arg{}, false
		if value := f.Arguments.ForName(a.Name); value != nil {
			given, found = b.arg(value.Value, definition.Type)
		}
		if !found && definition.DefaultValue != nil {
			given, found = b.arg(definition.DefaultValue, definition.Type)
		}
		call.arguments = append(call.arguments, callArgument{a.Name, argumentType(a), found && !given.null, given.input})
	}
}

// CallArguments are the arguments of a call.
type CallArguments struct {
	JSON  []byte            // an object
	Texts map[string]string // of those with one value
}

// Arguments returns the arguments of a request, in their canonical form.
func (c *Call) Arguments(vars map[string]any) (CallArguments, error) {
	all := CallArguments{JSON: []byte{'{'}, Texts: map[string]string{}}
	for i, a := range c.arguments {
		value := []byte("null")
		if a.given {
			var err error
			if value, err = a.value.argumentJSON(a.input.read(vars)); err != nil {
				return all, &ValueError{Fault: invalid(a.name+": "+err.Error(), ""), Field: a.name}
			}
			all.Texts[a.name] = textOfJSON(value)
		}
		if i > 0 {
			all.JSON = append(all.JSON, ',')
		}
		all.JSON = fmt.Appendf(all.JSON, "%q:%s", a.name, value)
	}
	all.JSON = append(all.JSON, '}')
	return all, nil
}

// callsAlone refuses a mutation that calls a service and does something else: the parts could not take effect together.
func (p *Plan) callsAlone() error {
	fields, calls := 0, (*Root)(nil)
	for i, r := range p.Fields {
		if r.Value == nil {
			fields++
		}
		if r.Call != nil {
			calls = &p.Fields[i]
		}
	}
	if calls == nil || fields == 1 {
		return nil
	}
	return calls.Location.Wrap(invalid(calls.Call.Field.Name+" must be the only field of its mutation, because another service answers it",
		"send an operation for each"))
}
