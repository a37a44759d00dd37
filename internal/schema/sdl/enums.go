package sdl

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

func (b *builder) declareEnum(d *ast.Definition) {
	us := b.directives(d.Directives, onEnum, "an enum")
	e := &schema.Enum{
		Name: d.Name, Description: d.Description, DBName: b.physicalName(us.one("enum"), "name", schema.SnakeCase(d.Name)),
		RenamedFrom: us.one("renamed").text("from"), Pos: b.position(d.Position),
	}
	names, labels := map[string]bool{}, map[string]string{}
	for _, v := range d.EnumValues {
		switch {
		case slices.Contains([]string{"true", "false", "null"}, v.Name) || strings.HasPrefix(v.Name, "__"):
			b.errorf(codeReserved, v.Position, "choose another name", "%q cannot be an enum value", v.Name)
			continue
		case names[v.Name]:
			b.errorf(codeDuplicate, v.Position, "remove one of them", "enum %q already has the value %q", d.Name, v.Name)
			continue
		}
		names[v.Name] = true
		value := b.enumValue(d, v)
		if other, taken := labels[value.Label]; taken {
			b.errorf(codeCollision, v.Position, `give one of them another label: @value(name: "…")`, "%s and %s of enum %q would both be %q in Postgres", v.Name, other, d.Name, value.Label)
		}
		labels[value.Label] = v.Name
		e.Values = append(e.Values, value)
	}
	if len(d.EnumValues) == 0 {
		b.errorf(codeSyntax, d.Position, "add values: enum "+d.Name+" { ONE TWO }", "enum %q has no values", d.Name)
	}
	if u := us.one("tiers"); u != nil {
		b.declareTiers(e, u)
	}
	b.enums = append(b.enums, e)
	b.enumOf[d.Name] = e
	b.renamed(us, "a type", d.Name, b.defined)
}

// declareTiers makes e the enum of tiers. Two would leave open which one the tier of a caller is of.
func (b *builder) declareTiers(e *schema.Enum, u *use) {
	if b.tiers != nil {
		b.errorf(codeInvalidRule, u.Position, "remove one of them", "enum %q has @tiers already; a caller has one tier", b.tiers.Name)
		return
	}
	e.Tiers, b.tiers = true, e
}

func (b *builder) enumValue(d *ast.Definition, v *ast.EnumValueDefinition) schema.EnumValue {
	us := b.directives(v.Directives, onEnumValue, "an enum value")
	label, at, remedy := v.Name, v.Position, `shorten the name, or write @value(name: "…")`
	if u := us.one("value"); u != nil {
		label, at, remedy = u.text("name"), u.args["name"].Position, "shorten the label"
	}
	switch {
	case len(label) > schema.MaxName:
		b.errorf(codeInvalidName, at, remedy, "the label has %d bytes; Postgres allows at most %d", len(label), schema.MaxName)
	case strings.ContainsRune(label, 0):
		b.errorf(codeInvalidName, at, "leave it out", "text in Postgres cannot contain the character U+0000")
	}
	b.renamed(us, "an enum value", v.Name, func(from string) bool { return d.EnumValues.ForName(from) != nil })
	return schema.EnumValue{
		Name: v.Name, Description: v.Description, Label: label, RenamedFrom: us.one("renamed").text("from"), Deprecated: b.deprecated(us), Pos: b.position(v.Position),
	}
}
