package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
)

// columns collects who may read and set each column.
func (p *policies) columns(o *object) error {
	for _, f := range o.typ.Fields {
		for _, k := range keyFields(f) {
			c := rls.Column{Name: k.column, Field: f.Name, Grants: map[rls.Operation]rls.Who{}, Checks: map[rls.Operation]string{}}
			if k.column == "" || p.table.Has(k.column) {
				continue
			}
			if err := p.reading(o, k, &c); err != nil {
				return err
			}
			if err := p.writing(o, k, &c); err != nil {
				return err
			}
			p.table.Columns = append(p.table.Columns, c)
		}
	}
	return nil
}

// reading notes who may read a column. The API shows no column of a reference to a type that it does not have.
func (p *policies) reading(o *object, k *field, c *rls.Column) (err error) {
	i := slices.IndexFunc(o.fields, func(f *field) bool { return f.target == nil && f.src == k.src && f.column == k.column })
	if i < 0 {
		return nil
	}
	c.Exposed = true
	rule := func(b *builder) (string, error) { return b.fieldRule(o, o.fields[i], rls.Row) }
	var sometimes rls.Who
	if c.Grants[rls.Select], sometimes, err = p.who(rule); err != nil {
		return err
	}
	c.Sometimes = sometimes != 0
	c.Shown, err = p.condition(policy, rule)
	return err
}

// writing notes who may set a column.
func (p *policies) writing(o *object, k *field, c *rls.Column) error {
	i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.src == k.src && in.column == k.column })
	for _, w := range commands[1:3] {
		if i < 0 || !o.inputs[i].writable(w.operation) {
			continue
		}
		a := fieldAccessTo(k.src, w.operation)
		rule := func(b *builder) (string, error) { return b.readable(a, o.typ, rls.Row) }
		always, sometimes, err := p.who(rule)
		switch {
		case err != nil:
			return err
		case sometimes == 0:
		case w.command == rls.Insert && !hasPlainDefault(k.src):
			c.Refused, sometimes = append(c.Refused, w.command), 0
		default:
			checked, err := p.condition(policy, rule)
			if err != nil {
				return err
			}
			c.Checks[w.command] = checked.SQL
		}
		c.Grants[w.command] = always | sometimes
	}
	return nil
}

// hasPlainDefault reports whether the column of a field is null or has a constant in a row that is created without it.
func hasPlainDefault(f *schema.Field) bool {
	if f.Default == nil {
		return !f.HasValue()
	}
	return f.Default.SQL == "" && (f.Default.Expr == nil || defaultExpr(f) != nil)
}
