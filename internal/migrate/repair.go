package migrate

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// A process may die after it executed a statement that cannot share a transaction with its record. Then the record does not tell
// whether the statement was executed, but the database does.

const (
	createdIndex = `(?i)^create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(\S+)\s+on\s`
	droppedIndex = `(?i)^drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?([^\s;,]+)`
	repeatable   = `(?i)^(?:reindex|vacuum|analyze|cluster|checkpoint|alter\s+system)\b`
	prepared     = `(?i)^prepare\s+transaction\s+'((?:[^']|'')*)'`
	settled      = `(?i)^(?:commit|rollback)\s+prepared\s+'((?:[^']|'')*)'`
	detached     = `(?i)^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(\S+)\s+detach\s+partition\s+(\S+)\s+concurrently`
)

// probes find out, by the form of a statement, whether it was executed. They also remove a partial result that would make it fail
// when it is executed again.
var probes = []struct {
	form  *regexp.Regexp
	probe func(ctx context.Context, conn *pgx.Conn, match []string) (done bool, err error)
}{
	{regexp.MustCompile(createdIndex), probeCreatedIndex},
	{regexp.MustCompile(droppedIndex), func(ctx context.Context, conn *pgx.Conn, match []string) (bool, error) {
		there, err := exists(ctx, conn, match[1])
		return !there, err
	}},
	{regexp.MustCompile(detached), probeDetached},
	{regexp.MustCompile(prepared), func(ctx context.Context, conn *pgx.Conn, match []string) (bool, error) {
		return isPrepared(ctx, conn, match[1])
	}},
	{regexp.MustCompile(settled), func(ctx context.Context, conn *pgx.Conn, match []string) (bool, error) {
		there, err := isPrepared(ctx, conn, match[1])
		return !there, err
	}},
	{regexp.MustCompile(repeatable), func(context.Context, *pgx.Conn, []string) (bool, error) { return false, nil }},
}

// wasExecuted finds out whether the nth statement of a file, at which the file was interrupted, was executed.
func (r *run) wasExecuted(ctx context.Context, step planned, n int) (bool, error) {
	sql := sqltext.Normalise(step.sql[n-1])
	for _, p := range probes {
		match := p.form.FindStringSubmatch(sql)
		if match == nil {
			continue
		}
		done, err := p.probe(ctx, r.session.conn, match)
		if err != nil {
			return false, r.fault(ctx, fmt.Sprintf("find out whether statement %d of %s was executed", n, step.file.name), err)
		}
		return done, nil
	}
	if p := r.state.progress[step.file.version]; p.message != "" { // it failed, and Postgres rolls a failed statement back
		return false, nil
	}
	return false, &fault.Error{Code: fault.Conflict, Op: "go on with " + step.file.name,
		Message: fmt.Sprintf("line %d: %s", step.file.script.statements(step.direction)[n-1].lines[0], errUncertain),
		Err:     errUncertain, Hint: "check whether it was, and record the answer; `krowoc migrate repair` shows how"}
}

// probeCreatedIndex removes the invalid index that an interrupted CREATE INDEX CONCURRENTLY leaves.
func probeCreatedIndex(ctx context.Context, conn *pgx.Conn, match []string) (bool, error) {
	var valid bool
	var name string
	err := conn.QueryRow(ctx, "select indisvalid, indexrelid::regclass::text from pg_index where indexrelid = to_regclass($1)", match[1]).Scan(&valid, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil || valid {
		return valid, err
	}
	_, err = conn.Exec(ctx, "DROP INDEX CONCURRENTLY "+name)
	return false, err
}

// probeDetached finishes a DETACH PARTITION CONCURRENTLY, which has two transactions of its own.
func probeDetached(ctx context.Context, conn *pgx.Conn, match []string) (bool, error) {
	var pending bool
	err := conn.QueryRow(ctx, "select inhdetachpending from pg_inherits where inhparent = to_regclass($1) and inhrelid = to_regclass($2)",
		match[1], strings.TrimSuffix(match[2], ";")).Scan(&pending)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	if err != nil || !pending {
		return false, err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE", match[1], match[2]))
	return true, err
}

// isPrepared reports whether there is a prepared transaction with a name, as it is between quotes.
func isPrepared(ctx context.Context, conn *pgx.Conn, name string) (there bool, err error) {
	return there, conn.QueryRow(ctx, "select exists (select from pg_prepared_xacts where gid = $1)", strings.ReplaceAll(name, "''", "'")).Scan(&there)
}

// Repair lists what interrupted migrations have left in a database.
type Repair struct {
	Interrupted    []Interrupted  `json:"interrupted"`
	InvalidIndexes []InvalidIndex `json:"invalidIndexes"`
}

// Interrupted is a file that was interrupted: without a transaction, or with one that it ends itself.
type Interrupted struct {
	Version    int64            `json:"version"`
	File       string           `json:"file"`
	Direction  Direction        `json:"direction"`
	Statements []InterruptedSQL `json:"statements"`
	Message    string           `json:"message,omitempty"` // Postgres's error for the failed statement
}

// InterruptedSQL is a statement of an interrupted file.
type InterruptedSQL struct {
	Line  int    `json:"line"`
	SQL   string `json:"sql"`
	State string `json:"state"` // done, failed, uncertain or pending
}

// InvalidIndex is an index that Postgres maintains but does not use. A failed CREATE INDEX CONCURRENTLY leaves one.
type InvalidIndex struct {
	Index string `json:"index"`
	Table string `json:"table"`
}

// Inspect lists what needs a repair. It changes nothing and takes no lock.
func (m *Migrator) Inspect(ctx context.Context) (Repair, error) {
	s, err := m.state(ctx, m.o.DB)
	if err != nil {
		return Repair{}, err
	}
	rep := Repair{Interrupted: []Interrupted{}, InvalidIndexes: []InvalidIndex{}}
	for _, f := range s.files {
		p, ok := s.progress[f.version]
		if !ok {
			continue
		}
		if err := load(m.o.FS, m.o.Dir, []*file{f}); err != nil {
			return Repair{}, err
		}
		one := Interrupted{Version: f.version, File: f.name, Direction: p.direction, Message: p.message}
		for i, sql := range f.script.statements(p.direction) {
			one.Statements = append(one.Statements, InterruptedSQL{Line: sql.lines[0], SQL: sql.text, State: p.stateOf(i + 1)})
		}
		rep.Interrupted = append(rep.Interrupted, one)
	}
	rows, _ := m.o.DB.Query(ctx, `select indexrelid::regclass::text, indrelid::regclass::text from pg_index where not indisvalid
		and indrelid not in (select inhparent from pg_inherits) order by 1`)
	if rep.InvalidIndexes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[InvalidIndex]); err != nil {
		return Repair{}, pg.Fault("list the invalid indexes", err)
	}
	return rep, nil
}

func (p progress) stateOf(n int) string {
	switch {
	case n <= p.finished:
		return "done"
	case n == p.begun && p.message != "":
		return "failed"
	case n == p.begun:
		return "uncertain"
	}
	return "pending"
}

// Resolve records whether the statement at which a file was interrupted was executed.
func (m *Migrator) Resolve(ctx context.Context, version int64, done bool) error {
	return m.repair(ctx, version, func(r *run, step planned, p progress) (string, error) {
		finished := p.finished
		if s := step.segmentAt(finished); done {
			if s.end != runsAlone && s.end != prepares { // with its progress, so that Postgres has undone all of it
				return "", fault.New(fault.Conflict, "repair "+step.file.name, "the statement was in a transaction that was rolled back, with the others of it",
					fmt.Sprintf("undo what you executed by hand, correct the file, and run `krowoc migrate %s`", step.direction))
			}
			finished = s.to
		}
		return r.noteSQL(step, finished, finished, ""), nil
	})
}

// Forget deletes the progress of an interrupted file whose statements were undone by hand.
func (m *Migrator) Forget(ctx context.Context, version int64) error {
	return m.repair(ctx, version, func(r *run, step planned, _ progress) (string, error) { return r.forgetSQL(step), nil })
}

// DropInvalidIndexes drops the invalid indexes of failed builds and returns their names.
func (m *Migrator) DropInvalidIndexes(ctx context.Context) ([]string, error) {
	rep, err := m.Inspect(ctx)
	if err != nil {
		return nil, err
	}
	var dropped []string
	err = m.locked(ctx, "migrate repair", func(ctx context.Context, r *run) error {
		for _, index := range rep.InvalidIndexes {
			if _, err := r.session.conn.Exec(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+index.Index); err != nil {
				return r.fault(ctx, "drop the invalid index "+index.Index, err)
			}
			dropped = append(dropped, index.Index)
		}
		return nil
	})
	return dropped, err
}

// repair runs one statement on the record of an interrupted file.
func (m *Migrator) repair(ctx context.Context, version int64, sql func(*run, planned, progress) (string, error)) error {
	return m.locked(ctx, "migrate repair", func(ctx context.Context, r *run) error {
		p, ok := r.state.progress[version]
		f := r.state.file(version)
		if !ok || f == nil {
			return fault.New(fault.NotFound, "repair", fmt.Sprintf("version %d is not interrupted", version), "list the interrupted ones with `krowoc migrate repair`")
		}
		if err := load(m.o.FS, m.o.Dir, []*file{f}); err != nil {
			return err
		}
		step := planned{file: f, direction: p.direction}
		var err error
		if step.sql, err = f.substitute(m.o.Dir, p.direction, m.o.LookupEnv); err != nil {
			return err
		}
		if p.finished >= len(step.sql) {
			return fault.New(fault.Conflict, "repair", "all statements of the file were executed", "record it with `krowoc migrate "+string(p.direction)+"`")
		}
		statement, err := sql(r, step, p)
		if err != nil {
			return err
		}
		if _, err := r.session.conn.Exec(ctx, statement); err != nil {
			return r.fault(ctx, "repair "+f.name, err)
		}
		return nil
	})
}
