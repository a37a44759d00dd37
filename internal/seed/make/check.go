package make

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/krowoc/krowoc/internal/schema"
)

// check is a condition of the schema that rows must satisfy.
type check struct {
	name, message string
	source        string
	program       cel.Program
	fields        []checked
}

type checked struct {
	name string
	slot int
	key  string // of a reference: the name of the key field
}

func (c *check) String() string {
	if c.message != "" {
		return c.message
	}
	return "the check " + c.name
}

// newCheck prepares a condition. It returns nil for one that only the database can evaluate.
func (t *blueprint) newCheck(c schema.Check) *check {
	if c.Expr == nil || c.Expr.SQL || c.Expr.AST == nil {
		return nil
	}
	env, err := cel.NewEnv(cel.Variable("this", cel.DynType), cel.CrossTypeNumericComparisons(true), ext.Strings())
	if err != nil {
		return nil
	}
	// The expression is checked again with a dynamic type of this, because the values here are plain ones.
	ast, issues := env.Compile(c.Expr.Source)
	if issues.Err() != nil {
		return nil
	}
	program, err := env.Program(ast)
	if err != nil {
		return nil
	}
	made := &check{name: c.Name, message: c.Message, source: c.Expr.Source, program: program}
	for _, f := range t.typ.Fields {
		slots := t.slotsOf(f)
		switch {
		case len(slots) != 1 || !strings.Contains(c.Expr.Source, f.Name):
		case f.Relation != nil:
			made.fields = append(made.fields, checked{f.Name, slots[0], keyField(f.Relation.References[0]).Name})
		default:
			made.fields = append(made.fields, checked{f.Name, slots[0], ""})
		}
	}
	return made
}

// holds reports whether a row satisfies the condition. As in SQL, an unknown result is not a violation.
func (c *check) holds(r *sample) bool {
	for _, f := range c.fields {
		slot := r.blueprint.slots[f.slot]
		d := &r.values[f.slot]
		var value any
		switch {
		case slot.array:
			list := make([]any, len(d.list))
			for i := range d.list {
				list[i] = slot.checkable(&d.list[i])
			}
			value = list
		default:
			value = slot.checkable(d)
		}
		if f.key != "" && value != nil {
			value = map[string]any{f.key: value}
		}
		r.this[f.name] = value
	}
	return c.accepts(r.this)
}

// accepts reports whether the values of a row satisfy the condition.
func (c *check) accepts(this map[string]any) bool {
	result, _, err := c.program.Eval(map[string]any{"this": this})
	if err != nil {
		return true
	}
	holds, ok := result.Value().(bool)
	return holds || !ok
}

// checkable converts a value for CEL.
func (c *slot) checkable(d *datum) any {
	switch {
	case d.null:
		return nil
	case c.kind.isTime():
		return timeOf(d.i)
	case c.kind == kindJSONB:
		return d.s
	}
	return c.native(d)
}
