package sdl

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// use is one directive in the source, with its valid arguments. It is broken when an argument is missing or invalid, which has
// been reported.
type use struct {
	*ast.Directive
	spec   *directiveSpec
	args   map[string]*ast.Value
	broken bool
}

// uses are the directives of one definition, by name, in source order.
type uses map[string][]*use

// one returns the first valid use of a directive, or nil.
func (u uses) one(name string) *use {
	for _, each := range u[name] {
		if !each.broken {
			return each
		}
	}
	return nil
}

// all returns the valid uses of a directive.
func (u uses) all(name string) []*use {
	return slices.DeleteFunc(slices.Clone(u[name]), func(each *use) bool { return each.broken })
}

// directives checks the directives of a definition against their specifications: each exists, is valid in this place, is not
// repeated, and has valid arguments.
func (b *builder) directives(list ast.DirectiveList, on location, where string) uses {
	found := uses{}
	for _, d := range list {
		i := slices.IndexFunc(directiveSpecs[:], func(s directiveSpec) bool { return s.name == d.Name })
		if i < 0 {
			b.unknownDirective(d, on)
			continue
		}
		spec := &directiveSpecs[i]
		switch {
		case spec.on&on == 0:
			b.errorf(codeMisplaced, d.Position, "it is valid on "+places(spec.on), "@%s is not valid on %s", d.Name, where)
			continue
		case len(found[d.Name]) > 0 && !spec.repeatable:
			b.errorf(codeRepeated, d.Position, "remove one of them", "@%s is used twice", d.Name)
			continue
		}
		found[d.Name] = append(found[d.Name], b.use(d, spec))
	}
	return found
}

func (b *builder) unknownDirective(d *ast.Directive, on location) {
	var names []string
	for _, s := range directiveSpecs {
		if s.on&on != 0 {
			names = append(names, s.name)
		}
	}
	b.errorf(codeUnknownDirective, d.Position, didYouMean(d.Name, names, "@%s"), "unknown directive @%s", d.Name)
}

// places describes the locations of a directive.
func places(on location) string {
	var out []string
	for _, p := range []struct {
		on   location
		name string
	}{
		{onType, "a stored type"}, {onView, "a type over a view"}, {onEnum, "an enum"}, {onEnumValue, "an enum value"},
		{onColumn, "a scalar or enum field"}, {onReference, "a reference to another type"}, {onInverse, "the inverse side of a relation"}, {onComputed, "a computed field"},
		{onRoot, "a field of Query or Mutation"}, {onArgument, "an argument"},
	} {
		if on&p.on != 0 {
			out = append(out, p.name)
		}
	}
	return orList(out)
}

func (b *builder) use(d *ast.Directive, spec *directiveSpec) *use {
	u := &use{Directive: d, spec: spec, args: map[string]*ast.Value{}}
	for _, a := range d.Arguments {
		u.broken = !b.argument(u.args, spec.args, a.Name, a.Value, a.Position, "@"+spec.name) || u.broken
	}
	u.broken = !b.required(u.args, spec.args, d.Arguments.ForName, d.Position, "@"+spec.name) || u.broken
	return u
}

// argument checks one argument of a directive or a rule, and adds it to args if it is valid.
func (b *builder) argument(args map[string]*ast.Value, specs []argSpec, name string, v *ast.Value, at *ast.Position, of string) bool {
	i := slices.IndexFunc(specs, func(s argSpec) bool { return s.name == name })
	switch {
	case i < 0:
		var names []string
		for _, s := range specs {
			names = append(names, s.name)
		}
		b.errorf(codeUnknownArgument, at, didYouMean(name, names, "%q"), "%s has no argument %q", of, name)
		return false
	case args[name] != nil:
		b.errorf(codeRepeated, at, "remove one of them", "argument %q of %s is given twice", name, of)
		return false
	case !b.argumentValue(&specs[i], v, of):
		return false
	}
	args[name] = v
	return true
}

// required reports required arguments that are missing; given returns an argument of the source, valid or not.
func (b *builder) required(args map[string]*ast.Value, specs []argSpec, given func(string) *ast.Argument, at *ast.Position, of string) bool {
	ok := true
	for _, s := range specs {
		if s.required && args[s.name] == nil && given(s.name) == nil {
			b.errorf(codeMissingArgument, at, "add "+s.name+": …", "%s requires the argument %q", of, s.name)
			ok = false
		}
	}
	return ok
}

// argumentValue checks the value of an argument. A list of one may be written without brackets, as everywhere in GraphQL.
func (b *builder) argumentValue(s *argSpec, v *ast.Value, of string) bool {
	if s.list && v.Kind == ast.ListValue {
		ok := true
		for _, c := range v.Children {
			ok = b.argumentItem(s, c.Value, of) && ok
		}
		return ok
	}
	return b.argumentItem(s, v, of)
}

func (b *builder) argumentItem(s *argSpec, v *ast.Value, of string) bool {
	valid, want, remedy := true, "", ""
	isString := v.Kind == ast.StringValue || v.Kind == ast.BlockValue
	isNumber := v.Kind == ast.IntValue || v.Kind == ast.FloatValue
	switch s.kind {
	case stringArg, exprArg:
		valid, want, remedy = isString, "a string", "write it in quotes"
	case intArg:
		n, err := strconv.Atoi(v.Raw)
		inRange := err == nil && n >= 0 && n <= maxInt
		valid, want, remedy = v.Kind == ast.IntValue && inRange, "a whole number from 0 to "+strconv.Itoa(maxInt), "write "+s.name+": 1, for example"
	case boundArg:
		valid, want, remedy = isNumber || v.Kind == ast.StringValue, "a number or a date", "write a number, or a date in quotes"
	case enumArg:
		if v.Kind == ast.EnumValue && !slices.Contains(s.values, v.Raw) {
			b.errorf(codeArgumentType, v.Position, didYouMean(v.Raw, s.values, "%s"), "unknown value %q for argument %q of %s", v.Raw, s.name, of)
			return false
		}
		valid, want, remedy = v.Kind == ast.EnumValue, "one of "+orList(s.values), "write the value without quotes"
	case nameArg:
		valid, want, remedy = v.Kind == ast.EnumValue, "a value of an enum", "write the value without quotes"
	case rulesArg:
		valid, want, remedy = v.Kind == ast.ObjectValue, "a rule", "write a rule in braces, for example { allow: PUBLIC }"
	case valueArg:
	}
	if !valid {
		given := kindName(v.Kind)
		if isNumber {
			given = v.Raw
		}
		b.errorf(codeArgumentType, v.Position, remedy, "argument %q of %s must be %s; it is %s", s.name, of, want, given)
	}
	return valid
}

// maxInt is the largest value of an argument that is a whole number.
const maxInt = 1<<30 - 1

// kindName names the kind of a literal.
func kindName(k ast.ValueKind) string {
	switch k {
	case ast.IntValue, ast.FloatValue:
		return "a number"
	case ast.StringValue, ast.BlockValue:
		return "a string"
	case ast.BooleanValue:
		return "a Boolean"
	case ast.NullValue:
		return "null"
	case ast.EnumValue:
		return "a name"
	case ast.ListValue:
		return "a list"
	}
	return "an object"
}

// text returns a string argument, or "".
func (u *use) text(name string) string {
	if u == nil || u.args[name] == nil {
		return ""
	}
	return u.args[name].Raw
}

// items returns the values of a list argument.
func (u *use) items(name string) []*ast.Value {
	if u == nil {
		return nil
	}
	return items(u.args[name])
}

func items(v *ast.Value) []*ast.Value {
	switch {
	case v == nil:
		return nil
	case v.Kind != ast.ListValue:
		return []*ast.Value{v}
	}
	out := make([]*ast.Value, len(v.Children))
	for i, c := range v.Children {
		out[i] = c.Value
	}
	return out
}

// number returns an int argument, or nil.
func (u *use) number(name string) *int {
	if u.args[name] == nil {
		return nil
	}
	n, _ := strconv.Atoi(u.args[name].Raw) // checked by argumentItem
	return &n
}

// physicalName returns the string argument that names something in the database, or fallback.
func (b *builder) physicalName(u *use, arg, fallback string) string {
	if u == nil || u.args[arg] == nil {
		return fallback
	}
	v := u.args[arg]
	switch {
	case v.Raw == "":
		b.errorf(codeInvalidName, v.Position, "remove the argument to use the default name", "the name is empty")
	case len(v.Raw) > schema.MaxName:
		b.errorf(codeInvalidName, v.Position, "shorten the name", "the name has %d bytes; Postgres allows at most %d", len(v.Raw), schema.MaxName)
	case !printable(v.Raw):
		b.errorf(codeInvalidName, v.Position, "use letters, digits and _", "the name contains control characters")
	default:
		return v.Raw
	}
	return fallback
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}
