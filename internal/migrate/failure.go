package migrate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// StatementError is a statement of a migration that Postgres refused. Its diagnostic shows where, in the
// file, and what Postgres said of it; errors.As finds it as a diag.List too.
type StatementError struct {
	Diagnostic diag.Diagnostic `json:"diagnostic"`
	Version    int64           `json:"version"`
	Direction  Direction       `json:"direction"`
	Line       int             `json:"line"`           // where the statement begins
	Kept       int             `json:"kept,omitempty"` // statements before it that stay, when the file says NO TRANSACTION
	SQLState   string          `json:"sqlstate"`
	Detail     string          `json:"detail,omitempty"`
	Hint       string          `json:"hint,omitempty"`
	Where      string          `json:"where,omitempty"`
	Constraint string          `json:"constraint,omitempty"`
	Err        error           `json:"-"` // the *pgconn.PgError
}

// Error renders the diagnostic.
func (e *StatementError) Error() string { return e.Diagnostic.String() }

// Unwrap returns the diagnostic as a list, and Postgres's error.
func (e *StatementError) Unwrap() []error { return []error{diag.List{e.Diagnostic}, e.Err} }

// failure says what stopped a run, and in what state it leaves the database.
func (m *Migrator) failure(ctx context.Context, op string, o *observer, err error) error {
	step := o.current()
	if o.started == len(o.results) && !errors.As(err, new(*goose.PartialError)) {
		f := m.fault(ctx, op, err)
		if f.Code == fault.Internal { // goose could not read the file: a variable of ENVSUB is not set
			f.Code = fault.Invalid
		}
		return f
	}
	o.begin()
	op = "apply migration " + step.file.name
	if step.direction == Down {
		op = "roll back migration " + step.file.name
	}
	f := m.fault(ctx, op, err)
	var server *pgconn.PgError
	answered := errors.As(err, &server)
	switch {
	case o.failed("commit") && !answered: // interrupted, or cut off, while Postgres was at it
		f.Hint = "it was about to be committed: `krowoc migrate status` shows whether it was"
	case ctx.Err() != nil:
		f.Hint = step.kept(o.next - 1)
	case answered && o.next > 0 && o.failed(o.statement):
		e := step.statementError(m.o.Dir, o.next, o.statement, server)
		f.Message, f.Hint, f.Err = fmt.Sprintf("line %d: %s", e.Diagnostic.Line, server.Message), step.kept(o.next-1), e
	case o.failed("commit"):
		f.Message, f.Hint = "Postgres refused to commit it: "+f.Message, step.kept(o.next)
	case answered:
		f.Message = "its version cannot be recorded in " + m.o.Table + ": " + f.Message
		f.Hint = step.kept(o.next) + "; does the file change search_path or the role? SET LOCAL keeps that to itself"
	}
	o.send(Event{Kind: Failed, Result: o.ended(), Err: f})
	return f
}

// fault translates err, giving the end of ctx precedence over the errors that followed from it.
func (m *Migrator) fault(ctx context.Context, op string, err error) *fault.Error {
	if ctx.Err() != nil {
		return &fault.Error{Code: fault.CodeOf(ctx.Err()), Op: op, Message: "interrupted", Err: ctx.Err()}
	}
	f := &fault.Error{}
	errors.As(pg.Fault(op, err), &f)
	return f
}

// kept says what a failure leaves behind, when ran statements had succeeded before it.
func (p planned) kept(ran int) string {
	done, again := "applied", "apply"
	if p.direction == Down {
		done, again = "rolled back", "roll back"
	}
	if !p.file.script.noTransaction || ran <= 0 {
		return fmt.Sprintf("nothing of %s was %s", p.file.name, done)
	}
	statements := fmt.Sprintf("first %d statements stay", ran)
	if ran == 1 {
		statements = "first statement stays"
	}
	return fmt.Sprintf("%s says NO TRANSACTION, so its %s; undo that by hand, or write it so that it can run twice (IF NOT EXISTS), and %s it again",
		p.file.name, statements, again)
}

// statementError locates what Postgres said of the nth statement of the file, counted from 1. sent is its
// text after the substitution of variables.
func (p planned) statementError(dir string, n int, sent string, server *pgconn.PgError) *StatementError {
	e := &StatementError{
		Version: p.file.version, Direction: p.direction,
		SQLState: server.Code, Detail: server.Detail, Hint: server.Hint, Where: server.Where, Constraint: server.ConstraintName,
		Err: server,
	}
	if p.file.script.noTransaction {
		e.Kept = n - 1
	}
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "sql-" + strings.ToLower(server.Code), Message: serverText(server), Remedy: server.Hint,
		Position: diag.Position{File: path.Join(dir, p.file.name)},
	}
	if all := p.file.script.statements(p.direction); n <= len(all) {
		s := all[n-1]
		e.Line = s.lines[0]
		d.Line, d.Column, d.Width = s.locate(sent, server)
		d.Source = p.file.sourceLine(d.Line)
	}
	e.Diagnostic = d
	return e
}

// serverText is everything that Postgres said but its hint.
func serverText(e *pgconn.PgError) string {
	text := fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Where != "" {
		text += "; " + strings.ReplaceAll(e.Where, "\n", "; ")
	}
	return text
}
