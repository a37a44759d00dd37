package sdl

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// use is one directive as it stands in the source, with the arguments that are what they should be. One
// that lacks an argument it needs, or has a wrong one, is broken: that has been reported.
type use struct {
	*ast.Directive
	spec   *directiveSpec
	args   map[string]*ast.Value
	broken bool
}

// uses are the directives of one definition, by name, in source order.
type uses map[string][]*use

// one returns the only use of a directive that does not repeat, or nil.
func (u uses) one(name string) *use {
	for _, each := range u[name] {
		if !each.broken {
			return each
		}
	}
	return nil
}

// all returns the uses of a directive that can be worked with.
func (u uses) all(name string) []*use {
	return slices.DeleteFunc(slices.Clone(u[name]), func(each *use) bool { return each.broken })
}

// directives checks the directives of a definition as far as their own descriptions go: that each exists,
// may stand here, is not repeated, and has the arguments it takes.
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
			b.errorf(codeMisplaced, d.Position, "it belongs on "+places(spec.on), "@%s does not go on %s", d.Name, where)
			continue
		case len(found[d.Name]) > 0 && !spec.repeatable:
			b.errorf(codeRepeated, d.Position, "keep one of them", "@%s is given twice", d.Name)
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
	b.errorf(codeUnknownDirective, d.Position, didYouMean(d.Name, names, "@%s"), "there is no directive @%s", d.Name)
}

// places names the places of a directive.
func places(on location) string {
	var out []string
	for _, p := range []struct {
		on   location
		name string
	}{
		{onType, "a stored type"}, {onEnum, "an enum"}, {onEnumValue, "an enum value"},
		{onColumn, "a field with a column"}, {onReference, "a reference"}, {onInverse, "the other end of a relation"},
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

// argument checks one argument of a directive or a rule and, if it is right, keeps it.
func (b *builder) argument(args map[string]*ast.Value, specs []argSpec, name string, v *ast.Value, at *ast.Position, of string) bool {
	i := slices.IndexFunc(specs, func(s argSpec) bool { return s.name == name })
	switch {
	case i < 0:
		var names []string
		for _, s := range specs {
			names = append(names, s.name)
		}
		b.errorf(codeUnknownArgument, at, didYouMean(name, names, "%s"), "%s has no argument %s", of, name)
		return false
	case args[name] != nil:
		b.errorf(codeRepeated, at, "keep one of them", "%s of %s is given twice", name, of)
		return false
	case !b.argumentValue(&specs[i], v, of):
		return false
	}
	args[name] = v
	return true
}

// required reports the arguments that must be given and are not; given says what was, right or wrong.
func (b *builder) required(args map[string]*ast.Value, specs []argSpec, given func(string) *ast.Argument, at *ast.Position, of string) bool {
	ok := true
	for _, s := range specs {
		if s.required && args[s.name] == nil && given(s.name) == nil {
			b.errorf(codeMissingArgument, at, "add "+s.name+": …", "%s needs the argument %s", of, s.name)
			ok = false
		}
	}
	return ok
}

// argumentValue checks that a value is what the argument takes. A list of one may be written without
// brackets, as everywhere in GraphQL.
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
	fits, want := false, ""
	switch s.kind {
	case stringArg, exprArg:
		fits, want = v.Kind == ast.StringValue || v.Kind == ast.BlockValue, "a string in quotes"
	case intArg:
		n, err := strconv.Atoi(v.Raw)
		fits, want = v.Kind == ast.IntValue && err == nil && n >= 0 && n < 1<<30, "a whole number that is not negative"
	case boundArg:
		fits, want = v.Kind == ast.IntValue || v.Kind == ast.FloatValue || v.Kind == ast.StringValue, "a number, or a date in quotes"
	case enumArg:
		if v.Kind == ast.EnumValue && !slices.Contains(s.values, v.Raw) {
			b.errorf(codeArgumentType, v.Position, didYouMean(v.Raw, s.values, "%s"), "%s of %s has no value %s", s.name, of, v.Raw)
			return false
		}
		fits, want = v.Kind == ast.EnumValue, "one of "+orList(s.values)+", without quotes"
	case rulesArg:
		fits, want = v.Kind == ast.ObjectValue, "a rule in braces: { allow: PUBLIC }"
	case valueArg:
		fits = true
	}
	if !fits {
		b.errorf(codeArgumentType, v.Position, "write "+want, "%s of %s is %s", s.name, of, kindName(v.Kind))
	}
	return fits
}

// kindName says what a literal is.
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
		b.errorf(codeInvalidName, v.Position, "leave the argument out for the usual name", "a name cannot be empty")
	case len(v.Raw) > schema.MaxName:
		b.errorf(codeInvalidName, v.Position, "shorten it", "the name has %d bytes and Postgres keeps %d", len(v.Raw), schema.MaxName)
	case !printable(v.Raw):
		b.errorf(codeInvalidName, v.Position, "use letters, digits and _", "the name holds control characters")
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
