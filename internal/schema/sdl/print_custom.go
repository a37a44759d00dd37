package sdl

import (
	"github.com/krowoc/krowoc/internal/schema"
)

// customs writes the fields that the team adds to Query or Mutation.
func (p *printer) customs(all []*schema.Custom, mutation bool) {
	started := false
	for _, c := range all {
		if c.Mutation != mutation {
			continue
		}
		if !started {
			p.begin("")
			p.write("extend type ", rootOf(c), " {\n")
			started = true
		}
		p.custom(c)
	}
	if started {
		p.write("}\n")
	}
}

func (p *printer) custom(c *schema.Custom) {
	p.description(c.Description, "  ")
	p.write("  ", c.Name)
	if len(c.Arguments) > 0 {
		p.write("(")
		for _, a := range c.Arguments {
			p.write("\n")
			p.description(a.Description, "    ")
			p.write("    ", a.Name, ": ", a.Type.String())
			if a.Default != "" {
				p.write(" = ", a.Default)
			}
			p.write(deprecatedDirective(a.Deprecated))
		}
		p.write("\n  )")
	}
	p.write(": ", c.Type.String(), directive("sql", text("query", c.Query)), directive("function", text("name", c.Function)), httpDirective(c.HTTP))
	p.write(deprecatedDirective(c.Deprecated), authDirective(true, c.Rules, c.Fresh, len(schema.Operations)), "\n")
}
