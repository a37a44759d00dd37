package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/schema"
)

// The parts of a statement that writes links. A table of such a name would be hidden from the rules.
const (
	linkedRows   = `"the linked rows"`
	writtenLinks = `"the written links"`
)

// connect adds links to the rows with these keys.
func (b *builder) connect(c change, keys []arg) (string, error) {
	found, all, err := b.named(c, keys)
	if err != nil {
		return "", err
	}
	rel, this, target := c.src.Relation, b.alias(), b.alias()
	var columns, values []string
	for i, k := range rel.ThisRef.Relation.ReferencedColumns() {
		columns, values = append(columns, ident(rel.ThisRef.Relation.Columns[i])), append(values, this+"."+ident(k))
	}
	for i, k := range rel.TargetRef.Relation.ReferencedColumns() {
		columns, values = append(columns, ident(rel.TargetRef.Relation.Columns[i])), append(values, target+"."+ident(k))
	}
	owner := b.api.byName[c.src.Owner.Name]
	insert := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s %s, %s %s WHERE %s ON CONFLICT DO NOTHING", ident(rel.Through.Table),
		join(columns, ", "), join(values, ", "), ident(owner.typ.Table), this, linkedRows, target, join(b.rowKey(owner, this), " AND "))
	return b.linking(c, found, insert, all), nil
}

// linking returns a statement that writes the links to the rows that a query finds.
func (b *builder) linking(c change, found, write, all string) string {
	return fmt.Sprintf("WITH %s AS (%s), %s AS (%s) SELECT %s%s", linkedRows, found, writtenLinks, write, b.keyArrays(c.target), all)
}

// disconnect removes the links to the rows with the given keys.
func (b *builder) disconnect(c change) (string, error) {
	found, all, err := b.named(c, c.verbs["disconnect"])
	return b.linking(c, found, b.unlink(c), all), err
}

// disconnectOthers removes the links to the rows that the list is not to have.
func (b *builder) disconnectOthers(c change) (string, error) {
	found, err := b.others(c, c.verbs["set"])
	return b.linking(c, found, b.unlink(c), "true"), err
}

// unlink removes the links to the rows that are found.
func (b *builder) unlink(c change) string {
	rel, this, old, target := c.src.Relation, b.alias(), b.alias(), b.alias()
	owner := b.api.byName[c.src.Owner.Name]
	where := b.rowKey(owner, this)
	for i, k := range rel.ThisRef.Relation.ReferencedColumns() {
		where = append(where, old+"."+ident(rel.ThisRef.Relation.Columns[i])+" = "+this+"."+ident(k))
	}
	for i, k := range rel.TargetRef.Relation.ReferencedColumns() {
		where = append(where, old+"."+ident(rel.TargetRef.Relation.Columns[i])+" = "+target+"."+ident(k))
	}
	return fmt.Sprintf("DELETE FROM %s %s USING %s %s, %s %s WHERE %s", ident(rel.Through.Table), old, ident(owner.typ.Table), this, linkedRows, target,
		join(where, " AND "))
}

// named returns a query of the rows with these keys that the caller is allowed to change, and the condition that it finds all.
func (b *builder) named(c change, keys []arg) (sql, all string, err error) {
	alias := b.alias()
	where, err := b.changeable(c, alias)
	if err != nil {
		return "", "", err
	}
	var some, every []string
	for _, key := range keys {
		if err := b.grow(); err != nil {
			return "", "", err
		}
		row, err := b.keyOf(c.target, key, alias)
		if err != nil {
			return "", "", err
		}
		again, err := b.keyOf(c.target, key, linkedRows)
		if err != nil {
			return "", "", err
		}
		some, every = append(some, row), append(every, "EXISTS (SELECT FROM "+linkedRows+" WHERE "+again+")")
	}
	return fmt.Sprintf("SELECT %s.* FROM %s %s WHERE (%s) AND %s", alias, ident(c.target.typ.Table), alias, join(some, " OR "), where), join(every, " AND "), nil
}

// others returns a query of the linked rows that the caller is allowed to change, without those with these keys.
func (b *builder) others(c change, keys []arg) (string, error) {
	alias, this := b.alias(), b.alias()
	allowed, err := b.changeable(c, alias)
	if err != nil {
		return "", err
	}
	owner := b.api.byName[c.src.Owner.Name]
	linked, err := b.through(c.src.Relation, &scope{object: owner, alias: this}, &scope{object: c.target, alias: alias})
	where := append(append(b.rowKey(owner, this), linked...), allowed)
	for _, key := range keys {
		row, err := b.keyOf(c.target, key, alias)
		if err != nil {
			return "", err
		}
		where = append(where, "NOT ("+row+")")
	}
	return fmt.Sprintf("SELECT %s.* FROM %s %s, %s %s WHERE %s", alias, ident(c.target.typ.Table), alias, ident(owner.typ.Table), this, join(where, " AND ")), err
}

// changeable returns the condition under which the caller may know and change the row at the other end of a link.
func (b *builder) changeable(c change, alias string) (string, error) {
	known, err := b.keyRule(c.target, alias)
	if err != nil {
		return "", err
	}
	allowed, err := b.permission(c.target, schema.Update, []inputField{c.inverse()}, alias)
	return both(known, "("+allowed+")"), err
}

// keyOf returns the condition that a row has a key that the client gives.
func (b *builder) keyOf(o *object, key arg, alias string) (string, error) {
	var where []string
	for i, k := range o.key {
		given, ok := key.field(o.keyName(i))
		if !ok {
			return "", invalid("the key of "+article(o.typ.APIName())+" has no "+o.keyName(i), "")
		}
		value, err := b.clientValue(o.keyParam(i, given.input))
		if err != nil {
			return "", err
		}
		where = append(where, alias+"."+ident(k.column)+" = "+value)
	}
	return "(" + join(where, " AND ") + ")", nil
}

// rowKey returns the conditions that select the row that the step has written.
func (b *builder) rowKey(o *object, alias string) (where []string) {
	for i, k := range o.key {
		where = append(where, alias+"."+ident(k.column)+" = "+b.param(Param{Kind: RowKey, index: i}))
	}
	return where
}

// keyArrays returns columns with the keys of the linked rows.
func (b *builder) keyArrays(o *object) (columns string) {
	for _, k := range o.key {
		columns += fmt.Sprintf("(ARRAY(SELECT %s::text FROM %s ORDER BY %s))::text, ", ident(k.column), linkedRows, keyTexts(o, linkedRows))
	}
	return columns
}

// afterLinks returns a query that tells whether the rules allow all rows of a step as they are once the links are written.
func (b *builder) afterLinks(step *Step, op schema.Operation, a assignment) (string, error) {
	o, alias := step.object, b.alias()
	allowed, err := b.permission(o, op, a.given, alias)
	if err != nil {
		return "", err
	}
	all := []string{"(" + allowed + ")"}
	offset := len(o.key)
	for _, l := range step.Links {
		target := l.change.target
		s := &scope{object: target, alias: b.alias()}
		allowed, err := b.changeable(l.change, s.alias)
		if err != nil {
			return "", err
		}
		where := append(b.inKeys(s, offset), "("+allowed+") IS NOT TRUE")
		all = append(all, "NOT EXISTS (SELECT FROM "+ident(target.typ.Table)+" "+s.alias+" WHERE "+join(where, " AND ")+")")
		offset += len(target.key)
	}
	return fmt.Sprintf("SELECT coalesce(%s, false) FROM %s %s WHERE %s", join(all, " AND "), ident(o.typ.Table), alias, join(b.rowKey(o, alias), " AND ")), nil
}
