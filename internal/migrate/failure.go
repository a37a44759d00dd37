package migrate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// StatementError is a statement of a migration that Postgres rejected. Its diagnostic has the place in the file and
// Postgres's message. errors.As also finds it as a diag.List.
type StatementError struct {
	Diagnostic diag.Diagnostic `json:"diagnostic"`
	Version    int64           `json:"version"`
	Direction  Direction       `json:"direction"`
	Line       int             `json:"line"`           // where the statement begins
	Kept       int             `json:"kept,omitempty"` // earlier statements that stay applied, if the file contains NO TRANSACTION
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

// failure returns the error that stopped a file. Its hint describes the state of the database.
func (r *run) failure(ctx context.Context, step planned, o outcome) error {
	op := "apply migration " + step.file.name
	if step.direction == Down {
		op = "roll back migration " + step.file.name
	}
	f := r.fault(ctx, op, o.err)
	switch {
	case ctx.Err() != nil || o.server == nil || r.session.conn.IsClosed(): // the connection was lost
		f.Hint = r.aftermath(ctx, step)
	case hasCode(o.err, leaseLost):
		f.Message, f.Hint = errLeaseLost.Error(), step.kept(r.done(step, o))
	case o.at > 0:
		e := step.statementError(r.o.Dir, o.at, o.server)
		f.Message, f.Hint, f.Err = fmt.Sprintf("line %d: %s", e.Diagnostic.Line, o.server.Message), step.kept(o.at-1), e
	case o.at == committing:
		f.Message, f.Hint = "the commit failed: "+f.Message, step.kept(r.done(step, o))
	case o.at == recording:
		f.Message = "cannot record its version in " + r.o.Table + ": " + f.Message
		f.Hint = step.kept(r.done(step, o)) + "; if the file changes search_path or the role, use SET LOCAL"
	}
	return f
}

// done counts the statements of a file that stay applied after a failure.
func (r *run) done(step planned, o outcome) int {
	if o.at > 0 {
		return o.at - 1
	}
	return len(step.sql)
}

// aftermath finds out the state of a file after the connection was lost, once the server has ended the old session.
func (r *run) aftermath(ctx context.Context, step planned) string {
	r.session.close(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	s, err := r.Migrator.state(ctx, r.o.DB)
	if err != nil {
		return "it is unknown whether the file was committed; check with `krowoc migrate status` when the database is available"
	}
	if s.isApplied(step.file.version) == (step.direction == Up) {
		return fmt.Sprintf("%s was %s despite the error", step.file.name, step.direction.past())
	}
	return step.kept(s.finished(step))
}

// asFault translates an error of Postgres.
func asFault(op string, err error) *fault.Error {
	f := &fault.Error{}
	errors.As(pg.Fault(op, err), &f)
	return f
}

// past returns the direction as a past participle.
func (d Direction) past() string {
	if d == Down {
		return "rolled back"
	}
	return "applied"
}

// kept describes the state that a failure leaves after ran statements have succeeded.
func (p planned) kept(ran int) string {
	if !p.file.script.noTransaction || ran <= 0 {
		return fmt.Sprintf("no part of %s was %s", p.file.name, p.direction.past())
	}
	statements := fmt.Sprintf("first %d statements stay applied", ran)
	if ran == 1 {
		statements = "first statement stays applied"
	}
	return fmt.Sprintf("%s contains NO TRANSACTION, so its %s; correct the rest and resume with `krowoc migrate %s`",
		p.file.name, statements, p.direction)
}

// statementError locates an error of the nth statement of the file, counted from 1.
func (p planned) statementError(dir string, n int, server *pgconn.PgError) *StatementError {
	e := &StatementError{
		Version: p.file.version, Direction: p.direction,
		SQLState: server.Code, Detail: server.Detail, Hint: server.Hint, Where: server.Where, Constraint: server.ConstraintName,
		Err: server,
	}
	if p.file.script.noTransaction {
		e.Kept = n - 1
	}
	s := p.file.script.statements(p.direction)[n-1]
	e.Line = s.lines[0]
	e.Diagnostic = diag.Diagnostic{
		Severity: diag.Error, Code: "sql-" + strings.ToLower(server.Code), Message: serverText(server), Remedy: server.Hint,
		Position: diag.Position{File: path.Join(dir, p.file.name)},
	}
	e.Diagnostic.Line, e.Diagnostic.Column, e.Diagnostic.Width = s.locate(p.sql[n-1], server)
	e.Diagnostic.Source = p.file.sourceLine(e.Diagnostic.Line)
	return e
}

// serverText returns Postgres's message with all its details except the hint.
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
