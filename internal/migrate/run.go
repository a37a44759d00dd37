package migrate

import (
	"context"
	"errors"

	"github.com/krowoc/krowoc/internal/fault"
)

// run is one operation on the database, from the lock to the last file.
type run struct {
	*Migrator
	op      string
	session *session
	state   state
	plan    plan
	results []Result
	retries int // of the current file
}

// execute takes the lock, makes a plan and executes it. It holds the lock from before it first reads the database until after the
// last change. So if many processes start at once, one does the work and the others find nothing to do.
func (m *Migrator) execute(ctx context.Context, op string, decide func(state) (plan, error)) (results []Result, err error) {
	if m.o.DryRun {
		return m.dryRun(ctx, decide)
	}
	a := m.readAhead()
	defer a.wait()
	err = m.locked(ctx, op, func(ctx context.Context, r *run) error {
		var compared []comparison
		if r.plan, compared, err = m.planned(r.state, a, decide); err != nil {
			return err
		}
		if err := r.accept(ctx, compared); err != nil || len(r.plan) == 0 {
			return err
		}
		if err := r.prepare(ctx); err != nil {
			return err
		}
		results, err = r.work(ctx)
		return errors.Join(err, m.recordSums(results, r.plan))
	})
	return results, err
}

// locked runs work while it holds the migration lock.
func (m *Migrator) locked(ctx context.Context, op string, work func(context.Context, *run) error) error {
	s, err := openSession(ctx, m.o.DB)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	r := &run{Migrator: m, op: op, session: s}
	if err := s.lock(ctx, m.o.LeaseTTL, r.waiting); err != nil {
		return err
	}
	if s.lease != nil {
		ctx = s.lease.keep(ctx)
	}
	if r.state, err = m.state(ctx, s.conn); err != nil {
		return err
	}
	return work(ctx, r)
}

// planned makes the plan and runs every check that is possible before the first statement.
func (m *Migrator) planned(s state, a *ahead, decide func(state) (plan, error)) (plan, []comparison, error) {
	compared, err := m.compare(s, a)
	if err != nil {
		return nil, nil, err
	}
	p, err := decide(s)
	if err == nil {
		err = p.checkInterrupted(s)
	}
	if err == nil {
		err = m.checkApplied(s, compared, p)
	}
	if err == nil && len(p) > 0 {
		err = m.checkPlan(s, p)
	}
	return p, compared, err
}

// checkPlan runs the checks of the files that are about to run, and sets their SQL.
func (m *Migrator) checkPlan(s state, p plan) (err error) {
	if err := load(m.o.FS, m.o.Dir, p.files()); err != nil {
		return err
	}
	if err := p.checkBaseline(s); err != nil {
		return err
	}
	if err := p.checkOrder(s, m.o.AllowMissing); err != nil {
		return err
	}
	if err := m.checkSums(p); err != nil {
		return err
	}
	if err := p.checkReversible(m.o.RollbackOnFailure, m.o.Irreversible); err != nil {
		return err
	}
	for i := range p {
		if p[i].sql, err = p[i].file.substitute(m.o.Dir, p[i].direction, m.o.LookupEnv); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes what the work needs, and sets what holds for all of it.
func (r *run) prepare(ctx context.Context) error {
	if !r.state.known {
		if err := createVersions(ctx, r.o.DB, r.o.Table); err != nil {
			return err
		}
	}
	return nil
}

// work runs the hooks and the files.
func (r *run) work(ctx context.Context) ([]Result, error) {
	if err := r.hook(ctx, "before", r.o.Before); err != nil {
		return nil, err
	}
	if err := r.files(ctx, r.plan); err != nil {
		if r.o.RollbackOnFailure && ctx.Err() == nil {
			err = r.rollback(ctx, err)
		}
		return r.results, err
	}
	return r.results, r.hook(ctx, "after", r.o.After)
}

func (r *run) files(ctx context.Context, p plan) error {
	for i, step := range p {
		if ctx.Err() != nil {
			return r.interrupted(ctx, r.op)
		}
		began := r.o.Now()
		result := Result{Version: step.file.version, File: step.file.name, Direction: step.direction, Empty: len(step.sql) == 0}
		event := Event{Kind: Started, N: i + 1, Of: len(p), Result: result}
		r.o.Report(event)
		r.retries = 0
		traced, end := r.o.Trace(ctx, result)
		locks, err := r.watched(traced, event, func() ([]Lock, error) { return r.file(traced, step) })
		end(err)
		event.Duration, event.Locks, event.Retries = r.o.Now().Sub(began), locks, r.retries
		if err != nil {
			event.Kind, event.Err = Failed, err
			r.o.Report(event)
			return err
		}
		event.Kind = Done
		r.results = append(r.results, event.Result)
		r.o.Report(event)
	}
	return nil
}

// rollback undoes the files before the one that failed, unless a part of that stays applied: it needs them.
func (r *run) rollback(ctx context.Context, failure error) error {
	failed := r.plan[len(r.results)].file
	s, err := r.Migrator.state(ctx, r.o.DB)
	if err != nil {
		return errors.Join(failure, err)
	}
	if _, partly := s.progress[failed.version]; partly {
		return errors.Join(failure, fault.New(fault.Conflict, "roll back the earlier migrations", "a part of "+failed.name+" stays applied, so the files before it stay applied too"))
	}
	return r.undo(ctx, failure)
}

// undo rolls back the files that this run has applied, after a failure.
func (r *run) undo(ctx context.Context, failure error) error {
	var back plan
	for i := len(r.results) - 1; i >= 0; i-- {
		step := planned{file: r.plan[i].file, direction: Down}
		sql, err := step.file.substitute(r.o.Dir, Down, r.o.LookupEnv)
		if err != nil {
			return errors.Join(failure, err)
		}
		step.sql = sql
		back = append(back, step)
	}
	if err := r.files(ctx, back); err != nil {
		return errors.Join(failure, err)
	}
	return failure
}

// hook runs SQL of the configuration, each statement on its own.
func (r *run) hook(ctx context.Context, when string, statements []string) error {
	for _, sql := range statements {
		if _, err := r.session.conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			f := r.fault(ctx, "run the hook "+when+" the migrations", err)
			f.Hint = "the statement is `" + sql + "`, in migrations." + when + " of the configuration"
			return f
		}
	}
	return nil
}

// state reads the folder and the tables.
func (m *Migrator) state(ctx context.Context, db querier) (s state, err error) {
	s.skipGo = m.o.SkipGo
	if s.files, err = readFolder(m.o.FS, m.o.Dir, m.o.Logger); err != nil {
		return s, err
	}
	if s.applied, s.known, err = readApplied(ctx, db, m.o.Table); err != nil {
		return s, err
	}
	if s.progress, s.schema, err = readProgress(ctx, db, m.o.Table); err != nil {
		return s, err
	}
	return s, s.readIdentities(ctx, db, m.o.Table)
}

// CheckUp runs every check of Up that needs no statement of a file, and returns how many files Up would apply. It takes no lock and
// changes nothing.
func (m *Migrator) CheckUp(ctx context.Context) (pending int, err error) {
	a := m.readAhead()
	defer a.wait()
	s, err := m.state(ctx, m.o.DB)
	if err != nil {
		return 0, err
	}
	p, _, err := m.planned(s, a, func(s state) (plan, error) { return s.up(latest) })
	return len(p), err
}

// dryRun returns the results that a run would have, with its SQL. It takes no lock.
func (m *Migrator) dryRun(ctx context.Context, decide func(state) (plan, error)) ([]Result, error) {
	a := m.readAhead()
	defer a.wait()
	s, err := m.state(ctx, m.o.DB)
	if err != nil {
		return nil, err
	}
	p, _, err := m.planned(s, a, decide)
	if err != nil {
		return nil, err
	}
	r := &run{Migrator: m, state: s}
	var results []Result
	for _, step := range p {
		results = append(results, Result{Version: step.file.version, File: step.file.name, Direction: step.direction,
			Empty: len(step.sql) == 0, SQL: r.preview(step), statements: step.sql})
	}
	return results, nil
}

// waiting reports the holder of the lock.
func (r *run) waiting(h Holder) { r.o.Report(Event{Kind: Waiting, Holder: &h}) }

// interrupted returns the error of a run that was canceled or whose lease is lost.
func (r *run) interrupted(ctx context.Context, op string) *fault.Error {
	if cause := context.Cause(ctx); errors.Is(cause, errLeaseLost) {
		return &fault.Error{Code: fault.Unavailable, Op: op, Message: cause.Error(), Hint: "run the command again; it resumes where this one stopped"}
	}
	return &fault.Error{Code: fault.CodeOf(ctx.Err()), Op: op, Message: "interrupted", Err: ctx.Err()}
}
