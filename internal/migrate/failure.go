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
	Kept       int             `json:"kept,omitempty"` // earlier statements that stay applied, if the file contains NO TRANSACTION or ends its transaction
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
		f.Message, f.Hint = errLeaseLost.Error(), step.kept(o.kept)
	case o.at > 0:
		e := step.statementError(r.o.Dir, o)
		f.Message, f.Hint, f.Err = fmt.Sprintf("line %d: %s", e.Diagnostic.Line, o.server.Message), step.kept(o.kept), e
		if o.server.Code == activeTransaction && !step.file.script.noTransaction {
			f.Hint += "; put the statement into a file of its own that begins with `-- +goose NO TRANSACTION`"
		}
	case o.at == committing:
		f.Message, f.Hint = "the commit failed: "+f.Message, step.kept(o.kept)
	case o.at == recording:
		f.Message = "cannot record its version in " + r.o.Table + ": " + f.Message
		f.Hint = step.kept(o.kept) + "; if the file changes search_path or the role, use SET LOCAL"
	}
	return f
}

const activeTransaction = "25001" // active_sql_transaction: the statement is refused in a transaction

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
	none := fmt.Sprintf("no part of %s was %s", p.file.name, p.direction.past())
	if ran <= 0 {
		return none
	}
	if !p.file.script.noTransaction {
		last, undone := p.lastCommit(ran)
		if last == 0 {
			return none
		}
		except := ""
		if undone {
			except = ", except those that it rolls back itself"
		}
		return fmt.Sprintf("%s ends its transaction at line %d, so its statements up to that line stay applied%s; correct the rest and resume with `krowoc migrate %s`",
			p.file.name, p.file.script.statements(p.direction)[last-1].lines[0], except, p.direction)
	}
	statements := fmt.Sprintf("first %d statements stay applied", ran)
	if ran == 1 {
		statements = "first statement stays applied"
	}
	return fmt.Sprintf("%s contains NO TRANSACTION, so its %s; correct the rest and resume with `krowoc migrate %s`",
		p.file.name, statements, p.direction)
}

// statementError locates the error of the statement that failed.
func (p planned) statementError(dir string, o outcome) *StatementError {
	n, server := o.at, o.server
	e := &StatementError{
		Version: p.file.version, Direction: p.direction,
		SQLState: server.Code, Detail: server.Detail, Hint: server.Hint, Where: server.Where, Constraint: server.ConstraintName,
		Err: server, Kept: o.kept,
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
