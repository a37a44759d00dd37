package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// versionOf returns the field with @version that some caller may read, or nil.
func versionOf(o *object) *field {
	i := slices.IndexFunc(o.fields, func(f *field) bool { return f.src.Version })
	if i < 0 {
		return nil
	}
	return o.fields[i]
}

// expected returns the version that the client expects the row of a write to have. It is not ok if the client expects none. A variable that is null
// or not set is a mistake: the write would overwrite what the client wants to protect.
func (b *builder) expected(o *object, f selected) (version *field, value arg, ok bool, err error) {
	version = versionOf(o)
	if version == nil || f.Arguments.ForName(version.name) == nil {
		return nil, arg{}, false, nil
	}
	if value, ok = b.argument(f.Field, version.name); !ok {
		return nil, arg{}, false, invalid(version.name+" has no value", "set it, or remove the argument to write whatever the version is")
	}
	return version, value, true, nil
}

// atVersion returns the condition that a row has the version that the client expects, and that the caller may know it; "" if the client expects none.
func (b *builder) atVersion(o *object, f selected, alias string) (string, error) {
	version, value, ok, err := b.expected(o, f)
	if err != nil || !ok {
		return "", err
	}
	known, err := b.versionRule(o, version, alias)
	if err != nil {
		return "", err
	}
	number, err := b.value(version.value, value)
	return both(known, alias+"."+ident(version.column)+" = "+number), err
}

// versionRule returns the condition under which the caller may know the version of a row.
func (b *builder) versionRule(o *object, version *field, alias string) (string, error) {
	row, err := b.readable(o.access, o.typ, alias)
	if err != nil {
		return "", err
	}
	rule, err := b.fieldRule(o, version, alias)
	return both(row, rule), err
}

// anyVersion plans the statement that finds the row of a write whatever its version is; none if the client expects no version.
func (b *builder) anyVersion(o *object, f selected, op schema.Operation) (Statement, error) {
	version, _, ok, err := b.expected(o, f)
	if err != nil || !ok {
		return Statement{}, err
	}
	return b.statement(func() (where string, err error) {
		alias := b.alias()
		if op == schema.Update {
			_, where, err = b.updatedAny(o, f, alias)
		} else {
			where, err = b.keyed(o, f, alias, op, nil)
		}
		if err != nil {
			return "", err
		}
		known, err := b.versionRule(o, version, alias)
		return "SELECT true FROM " + ident(o.typ.Table) + " " + alias + " WHERE " + both(where, known), err
	})
}

// Outdated is the fault of a step whose Current returns a row.
func (s Step) Outdated() error {
	version := versionOf(s.object)
	return &ValueError{
		Fault: fault.New(fault.Conflict, "", version.name+": the "+s.object.typ.APIName()+" has been changed since this version",
			"read it again, and repeat the change"),
		Field: version.name,
	}
}
