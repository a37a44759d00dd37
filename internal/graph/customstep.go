package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/schema"
)

// customStep plans a mutation of the team. What a statement has written, it cannot read, so that rows of a stored type are read by a second one.
func (b *builder) customStep(c *schema.Custom, f selected) (err error) {
	step := Step{custom: c.Name, Location: b.location}
	stored := c.Type.Object != nil && c.Type.Object.Stored()
	err = b.unpoliced(func() (err error) {
		step.Write, err = b.statement(func() (string, error) {
			sql, err := b.customSQL(c, f)
			if err != nil {
				return "", err
			}
			if stored {
				return b.customKeys(c, sql), nil
			}
			with := fmt.Sprintf("WITH %s AS (%s) ", writtenRows, sql)
			json, err := b.customJSON(c, f, b.numberedRows(c, "SELECT * FROM "+writtenRows), &b.plan.Cost)
			return with + "SELECT " + json + ", true", err
		})
		return err
	})
	if err == nil && stored {
		step.Read, err = b.statement(func() (string, error) {
			json, err := b.customJSON(c, f, b.returnedKeys(c, func(part int) Param { return Param{Kind: RowKey, index: part} }), &b.plan.Cost)
			return "SELECT " + json, err
		})
	}
	b.plan.Steps = append(b.plan.Steps, step)
	return err
}

// customKeys returns a statement that runs SQL and returns the keys of the rows that it returns, each part as an array.
func (b *builder) customKeys(c *schema.Custom, sql string) string {
	columns := ""
	for _, k := range b.api.byName[c.Type.Object.Name].key {
		columns += fmt.Sprintf("(ARRAY(SELECT %s::text FROM %s LIMIT %d))::text, ", ident(k.column), writtenRows, b.api.options.MaxPageSize)
	}
	return fmt.Sprintf("WITH %s AS (%s) SELECT %strue", writtenRows, sql, columns)
}

// returnedKeys returns a source of the keys that a step or a service has returned, in their order, each part as a parameter.
func (b *builder) returnedKeys(c *schema.Custom, param func(part int) Param) string {
	var arrays, names, columns []string
	o := b.api.byName[c.Type.Object.Name]
	for i, k := range o.key {
		arrays = append(arrays, b.param(param(i))+"::text[]")
		names = append(names, ident(k.column))
		columns = append(columns, "u."+ident(k.column)+"::"+k.value.sqlType()+" AS "+ident(k.column))
	}
	return fmt.Sprintf("(SELECT u.%[1]s, %[2]s FROM unnest(%[3]s) WITH ORDINALITY u(%[4]s, %[1]s)) %[5]s",
		customNumber, join(columns, ", "), join(arrays, ", "), join(names, ", "), customRow)
}
