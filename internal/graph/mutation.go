package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/celsql"
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
}

// addMutations names the writes of every type that has a rule for them.
func (a *API) addMutations() {
	for _, o := range a.objects {
		o.inputs = inputsOf(o)
		for _, m := range []struct {
			verb      string
			operation schema.Operation
		}{{"create", schema.Create}, {"update", schema.Update}, {"delete", schema.Delete}} {
			if slices.ContainsFunc(o.typ.Rules, func(r schema.Rule) bool { return r.Allows(m.operation) }) {
				name := m.verb + o.typ.Name
				a.mutations[name] = mutation{o, m.operation}
				a.mutationNames = append(a.mutationNames, name)
			}
		}
	}
}

func inputsOf(o *object) (list []inputField) {
	for _, f := range o.typ.Fields {
		if f.ReadOnly() || serviceOnly(f) {
			continue
		}
		for _, k := range keyFields(f) {
			ownField := k.name != f.Name && o.typ.Field(k.name) != nil // which is listed by itself
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
	if op == schema.Update && in.fixed {
		return false
	}
	return !in.src.Auth || slices.ContainsFunc(in.src.Rules, func(r schema.Rule) bool { return r.Allows(op) })
}

// Step is one root field of a mutation: a statement that writes, and one that reads the row for the answer. All steps
// of an operation run in one transaction.
type Step struct {
	// Write returns the key of the row as texts and then a boolean: whether the rules allow the row as it is after the write.
	// It returns no row when none with this key exists that the caller is allowed to change.
	Write Statement
	// Read returns the JSON of the row with that key.
	Read Statement
	// Deletes is set when the row is gone after Write, so that Read must run first.
	Deletes bool

	// Location is the root field.
	Location *Location

	object *object
}

// Statement is SQL with its parameters.
type Statement struct {
	SQL    string
	Params []Param
}

// Bind returns the values of the parameters for a request. Read takes the key that Write returned.
func (s Statement) Bind(r Request, key []string) ([]any, error) {
	r.key = key
	return bindAll(s.Params, r)
}

// Missing is the fault of a step whose Write returns no row.
func (s Step) Missing() error {
	return fault.New(fault.NotFound, "", "no "+s.object.typ.Name+" with this key exists that you are allowed to change")
}

// Refused is the fault of a step whose Write leaves a row that the rules do not allow.
func (s Step) Refused() error {
	return fault.New(fault.Forbidden, "", "you are not allowed to write this "+s.object.typ.Name)
}

// Table is the table that the step writes.
func (s Step) Table() string { return s.object.typ.Table }

// mutate plans one root field of a mutation.
func (b *builder) mutate(f selected) error {
	m := b.api.mutations[f.Name]
	b.writes(m.object.typ, m.operation)
	step := Step{object: m.object, Deletes: m.operation == schema.Delete, Location: b.location}
	var err error
	step.Write, err = b.statement(func() (string, error) {
		switch m.operation {
		case schema.Create:
			return b.create(m.object, f)
		case schema.Update:
			return b.update(m.object, f)
		}
		return b.delete(m.object, f)
	})
	if err != nil {
		return err
	}
	step.Read, err = b.statement(func() (string, error) {
		s := &scope{object: m.object, alias: b.alias()}
		var where []string
		for i, k := range m.object.key {
			value, err := b.keyToRead(f, k, i, step.Deletes)
			if err != nil {
				return "", err
			}
			where = append(where, s.raw(k.column)+" = "+value)
		}
		sql, err := b.row(s, where, f, &b.plan.Cost, 1)
		return "SELECT " + sql, err
	})
	b.plan.Steps = append(b.plan.Steps, step)
	return err
}

// statement plans a statement with its own parameters.
func (b *builder) statement(write func() (string, error)) (Statement, error) {
	params, shared := b.params, b.shared
	b.params, b.shared = nil, map[sharedParam]int{}
	defer func() { b.params, b.shared = params, shared }()
	sql, err := write()
	return Statement{sql, b.params}, err
}

// keyToRead returns SQL for a part of the key of the row to read: the argument, or the key that Write returned.
func (b *builder) keyToRead(f selected, k *field, i int, given bool) (string, error) {
	if given {
		return b.keyArgument(f, k)
	}
	return b.param(Param{Kind: RowKey, index: i}), nil
}

func (b *builder) keyArgument(f selected, k *field) (string, error) {
	value, ok := b.argument(f.Field, k.name)
	if !ok {
		return "", invalid("the argument "+k.name+" is missing", "")
	}
	return b.value(k.value, value)
}

// permission returns the condition under which the rules allow an operation on a row that sets the given fields. It fails when
// they allow it on no row.
func (b *builder) permission(o *object, op schema.Operation, given []inputField, alias string) (string, error) {
	var all []string
	add := func(rules []schema.Rule, what string) error {
		condition, err := b.readable(accessTo(rules, op), o.typ, alias)
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
	if err := add(o.typ.Rules, "you are not allowed to "+verb+" "+article(o.typ.Name)); err != nil {
		return "", err
	}
	for _, in := range given {
		if in.src.Auth {
			if err := add(in.src.Rules, "you are not allowed to set "+in.name+" of "+article(o.typ.Name)); err != nil {
				return "", err
			}
		}
	}
	if len(all) == 0 {
		return "true", nil
	}
	return join(all, " AND "), nil
}

// assignments returns the columns that data gives and their values, and the fields.
func (b *builder) assignments(o *object, f selected, op schema.Operation) (columns, values []string, given []inputField, err error) {
	data, _ := b.argument(f.Field, "data")
	for _, d := range data.fields {
		i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.name == d.name && in.writable(op) })
		if i < 0 {
			continue // the placeholder of an input without fields
		}
		in := o.inputs[i]
		value, err := b.assigned(in, d.value)
		if err != nil {
			return nil, nil, nil, err
		}
		columns, values, given = append(columns, ident(in.column)), append(values, value), append(given, in)
	}
	return columns, values, given, b.grow()
}

// assigned returns SQL for a value that a column takes.
func (b *builder) assigned(in inputField, value arg) (string, error) {
	switch {
	case value.null && !in.nullable:
		return "", invalid(in.name+" cannot be null", "leave it out, or set a value")
	case value.null:
		return "NULL", nil
	}
	return b.clientValue(Param{Kind: Variable, input: value.input, form: asColumn, value: in.value, name: in.name})
}

// computed returns SQL for the value of a @default or @onUpdate expression.
func (b *builder) computed(o *object, in inputField, e *schema.Expr, alias string) (string, error) {
	if e.Source == "auth.uid" {
		return b.uid(in.value), nil
	}
	sql, err := celsql.ValueOf(in.value.enum)(e.AST, b.api.model, o.typ, alias, b.celArgument)
	if err != nil {
		return "", &fault.Error{Code: fault.Invalid, Op: "derive the API", Err: err, Message: fmt.Sprintf("%s: %q cannot be translated to SQL: %v", e.Pos, e.Source, err)}
	}
	b.reads(celsql.Reads(e.AST, b.api.model)...)
	switch {
	case in.value.enum != nil:
		sql = "(" + sql + ")::" + ident(in.value.enum.DBName) + in.value.brackets()
	case in.value.scalar == schema.ID && (in.value.dataType == "" || in.value.dataType == "uuid"):
		sql = "(" + sql + ")::uuid"
	}
	return sql, nil
}

// create inserts a row and checks that the rules allow it.
func (b *builder) create(o *object, f selected) (string, error) {
	columns, values, given, err := b.assignments(o, f, schema.Create)
	if err != nil {
		return "", err
	}
	for _, in := range o.inputs {
		e := defaultExpr(in.src)
		if e == nil || slices.Contains(columns, ident(in.column)) {
			continue
		}
		value, err := b.computed(o, in, e, "new")
		if err != nil {
			return "", err
		}
		columns, values = append(columns, ident(in.column)), append(values, value)
	}
	alias := b.alias()
	allowed, err := b.permission(o, schema.Create, given, alias)
	insert := "INSERT INTO " + ident(o.typ.Table)
	if len(columns) == 0 {
		insert += " DEFAULT VALUES"
	} else {
		insert += " (" + join(columns, ", ") + ") VALUES (" + join(values, ", ") + ")"
	}
	return written(o, insert+" RETURNING *", alias, allowed), err
}

// update changes a row that the rules allow to change, and checks that they allow the result.
func (b *builder) update(o *object, f selected) (string, error) {
	columns, values, given, err := b.assignments(o, f, schema.Update)
	if err != nil {
		return "", err
	}
	old, alias := b.alias(), b.alias()
	for _, in := range o.inputs {
		if in.src.OnUpdate == nil || slices.Contains(columns, ident(in.column)) {
			continue
		}
		value, err := b.computed(o, in, in.src.OnUpdate, old)
		if err != nil {
			return "", err
		}
		columns, values = append(columns, ident(in.column)), append(values, value)
	}
	where, err := b.keyed(o, f, old, schema.Update, given)
	if err != nil {
		return "", err
	}
	allowed, err := b.permission(o, schema.Update, given, alias)
	if len(columns) == 0 {
		return written(o, fmt.Sprintf("SELECT * FROM %s %s WHERE %s", ident(o.typ.Table), old, where), alias, allowed), err
	}
	var set []string
	for i, c := range columns {
		set = append(set, c+" = "+values[i])
	}
	return written(o, fmt.Sprintf("UPDATE %s %s SET %s WHERE %s RETURNING %s.*", ident(o.typ.Table), old, join(set, ", "), where, old), alias, allowed), err
}

// delete deletes a row if the rules allow it.
func (b *builder) delete(o *object, f selected) (string, error) {
	alias := b.alias()
	where, err := b.keyed(o, f, alias, schema.Delete, nil)
	return fmt.Sprintf("DELETE FROM %s %s WHERE %s RETURNING %s, true", ident(o.typ.Table), alias, where, keyTexts(o, alias)), err
}

// keyed returns the condition that selects the row with the key in the arguments if the rules allow the operation.
func (b *builder) keyed(o *object, f selected, alias string, op schema.Operation, given []inputField) (string, error) {
	var where []string
	for _, k := range o.key {
		value, err := b.keyArgument(f, k)
		if err != nil {
			return "", err
		}
		where = append(where, alias+"."+ident(k.column)+" = "+value)
	}
	b.reads(o.typ)
	allowed, err := b.permission(o, op, given, alias)
	return join(append(where, allowed), " AND "), err
}

// written wraps a statement that returns a row.
func written(o *object, statement, alias, allowed string) string {
	return fmt.Sprintf("WITH new AS (%s) SELECT %s, coalesce(%s, false) FROM new %s", statement, keyTexts(o, alias), allowed, alias)
}

func keyTexts(o *object, alias string) string {
	var keys []string
	for _, k := range o.key {
		keys = append(keys, alias+"."+ident(k.column)+"::text")
	}
	return join(keys, ", ")
}

// article puts a or an before the name of a type.
func article(name string) string {
	if strings.ContainsRune("AEIO", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}
