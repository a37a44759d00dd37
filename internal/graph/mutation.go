package graph

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// inputField is a column that clients write: a scalar field, or a part of the key that a reference holds.
type inputField struct {
	*field
	optional bool // a create may leave it out
	fixed    bool // part of the key, which a patch does not change
}

// mutation is a root field of Mutation.
type mutation struct {
	object    *object
	operation schema.Operation
	many      bool // rows: those of a list, or those that match a filter
	upsert    bool // creates a row, or updates it if it exists
}

// addMutations names the writes of every type that has a rule for them.
func (a *API) addMutations() {
	for _, o := range a.objects {
		o.inputs, o.links = a.inputsOf(o), a.linksOf(o)
		for _, m := range []struct {
			verb      string
			operation schema.Operation
		}{{"create", schema.Create}, {"update", schema.Update}, {"delete", schema.Delete}} {
			if o.typ.API.Hides(m.operation) {
				continue
			}
			if slices.ContainsFunc(o.typ.Rules, func(r schema.Rule) bool { return r.Allows(m.operation) }) {
				a.addMutation(m.verb+o.typ.APIName(), mutation{object: o, operation: m.operation})
				a.addMutation(m.verb+o.typ.APIListType(), mutation{object: o, operation: m.operation, many: true})
			}
		}
		a.addUpsert(o)
	}
	for _, o := range a.objects {
		o.nested = a.nestedOf(o)
	}
}

// addUpsert names the upsert of a type whose rows some caller may create and update.
func (a *API) addUpsert(o *object) {
	_, creates := a.mutations["create"+o.typ.APIName()]
	_, updates := a.mutations["update"+o.typ.APIName()]
	if !creates || !updates || len(upsertFields(o)) == 0 {
		return
	}
	if o.uniques = upsertKeys(o); len(o.uniques) > 0 {
		a.addMutation("upsert"+o.typ.APIName(), mutation{object: o, operation: schema.Create, upsert: true})
		a.structural[o.typ.APIName()+"Unique"], a.structural[o.typ.APIName()+"Update"] = true, true
	}
}

func (a *API) addMutation(name string, m mutation) {
	a.mutations[name] = m
	a.mutationNames = append(a.mutationNames, name)
}

func (a *API) inputsOf(o *object) (list []inputField) {
	for _, f := range o.typ.Fields {
		if f.ReadOnly() || serviceOnly(f) {
			continue
		}
		for _, k := range a.keyFields(f) {
			ownField := k.name != a.nameOf(f) && o.typ.APIField(k.name) != nil // which is listed by itself
			if k.column == "" || ownField {
				continue
			}
			k.nullable = !f.Type.NonNull
			if f.Relation == nil {
				k.value = valueOf(f)
			}
			list = append(list, inputField{field: k, optional: k.nullable || f.HasValue(), fixed: slices.Contains(o.typ.Key, f)})
		}
	}
	return list
}

// writable reports whether some caller may set a field in an operation.
func (in inputField) writable(op schema.Operation) bool {
	isFixed := op == schema.Update && in.fixed
	if isFixed || in.src.API.Hides(op) || !in.src.Given() {
		return false
	}
	return !in.src.Auth || slices.ContainsFunc(in.src.Rules, func(r schema.Rule) bool { return r.Allows(op) })
}

// Step is one root field of a mutation: a statement that writes, and one that reads the row for the answer. All steps
// of an operation run in one transaction.
type Step struct {
	// Write returns the key of the row as texts and then a boolean: whether the rules allow the row as it is after the write.
	// It returns no row when none with this key exists that the caller is allowed to change.
	//
	// A write of many rows returns one row: of each part of the key, an array of the first rows; the number of rows; and whether the rules allow
	// all of them. One that deletes them returns the JSON of the answer, and then true.
	Write Statement
	// Read returns the JSON of the row with that key, or of the rows. It is empty if Write returns the JSON.
	Read Statement
	// OneTrip does the work of both. It is nil where more has to be written.
	OneTrip *OneTrip
	// Links are written after Write, and After then tells whether the rules allow all rows; Write does not. After takes the key of the row and what
	// the Links return.
	Links []Link
	After Statement
	// Candidate returns the row that Write would leave, and Allowed. It is empty for a delete, and needed only if Postgres refuses the row.
	Candidate Statement
	// Current returns a row if Write returns none because the row has another version than the client expects.
	Current Statement
	// Nested are the steps of the rows within data, in their order. Those from Root on run after Write. What they return forms, with the key of
	// the row itself, one list of values, which the Write and Candidate of each step take.
	Nested []Step
	Root   int
	// Events are stored in the transaction.
	Events []Event
	// Deletes is set when the row is gone after Write, so that Read must run first.
	Deletes bool

	// Counted is set when Write returns one more text after the key, which Counts reads.
	Counted bool

	// List is set when the step creates the rows of a list. API.Apart plans one step for each of them.
	List bool

	// Location is the root field, or a row of its data.
	Location *Location

	object *object
	many   bool
	custom string // the name of a field of the team, which has no object
	upsert bool
	offset int // of the key of a nested step among the values
}

// Missing is the fault of a step whose Write returns no row.
func (s Step) Missing() error {
	if s.object == nil {
		return fault.New(fault.NotFound, "", s.custom+" has no result")
	}
	if s.upsert { // the caller may not change the existing row
		return s.Refused()
	}
	return missing(s.object)
}

// Refused is the fault of a step whose Write leaves a row that the rules do not allow.
func (s Step) Refused() error {
	if s.object == nil {
		return fault.New(fault.Forbidden, "", "you are not allowed to do what "+s.custom+" does")
	}
	if s.many {
		return fault.New(fault.Forbidden, "", "you are not allowed to write one of these rows of "+s.object.typ.APIName())
	}
	return fault.New(fault.Forbidden, "", "you are not allowed to write this "+s.object.typ.APIName())
}

// Table is the table that the step writes; empty where SQL of the team tells.
func (s Step) Table() string {
	if s.object == nil {
		return ""
	}
	return s.object.typ.Table
}

// name is what the step writes: a type, or what a field of the team does.
func (s Step) name() string {
	if s.object == nil {
		return s.custom
	}
	return s.object.typ.Name
}

// write plans the statements of one kind of write. A delete has no candidate.
type write struct {
	write, candidate func() (string, error)
}

// mutate plans one root field of a mutation.
func (b *builder) mutate(f selected) error {
	m := b.api.mutations[f.Name]
	b.place, b.nesting = "data", nesting{}
	switch {
	case m.many && m.operation == schema.Create:
		return b.createList(m, f)
	case m.many:
		return b.mutateMany(m, f)
	case m.upsert:
		return b.upsertRow(m, f)
	}
	step, err := b.writeOne(m, f, b.data(f))
	if err != nil {
		return err
	}
	step.Read, err = b.readStep(m.object, f, &b.plan.Cost, func(i int, _ *field) (string, error) { return b.keyToRead(m.object, f, i, step.Deletes) })
	if err == nil {
		step.Events, err = b.eventsWhen(m, f, nil)
	}
	if err == nil && !step.Deletes {
		err = b.oneTrip(&step, f, m.operation)
	}
	b.plan.Steps = append(b.plan.Steps, step)
	return err
}

// readStep plans the statement that reads the row with a key for the answer.
func (b *builder) readStep(o *object, f selected, c *Cost, key func(int, *field) (string, error)) (Statement, error) {
	return b.statement(func() (string, error) {
		s := &scope{object: o, alias: b.alias()}
		var where []string
		for i, k := range o.key {
			value, err := key(i, k)
			if err != nil {
				return "", err
			}
			where = append(where, s.raw(k.column)+" = "+value)
		}
		sql, err := b.row(s, where, f, c, 1)
		return "SELECT " + sql, err
	})
}

// keyed has a write return the key.
func keyed(plan func() (rowWrite, error)) func() (string, error) {
	return func() (string, error) {
		w, err := plan()
		if err != nil {
			return "", err
		}
		return w.keyed(), nil
	}
}

// writeOne plans the statements that write one row.
func (b *builder) writeOne(m mutation, f selected, data arg) (step Step, err error) {
	b.writes(m.object.typ, m.operation)
	step = Step{object: m.object, Deletes: m.operation == schema.Delete, Location: b.location}
	o := m.object
	b.nesting = nesting{}
	if !step.Deletes {
		if err := b.unpoliced(func() error { return b.plant(&step, m, f, data) }); err != nil {
			return step, err
		}
	}
	w := map[schema.Operation]write{
		schema.Create: {keyed(func() (rowWrite, error) { return b.create(o, data) }), func() (string, error) { return b.createCandidate(o, data) }},
		schema.Update: {keyed(func() (rowWrite, error) { return b.update(o, f) }), func() (string, error) { return b.updateCandidate(o, f) }},
		schema.Delete: {func() (string, error) { return b.delete(o, f) }, nil},
	}[m.operation]
	err = b.unpoliced(func() (err error) {
		step.Write, err = b.statement(w.write)
		step.Counted = b.counts && !step.Deletes
		if err == nil && w.candidate != nil {
			step.Candidate, err = b.statement(w.candidate)
		}
		if err == nil && m.operation != schema.Create {
			step.Current, err = b.anyVersion(o, f, m.operation)
		}
		if err != nil || step.Deletes {
			return err
		}
		return b.linkStep(&step, m, data)
	})
	return step, err
}

// statement plans a statement with its own parameters.
func (b *builder) statement(write func() (string, error)) (Statement, error) {
	params, shared, demanded := b.params, b.shared, b.demanded
	b.params, b.shared, b.demanded = nil, map[sharedParam]int{}, nil
	defer func() { b.params, b.shared, b.demanded = params, shared, demanded }()
	sql, err := write()
	return b.numbered(sql), err
}

// keyToRead returns SQL for a part of the key of the row to read: the argument, or the key that Write returned.
func (b *builder) keyToRead(o *object, f selected, i int, given bool) (string, error) {
	if given {
		return b.keyArgument(o, f, i)
	}
	return b.param(Param{Kind: RowKey, index: i}), nil
}

// keyArgument returns SQL for a part of the key that the arguments give.
func (b *builder) keyArgument(o *object, f selected, i int) (string, error) {
	value, ok := b.argument(f.Field, o.keyName(i))
	if !ok {
		return "", invalid("the argument "+o.keyName(i)+" is missing", "")
	}
	return b.clientValue(o.keyParam(i, value.input))
}

// permission returns the condition under which the rules allow an operation on a row that sets the given fields. It fails when
// they allow it on no row.
func (b *builder) permission(o *object, op schema.Operation, given []inputField, alias string) (string, error) {
	var all []string
	add := func(a access, what string) error {
		condition, err := b.readable(a, o.typ, alias)
		switch {
		case err != nil:
			return err
		case condition == "false" && b.kind == anonymous:
			return fault.New(fault.Unauthenticated, "", what, "sign in")
		case condition == "false":
			return fault.New(fault.Forbidden, "", what)
		case condition != "":
			all = append(all, condition)
		}
		return nil
	}
	verb := map[schema.Operation]string{schema.Create: "create", schema.Update: "update", schema.Delete: "delete"}[op]
	if err := add(rowAccess(o.typ, op), "you are not allowed to "+verb+" "+article(o.typ.APIName())); err != nil {
		return "", err
	}
	for _, in := range given {
		if err := add(fieldAccessTo(in.src, op), "you are not allowed to set "+in.name+" of "+article(o.typ.APIName())); err != nil {
			return "", err
		}
	}
	if len(all) == 0 {
		return "true", nil
	}
	return join(all, " AND "), nil
}

// article puts a or an before the name of a type.
func article(name string) string {
	if strings.ContainsRune("AEIO", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}
