package graph

import (
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// An operator changes a field by its own value: it adds to a number, a list or a JSON value. It is an argument of its own beside data, with the
// fields to change. Unlike data, it could tell what a field holds, by a constraint that the result violates. So it takes part only in rows that the caller
// is allowed to read, with their field.
type operator struct {
	name  string
	input string // the suffix of the input type
	about string
	takes func(inputField) bool
	apply func(b *builder, in inputField, current string, value arg) (string, error)
}

// operators are in the order in which they change a field.
var operators = []operator{
	{"remove", "Elements", "Elements to remove from lists, wherever they are.", isPlainList, removeElements},
	{"prepend", "Elements", "Elements to add at the beginnings of lists. Null counts as an empty list.", isPlainList, prependElements},
	{"append", "Elements", "Elements to add at the ends of lists. Null counts as an empty list.", isPlainList, appendElements},
	{"inc", "Inc", "Numbers to add. Null counts as 0.", isNumber, increment},
	{"removeIn", "RemoveIn", "Paths to remove from JSON.", isJSON, removeIn},
	{"setIn", "SetIn", "Values to set in JSON at paths, of which only the last step may be new. Null counts as an empty object.", isJSON, setIn},
}

// numberTypes are the types of Postgres to which an operator can add.
var numberTypes = map[schema.Scalar]string{schema.Int: "int4", schema.Int64: "int8", schema.Float: "float8", schema.Decimal: "numeric"}

// plainNumbers are the types of columns whose values are those of their scalar.
var plainNumbers = []string{
	"", "smallint", "int2", "integer", "int", "int4", "bigint", "int8", "real", "float4", "double precision", "float8", "numeric",
}

func isNumber(in inputField) bool {
	return numberTypes[in.value.scalar] != "" && !in.value.list && slices.Contains(plainNumbers, in.value.dataType)
}

func isPlainList(in inputField) bool {
	return in.value.list && in.value.scalar != schema.JSON && in.value.scalar != schema.Vector
}

func isJSON(in inputField) bool {
	return in.value.scalar == schema.JSON && !in.value.list && (in.value.dataType == "" || in.value.dataType == "jsonb")
}

// operands returns the fields of an object that an operator can change.
func (op operator) operands(o *object) (list []inputField) {
	for _, in := range o.inputs {
		if in.writable(schema.Update) && op.takes(in) {
			list = append(list, in)
		}
	}
	return list
}

// operated reads the operators of a root field, or of onConflict, and adds what they set. The row has the alias old.
func (b *builder) operated(o *object, given func(name string) (arg, bool), a *assignment, old string) error {
	current := map[string]string{}
	for _, op := range operators {
		value, ok := given(op.name)
		if !ok || value.null {
			continue
		}
		for _, f := range value.fields {
			if err := b.operate(o, op, f, a, old, current); err != nil {
				return err
			}
		}
	}
	for _, in := range a.operated {
		a.set(in.column, current[in.column])
		a.given = append(a.given, in)
	}
	return nil
}

// operate applies an operator to a field.
func (b *builder) operate(o *object, op operator, f argField, a *assignment, old string, current map[string]string) error {
	i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.name == f.name })
	if i < 0 {
		return nil // the placeholder of an input without fields
	}
	in := o.inputs[i]
	if _, set := a.value(in.column); set {
		return &ValueError{Fault: invalid(in.name+" is set, and changed by "+op.name, "remove it from one of them"), Field: in.name}
	}
	if f.value.null {
		return &ValueError{Fault: invalid(op.name+"."+in.name+" cannot be null", "leave it out"), Field: in.name}
	}
	if current[in.column] == "" {
		current[in.column] = old + "." + ident(in.column)
		a.operated = append(a.operated, in)
	}
	sql, err := op.apply(b, in, current[in.column], f.value)
	if err != nil {
		return &ValueError{Fault: err, Field: in.name}
	}
	current[in.column] = sql
	return b.grow()
}

// operable returns the condition under which the caller may know what operators change in the row with the given alias; "" for always.
func (b *builder) operable(o *object, a assignment, alias string) (all string, err error) {
	if len(a.operated) == 0 {
		return "", nil
	}
	if all, err = b.readable(o.access, o.typ, alias); err != nil {
		return "", err
	}
	for _, in := range a.operated {
		rule, err := b.fieldRule(o, in.field, alias)
		if err != nil {
			return "", err
		}
		all = both(all, rule)
	}
	return all, nil
}

// operand adds a parameter for the value of an operator.
func (b *builder) operand(in inputField, value arg) (string, error) {
	return b.clientValue(Param{Kind: Variable, input: value.input, form: asColumn, value: in.value, name: in.name})
}

func increment(b *builder, in inputField, current string, value arg) (string, error) {
	by, err := b.operand(in, value)
	return fmt.Sprintf("coalesce(%s, 0) + %s::%s", current, by, numberTypes[in.value.scalar]), err
}

func appendElements(b *builder, in inputField, current string, value arg) (string, error) {
	more, err := b.operand(in, value)
	return fmt.Sprintf("array_cat(coalesce(%s, '{}'), %s)", current, more), err
}

func prependElements(b *builder, in inputField, current string, value arg) (string, error) {
	more, err := b.operand(in, value)
	return fmt.Sprintf("array_cat(%s, coalesce(%s, '{}'))", more, current), err
}

func removeElements(b *builder, in inputField, current string, value arg) (string, error) {
	those, err := b.operand(in, value)
	const kept = "ARRAY(SELECT u.v FROM unnest(%[1]s) WITH ORDINALITY u(v, n) WHERE (u.v = ANY (%[2]s)) IS NOT TRUE ORDER BY u.n)"
	return fmt.Sprintf("CASE WHEN %[1]s IS NOT NULL THEN "+kept+" END", current, those), err
}

// pathOf adds a parameter for a path in JSON.
func (b *builder) pathOf(at arg) (string, error) {
	path, given := at.field("path")
	if !given {
		return "", invalid("a path is missing", "")
	}
	return b.path(path.input)
}

func removeIn(b *builder, _ inputField, current string, value arg) (string, error) {
	for _, at := range value.items {
		path, err := b.pathOf(at)
		if err != nil {
			return "", err
		}
		current = fmt.Sprintf("(%s #- %s::text[])", current, path)
	}
	return current, b.grow()
}

func setIn(b *builder, _ inputField, current string, value arg) (string, error) {
	current = "coalesce(" + current + ", '{}')"
	for _, at := range value.items {
		path, err := b.pathOf(at)
		if err != nil {
			return "", err
		}
		json := "'null'"
		if given, ok := at.field("value"); ok && !given.null {
			if json, err = b.value(valueType{scalar: schema.JSON}, given); err != nil {
				return "", err
			}
		}
		current = fmt.Sprintf("jsonb_set(%s, %s::text[], %s::jsonb)", current, path, json)
		if err := b.grow(); err != nil {
			return "", err
		}
	}
	return current, nil
}

// operatorArguments returns the operators that an update of an object takes, as SDL that follows data.
func (p *sdlPrinter) operatorArguments(o *object) (list string) {
	for _, op := range operators {
		if len(op.operands(o)) > 0 {
			list += fmt.Sprintf(", %s: %s%s", op.name, o.typ.APIName(), op.input)
		}
	}
	return list
}

// operatorInputs prints the inputs of operators, each once.
func (p *sdlPrinter) operatorInputs(o *object) {
	for _, op := range operators {
		name, operands := o.typ.APIName()+op.input, op.operands(o)
		if len(operands) == 0 || p.again(name, o) {
			continue
		}
		p.describe("", op.inputAbout())
		p.line("input %s {", name)
		for _, in := range operands {
			p.line("  %s: %s", in.name, op.operandType(in))
		}
		p.line("}\n")
		if op.takes(operands[0]) && isJSON(operands[0]) {
			p.paths()
		}
	}
}

// inputAbout describes the input of an operator. Those of lists have one in common.
func (op operator) inputAbout() string {
	if op.input == "Elements" {
		return "Elements to remove from lists, or to add to them."
	}
	return op.about
}

// operandType is the type of the value that an operator takes for a field.
func (op operator) operandType(in inputField) string {
	switch {
	case op.name == "setIn":
		return "[JSONValueAt!]"
	case op.name == "removeIn":
		return "[JSONPath!]"
	case in.value.list:
		return "[" + in.value.name() + bang(!in.value.elemNull) + "]"
	}
	return in.value.name()
}

// paths prints the inputs of paths in JSON.
func (p *sdlPrinter) paths() {
	if p.again("JSONPath", nil) {
		return
	}
	p.describe("", "A place in JSON: keys of objects, and indexes of lists as text. A negative index counts from the end.")
	p.line("input JSONPath {\n  path: [String!]!\n}\n")
	p.line("input JSONValueAt {\n  path: [String!]!\n  value: JSON\n}\n")
}
