package graph

import "fmt"

// maxReferences is through how many references an order leads at most.
const maxReferences = 8

// Rows can be ordered by fields of a row that they refer to, and by aggregates of their lists. Related rows that the caller is not allowed to read do
// not exist here, either.

// orderOfRelated returns the term of an order by a field of the row that a reference leads to: {owner: {name: ASC}}. It is null if there is none.
func (b *builder) orderOfRelated(o *object, field *field, alias string, inner arg, references int) (orderTerm, error) {
	if references > maxReferences {
		return orderTerm{}, invalid(fmt.Sprintf("orderBy leads through more than %d references", maxReferences), "order by a field that is closer")
	}
	named, err := inner.one("orderBy: [{" + field.name + ": {…: ASC}}]")
	if err != nil {
		return orderTerm{}, err
	}
	target, where, err := b.relatedRows(o, field, alias)
	if err != nil {
		return orderTerm{}, err
	}
	term, err := b.orderTerm(target.object, target.alias, named, references)
	term.name = field.name + "." + term.name
	term.column, term.computed, term.nullable = "", true, true
	term.sql = "(SELECT " + term.sql + " FROM " + ident(target.object.typ.Table) + " " + target.alias + " WHERE " + join(where, " AND ") + ")"
	return term, err
}

// orderOfList returns the term of an order by an aggregate of a list: {executions: {max: {createdAt: DESC}}}.
func (b *builder) orderOfList(o *object, field *field, alias string, inner arg) (orderTerm, error) {
	named, err := inner.one("orderBy: [{" + field.name + ": {count: DESC}}]")
	if err != nil {
		return orderTerm{}, err
	}
	target, where, err := b.relatedRows(o, field, alias)
	if err != nil {
		return orderTerm{}, err
	}
	s := b.summary(target.object, target.alias, where)
	by, err := b.orderOf(s, named)
	return orderTerm{
		name: field.name + "." + by.name, sql: "(SELECT " + by.value.operand(by.column) + " FROM " + s.sql() + ")",
		computed: true, nullable: true, value: by.value, direction: by.direction,
	}, err
}
