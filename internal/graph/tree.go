package graph

import (
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// node is a row of data for which a step is planned.
type node struct {
	object *object
	data   arg
	op     schema.Operation
	place  string // data.versions.create[1]
	depth  int
}

// nesting is how the rows of a root field refer to one another, by the places of rows in data. The values that all steps return form one list.
type nesting struct {
	refs      map[string]int         // of a reference to a new row: the offset of its key
	offsets   map[string]int         // of the keys of rows
	planted   map[string]bool        // rows that can have lists
	parents   map[string][]parentKey // of a row of a list
	keyOffset int                    // of the next key
	rows      bool                   // data has other rows, so that the rules are applied again at the end
}

// plant plans the steps of all rows within data, and how they refer to one another.
func (b *builder) plant(step *Step, m mutation, f selected, data arg) error {
	b.nesting = nesting{refs: map[string]int{}, offsets: map[string]int{}, planted: map[string]bool{}, parents: map[string][]parentKey{}}
	root := node{object: m.object, data: data, op: m.operation, place: b.place, depth: 1}
	if b.rows = root.hasRows(); !b.rows {
		b.planted[b.place] = true
		return nil
	}
	return b.growRow(step, f, root, nil)
}

// hasRows reports whether data writes other rows than its own.
func (n node) hasRows() bool {
	return slices.ContainsFunc(n.data.fields, func(d argField) bool {
		return slices.ContainsFunc(n.object.nested, func(f nestedField) bool {
			_, creates := d.value.field("create")
			return f.src.APIName() == d.name && (f.many || creates)
		})
	})
}

// growRow plans what the row refers to, then the row itself, unless it is the root, and then the rows of its lists.
func (b *builder) growRow(step *Step, f selected, n node, parents []parentKey) error {
	if n.depth > b.api.options.MaxDepth {
		return invalid(fmt.Sprintf("data is nested more than %d levels deep", b.api.options.MaxDepth), "write less at once")
	}
	if err := b.grow(); err != nil {
		return err
	}
	b.parents[n.place], b.planted[n.place] = parents, true
	for _, d := range n.data.fields {
		i := slices.IndexFunc(n.object.nested, func(f nestedField) bool { return f.src.APIName() == d.name && !f.many })
		created, ok := d.value.field("create")
		if i < 0 || !ok || created.null {
			continue
		}
		target := n.object.nested[i].target
		if err := b.growRow(step, f, node{target, created, schema.Create, n.place + "." + d.name + ".create", n.depth + 1}, nil); err != nil {
			return err
		}
		b.refs[n.place+"."+d.name] = b.offsets[n.place+"."+d.name+".create"]
	}
	own := b.keyOffset
	b.offsets[n.place] = b.keyOffset
	b.keyOffset += len(n.object.key)
	if n.depth == 1 {
		step.Root = len(step.Nested)
	} else if err := b.nestedStep(step, n, f, func() (Step, error) { return b.createdStep(n) }); err != nil {
		return err
	}
	return b.growLists(step, f, n, own)
}

// growLists plans the rows of the lists of a row whose key begins at an offset.
func (b *builder) growLists(step *Step, f selected, n node, own int) error {
	for _, d := range n.data.fields {
		i := slices.IndexFunc(n.object.nested, func(f nestedField) bool { return f.src.APIName() == d.name && f.many })
		if i < 0 {
			continue
		}
		list := n.object.nested[i]
		var parents []parentKey
		for j, in := range list.columns {
			parents = append(parents, parentKey{in, own + j})
		}
		for _, verb := range d.value.fields {
			if verb.value.null {
				return &ValueError{Fault: invalid(d.name+"."+verb.name+" cannot be null", "leave it out"), Field: d.name}
			}
			for k, item := range verb.value.items {
				place := fmt.Sprintf("%s.%s.%s[%d]", n.place, d.name, verb.name, k)
				row := node{list.target, item, schema.Create, place, n.depth + 1}
				if err := b.growItem(step, f, row, verb.name, parents); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *builder) growItem(step *Step, f selected, row node, verb string, parents []parentKey) error {
	if verb == "create" {
		return b.growRow(step, f, row, parents)
	}
	if err := b.grow(); err != nil {
		return err
	}
	row.op = schema.Update
	b.offsets[row.place] = b.keyOffset
	b.keyOffset += len(row.object.key)
	return b.nestedStep(step, row, f, func() (Step, error) { return b.movedStep(row, parents, verb == "disconnect") })
}

// Key returns the key of the row of a nested step among the values that the steps have returned.
func (s Step) Key(values []string) []string { return values[s.offset : s.offset+len(s.object.key)] }

// nestedStep plans a step at the place of its row.
func (b *builder) nestedStep(step *Step, n node, f selected, plan func() (Step, error)) error {
	outer := b.place
	b.place = n.place
	defer func() { b.place = outer }()
	return b.inRow(n.place, func() error {
		b.writes(n.object.typ, n.op)
		b.plan.Cost.fields++
		nested, err := plan()
		if err != nil {
			return err
		}
		nested.object, nested.Location = n.object, b.location
		nested.Events, err = b.eventsWhen(mutation{object: n.object, operation: n.op}, f, nil)
		nested.offset = b.offsets[n.place]
		step.Nested = append(step.Nested, nested)
		return err
	})
}

// createdStep plans a step that creates a nested row.
func (b *builder) createdStep(n node) (step Step, err error) {
	if step.Write, err = b.statement(keyed(func() (rowWrite, error) { return b.create(n.object, n.data) })); err != nil {
		return step, err
	}
	step.Counted, step.object = b.counts, n.object
	if step.Candidate, err = b.statement(func() (string, error) { return b.createCandidate(n.object, n.data) }); err != nil {
		return step, err
	}
	step.After, err = b.statement(func() (string, error) {
		a, err := b.created(n.object, n.data)
		switch {
		case err != nil:
			return "", err
		case len(a.links) > 0:
			return "", b.notNested(a.links[0].src.APIName())
		}
		return b.afterLinks(&step, schema.Create, a)
	})
	return step, err
}

// movedStep plans a step that adds an existing row to a list, or removes it.
func (b *builder) movedStep(n node, parents []parentKey, remove bool) (step Step, err error) {
	step.object = n.object
	if step.Write, err = b.statement(func() (string, error) { return b.move(n, parents, remove) }); err != nil {
		return step, err
	}
	if !remove {
		step.Candidate, err = b.statement(func() (string, error) {
			old := b.alias()
			a, where, err := b.moved(n, parents, old, false)
			if err != nil {
				return "", err
			}
			return b.candidateRow(n.object, schema.Update, a, candidateOf{from: ident(n.object.typ.Table) + " " + old + " WHERE " + where, alias: old})
		})
		if err != nil {
			return step, err
		}
	}
	step.After, err = b.statement(func() (string, error) {
		return b.afterLinks(&step, schema.Update, assignment{given: inputsOfKeys(parents)})
	})
	return step, err
}

func inputsOfKeys(parents []parentKey) (list []inputField) {
	for _, p := range parents {
		list = append(list, p.inputField)
	}
	return list
}

// moved returns what a row takes that gets into a list or out of it, and the condition that selects it.
func (b *builder) moved(n node, parents []parentKey, old string, remove bool) (a assignment, where string, err error) {
	a.given = inputsOfKeys(parents)
	for _, p := range parents {
		value := "NULL"
		if !remove {
			value = b.param(Param{Kind: RowKey, index: p.offset})
		}
		a.set(p.column, value)
	}
	if err = b.compute(n.object, &a, func(f *schema.Field) *schema.Expr { return f.OnUpdate }, old); err != nil {
		return a, "", err
	}
	key, err := b.keyOf(n.object, n.data, old)
	if err != nil {
		return a, "", err
	}
	known, err := b.keyRule(n.object, old)
	if err != nil {
		return a, "", err
	}
	b.reads(n.object.typ)
	allowed, err := b.permission(n.object, schema.Update, a.given, old)
	return a, both(both(key, known), "("+allowed+")"), err
}

// move returns the statement that writes the row. A row that is not in the list stays as it is if it is to be removed.
func (b *builder) move(n node, parents []parentKey, remove bool) (string, error) {
	old, alias := b.alias(), b.alias()
	a, where, err := b.moved(n, parents, old, remove)
	if err != nil {
		return "", err
	}
	if !remove {
		allowed, err := b.permission(n.object, schema.Update, a.given, alias)
		return rowWrite{n.object, updateSQL(n.object, a, where, old, nil), alias, "", allowed}.keyed(), err
	}
	var linked []string
	for _, p := range parents {
		linked = append(linked, old+"."+ident(p.column)+" = "+b.param(Param{Kind: RowKey, index: p.offset}))
	}
	update := updateSQL(n.object, a, where+" AND "+join(linked, " AND "), old, nil)
	return fmt.Sprintf("WITH %s AS (%s) SELECT %s, true FROM %s %s WHERE %s",
		writtenRows, update, keyTexts(n.object, old), ident(n.object.typ.Table), old, where), nil
}
