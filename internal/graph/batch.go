package graph

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/krowoc/krowoc/internal/schema"
)

// A write of many rows changes those that a filter matches, that the caller is allowed to read, and that the rules allow to write. A row that the
// caller cannot read takes no part, so that a filter tells nothing of it; see docs/decisions/0014.

// mutateMany plans one root field that writes the rows that match a filter.
func (b *builder) mutateMany(m mutation, f selected) (err error) {
	o := m.object
	b.writes(o.typ, m.operation)
	step := Step{object: o, many: true, Location: b.location}
	err = b.unpoliced(func() (err error) {
		if m.operation == schema.Delete {
			step.Write, err = b.statement(func() (string, error) { return b.deleteMany(o, f) })
			return err
		}
		if step.Write, err = b.statement(func() (string, error) { return b.updateMany(o, f) }); err != nil {
			return err
		}
		step.Counted = b.counts
		step.Candidate, err = b.statement(func() (string, error) { return b.updateManyCandidate(o, f) })
		return err
	})
	if err != nil {
		return err
	}
	count := len(o.key)
	if m.operation == schema.Delete {
		count = 1
	}
	if step.Events, err = b.countEvents(m, count); err != nil || m.operation == schema.Delete {
		b.plan.Steps = append(b.plan.Steps, step)
		return err
	}
	step.Read, err = b.statement(func() (string, error) {
		count := b.param(Param{Kind: RowKey, index: len(o.key)})
		json, err := b.batchJSON(o, f, count+"::text", batchRows{written: func(s *scope) []string { return b.inKeys(s, 0) }})
		return "SELECT " + json, err
	})
	b.plan.Steps = append(b.plan.Steps, step)
	return err
}

// matched returns the condition that selects the rows of a write.
func (b *builder) matched(o *object, f selected, alias string, op schema.Operation, given []inputField) (string, error) {
	filter, err := b.writeFilter(f)
	if err != nil {
		return "", err
	}
	b.reads(o.typ)
	allowed, err := b.permission(o, op, given, alias)
	if err != nil {
		return "", err
	}
	readable, err := b.predicate(o.access, o.typ, alias)
	if err != nil {
		return "", err
	}
	where := []string{allowed}
	if readable != "" && readable != allowed {
		where = append(where, readable)
	}
	if len(filter.fields) > 0 {
		condition, err := b.where(o, alias, filter)
		if err != nil {
			return "", err
		}
		where = append(where, condition)
	}
	return join(where, " AND "), nil
}

// updatedMany returns what an update of many rows sets, and the condition that selects them.
func (b *builder) updatedMany(o *object, f selected, old string) (a assignment, where string, err error) {
	if a, err = b.assignments(o, b.data(f), schema.Update); err != nil {
		return a, "", err
	}
	if len(a.links) > 0 {
		return a, "", invalid(a.links[0].src.APIName()+" cannot be changed for many rows at once", "change it for each row, with update"+o.typ.APIName())
	}
	if err = b.operated(o, b.argumentsOf(f), &a, old); err != nil {
		return a, "", err
	}
	if err = b.compute(o, &a, func(f *schema.Field) *schema.Expr { return f.OnUpdate }, old); err != nil {
		return a, "", err
	}
	if where, err = b.matched(o, f, old, schema.Update, a.given); err != nil {
		return a, "", err
	}
	known, err := b.operable(o, a, old)
	return a, both(where, known), err
}

// updateMany changes rows. It returns the keys of the first ones, each part as an array, the number of rows, and whether the rules allow all.
func (b *builder) updateMany(o *object, f selected) (string, error) {
	old, alias := b.alias(), b.alias()
	a, where, err := b.updatedMany(o, f, old)
	if err != nil {
		return "", err
	}
	allowed, err := b.permission(o, schema.Update, a.given, alias)
	if err != nil {
		return "", err
	}
	keys, err := b.firstKeys(o, f)
	counts := countsOf(o, schema.Update, a)
	b.counts = counts != nil
	return fmt.Sprintf("WITH %s AS (%s) SELECT %scount(*)::text, %scoalesce(bool_and(coalesce(%s, false)), true) FROM %[1]s %[6]s",
		writtenRows, updateSQL(o, a, where, old, counts), keys, counts.column(""), allowed, alias), err
}

// firstKeys returns columns with the keys of as many new rows as an answer can have; nulls if the client selects no rows.
func (b *builder) firstKeys(o *object, f selected) (columns string, err error) {
	fields, err := b.collect(f.selections...)
	if err != nil {
		return "", err
	}
	needed := slices.ContainsFunc(fields, func(f selected) bool { return f.Name == "nodes" })
	p := &page{source: source{object: o}, scope: &scope{object: o, alias: b.alias()}}
	if p.order, err = b.keyTerms(p, false, map[string]bool{}); err != nil {
		return "", err
	}
	for _, k := range o.key {
		if !needed {
			columns += "NULL, "
			continue
		}
		columns += fmt.Sprintf("(ARRAY(SELECT %s::text FROM %s %s ORDER BY %s LIMIT %d))::text, ", p.scope.raw(k.column), writtenRows, p.scope.alias,
			orderSQL(p.order, false, func(o orderTerm) string { return o.sql }), b.api.options.MaxPageSize)
	}
	return columns, nil
}

// inKeys returns conditions that select the rows whose keys a step has returned, from the value with this index on.
func (b *builder) inKeys(s *scope, first int) []string {
	var where, columns, arrays []string
	for i, k := range s.object.key {
		column := s.raw(k.column)
		array := k.value.parameter(b.param(Param{Kind: RowKey, index: first + i}), column, asArray)
		where = append(where, k.value.operand(column)+" = ANY ("+array+")") // which an index serves
		columns = append(columns, column+"::text")
		arrays = append(arrays, b.param(Param{Kind: RowKey, index: first + i})+"::text[]")
	}
	if len(columns) > 1 {
		where = append(where, "("+join(columns, ", ")+") IN (SELECT * FROM unnest("+join(arrays, ", ")+"))")
	}
	return where
}

func (b *builder) updateManyCandidate(o *object, f selected) (string, error) {
	old := b.alias()
	a, where, err := b.updatedMany(o, f, old)
	if err != nil {
		return "", err
	}
	return b.candidateRow(o, schema.Update, a, candidateOf{from: ident(o.typ.Table) + " " + old + " WHERE " + where, alias: old})
}

// deleteMany deletes rows and returns the JSON of the answer and, for events, the number of rows. Its statement sees the rows as they were.
func (b *builder) deleteMany(o *object, f selected) (string, error) {
	alias := b.alias()
	where, err := b.matched(o, f, alias, schema.Delete, nil)
	if err != nil {
		return "", err
	}
	json, err := b.batchJSON(o, f, "(SELECT count(*)::text FROM "+writtenRows+")", batchRows{written: func(s *scope) []string {
		var columns, keys []string
		for _, k := range o.key {
			columns, keys = append(columns, s.raw(k.column)), append(keys, ident(k.column))
		}
		return []string{"(" + join(columns, ", ") + ") IN (SELECT " + join(keys, ", ") + " FROM " + writtenRows + ")"}
	}})
	if len(o.typ.TrackedBy(schema.Delete)) > 0 {
		json += ", (SELECT count(*)::text FROM " + writtenRows + ")" // for the events
	}
	return fmt.Sprintf("WITH %s AS (DELETE FROM %s %s WHERE %s RETURNING %s.*) SELECT %s, true", writtenRows, ident(o.typ.Table), alias, where, alias, json), err
}

// batchRows are the rows that an answer to a write of many rows can show.
type batchRows struct {
	written func(*scope) []string  // their conditions
	order   func(*scope) orderTerm // nil for the order of their key
	all     int                    // how many rows there are where that is known, which a list without first has
}

// batchJSON returns SQL for the JSON of what a write of many rows has done.
func (b *builder) batchJSON(o *object, f selected, count string, rows batchRows) (string, error) {
	fields, err := b.collect(f.selections...)
	if err != nil {
		return "", err
	}
	b.plan.Cost.fields += len(fields)
	var t text
	t.constant("{")
	for i, field := range fields {
		t.member(i, field)
		switch field.Name {
		case "__typename":
			t.constant(`"` + o.typ.APIName() + `Batch"`)
		case "count":
			t.expr(count)
		case "nodes":
			if err := b.within(field, func() error { return b.batchNodes(&t, o, field, rows) }); err != nil {
				return "", err
			}
		}
	}
	t.constant("}")
	return t.sql(), nil
}

// batchNodes appends a JSON array of the written rows that the caller is allowed to read.
func (b *builder) batchNodes(t *text, o *object, f selected, list batchRows) error {
	s := &scope{object: o, alias: b.alias(), paged: true}
	p := &page{source: source{object: o, depth: 1}, scope: s, base: list.written(s)}
	rule, err := b.predicate(o.access, o.typ, s.alias)
	if err != nil {
		return err
	}
	if rule != "" {
		p.base = append(p.base, rule)
	}
	if err := b.pageSize(p, f.Field); err != nil {
		return err
	}
	if list.all > 0 && p.size.name == "" {
		p.size.number, p.limit = list.all, strconv.Itoa(list.all)
	}
	if list.order != nil {
		p.order = []orderTerm{list.order(s)}
	} else if p.order, err = b.keyTerms(p, false, map[string]bool{}); err != nil {
		return err
	}
	var rows text
	each := b.plan.Cost.child(p.size)
	each.location = b.location
	if err := b.elements(&rows, p, func() (string, error) { return b.objectJSON(s, f.selections, each, 2) }); err != nil {
		return err
	}
	content := rows.sql() // before the page, which yields the columns that the content uses
	t.expr("(SELECT " + content + " FROM " + b.pageSQL(p) + ")")
	return nil
}
