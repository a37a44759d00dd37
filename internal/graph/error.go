package graph

import (
	"errors"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
)

// Error is what is wrong at one field of an operation. Fault holds the category, the message and the hint; the rest is what
// the errors of a GraphQL response carry beside them.
type Error struct {
	Fault        error
	Path         []string // response keys from the root to the field; no list indexes, because no row has been read yet
	Row          string   // the row of the data that is to be written, as data[2]; empty if there is only one
	Line, Column int      // of the field in the document, from 1; 0 when unknown
}

// Error implements error.
func (e *Error) Error() string { return e.Fault.Error() }

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.Fault }

// Mistakes are what is wrong with the values of an input, all at once. It is never empty.
type Mistakes []error

// Error implements error.
func (m Mistakes) Error() string { return errors.Join(m...).Error() }

// Unwrap returns the mistakes.
func (m Mistakes) Unwrap() []error { return m }

// ValueError is a value of an input that its field, or a constraint of the type, does not allow.
type ValueError struct {
	Fault      error
	Field      string // of the input; empty where several fields matter
	Constraint string // the name of a constraint in Postgres; empty for a value that is not of its type
}

// Error implements error.
func (e *ValueError) Error() string { return e.Fault.Error() }

// Unwrap returns the fault.
func (e *ValueError) Unwrap() error { return e.Fault }

// Location is a field of an operation. A nil Location is the operation as a whole.
type Location struct {
	Parent       *Location
	Key          string // in the response
	Row          string // of its data, as data[2]; empty if it writes one row
	Line, Column int
}

// Path returns the response keys from the root to the field.
func (l *Location) Path() []string {
	var path []string
	for ; l != nil; l = l.Parent {
		path = append(path, l.Key)
	}
	slices.Reverse(path)
	return path
}

// Wrap returns err as an Error at the field. An error that already has a location keeps it, because the innermost field is
// the most precise.
func (l *Location) Wrap(err error) error {
	var located *Error
	if err == nil || l == nil || asError(err, &located) {
		return err
	}
	return &Error{Fault: err, Path: l.Path(), Row: l.Row, Line: l.Line, Column: l.Column}
}

// within plans a field: errors and parameters that plan brings about are located there.
func (b *builder) within(f selected, plan func() error) error {
	outer := b.location
	b.location = &Location{Parent: outer, Key: f.Alias}
	if p := f.Position; p != nil {
		b.location.Line, b.location.Column = p.Line, p.Column
	}
	err := b.location.Wrap(plan())
	b.location = outer
	return err
}

// inRow plans a row of the data of a field: errors and parameters that plan brings about are located there.
func (b *builder) inRow(row string, plan func() error) error {
	outer, inner := b.location, *b.location
	inner.Row = row
	b.location = &inner
	err := b.location.Wrap(plan())
	b.location = outer
	return err
}

// invalid is the fault of a value that a client gave.
func invalid(message, hint string) error {
	return fault.New(fault.Invalid, "", message, hint)
}
