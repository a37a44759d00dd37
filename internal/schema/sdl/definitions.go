package sdl

import (
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// Directives returns the definitions of the scalars and directives as SDL, so that editors know them. Parse ignores them when
// they are among the sources.
func Directives() string {
	var b strings.Builder
	b.WriteString("# The scalars and directives of a Krowoc schema, for editors. Krowoc itself does not read this file.\n\n")
	for _, s := range schema.Scalars {
		if scalar.Of(s, "").About != "" {
			b.WriteString("scalar " + string(s) + "\n")
		}
	}
	b.WriteString("\n\"A literal of any type.\"\nscalar " + reservedPrefix + "Value\n")
	written := map[string]bool{}
	for _, d := range directiveSpecs {
		writeEnums(&b, d.args, written)
	}
	writeEnums(&b, ruleArgs[:], written)
	b.WriteString("\n\"A rule of @auth.\"\ninput " + reservedPrefix + "Rule {\n")
	writeArguments(&b, ruleArgs[:])
	b.WriteString("}\n")
	for _, d := range directiveSpecs {
		if !d.standard {
			writeDirective(&b, d)
		}
	}
	return b.String()
}

func writeEnums(b *strings.Builder, args []argSpec, written map[string]bool) {
	for _, a := range args {
		if a.kind == enumArg && !written[a.enum] {
			written[a.enum] = true
			b.WriteString("\nenum " + reservedPrefix + a.enum + " { " + strings.Join(a.values, " ") + " }\n")
		}
	}
}

func writeDirective(b *strings.Builder, d directiveSpec) {
	b.WriteString("\n" + Quote(d.doc) + "\ndirective @" + d.name)
	if len(d.args) > 0 {
		b.WriteString("(\n")
		writeArguments(b, d.args)
		b.WriteString(")")
	}
	if d.repeatable {
		b.WriteString(" repeatable")
	}
	b.WriteString(" on " + strings.Join(graphqlLocations(d.on), " | ") + "\n")
}

func writeArguments(b *strings.Builder, args []argSpec) {
	for _, a := range args {
		if a.doc != "" {
			b.WriteString("  " + Quote(a.doc) + "\n")
		}
		b.WriteString("  " + a.name + ": " + graphqlType(a) + "\n")
	}
}

func graphqlType(a argSpec) string {
	t := "String"
	switch a.kind {
	case intArg:
		t = "Int"
	case boundArg, valueArg, nameArg:
		t = reservedPrefix + "Value"
	case enumArg:
		t = reservedPrefix + a.enum
	case rulesArg:
		t = reservedPrefix + "Rule"
	}
	if a.list {
		t = "[" + t + "!]"
	}
	if a.required {
		t += "!"
	}
	return t
}

func graphqlLocations(on location) []string {
	var out []string
	if on&(onType|onView) != 0 {
		out = append(out, "OBJECT")
	}
	if on&onField != 0 {
		out = append(out, "FIELD_DEFINITION")
	}
	if on&onArgument != 0 {
		out = append(out, "ARGUMENT_DEFINITION")
	}
	if on&onEnum != 0 {
		out = append(out, "ENUM")
	}
	if on&onEnumValue != 0 {
		out = append(out, "ENUM_VALUE")
	}
	return out
}
