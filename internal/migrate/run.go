package migrate

import (
	"context"
	"log/slog"

	"github.com/pressly/goose/v3"
)

// run takes the lock, decides what to do and does it. The lock is held from before the first look at the
// database to after the last change, so of many processes one works and the others find nothing to do.
func (m *Migrator) run(ctx context.Context, op string, decide func(state) (plan, error)) (_ []Result, err error) {
	o := &observer{report: m.o.Report, now: m.o.Now}
	s, err := openSession(ctx, m.o.DB, o)
	if err != nil {
		return nil, err
	}
	defer s.close(ctx)
	if err := s.lock(ctx, o.waiting); err != nil {
		return nil, err
	}
	state, err := m.state(ctx, s.conn)
	if err != nil {
		return nil, err
	}
	if o.plan, err = decide(state); err != nil || len(o.plan) == 0 {
		return nil, err
	}
	if err := load(m.o.FS, m.o.Dir, o.plan.files()); err != nil {
		return nil, err
	}
	if err := o.plan.checkReversible(); err != nil {
		return nil, err
	}
	if err := m.execute(ctx, s, o, folder{state.files}); err != nil {
		return o.results, m.failure(ctx, op, o, err)
	}
	return o.results, nil
}

// state reads the folder and the table.
func (m *Migrator) state(ctx context.Context, db querier) (state, error) {
	files, err := readFolder(m.o.FS, m.o.Dir, m.o.Logger)
	if err != nil {
		return state{}, err
	}
	applied, err := readApplied(ctx, db, m.o.Table)
	return state{files: files, applied: applied}, err
}

// execute has goose run the plan.
func (m *Migrator) execute(ctx context.Context, s *session, o *observer, files folder) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, s.db, files,
		goose.WithTableName(m.o.Table), goose.WithDisableGlobalRegistry(true), goose.WithVerbose(true), goose.WithSlog(slog.New(o)))
	if err != nil {
		return err
	}
	o.since = o.now()
	if o.plan.allUp() {
		_, err := provider.UpTo(ctx, o.plan[len(o.plan)-1].file.version)
		return err
	}
	for _, step := range o.plan {
		if _, err := provider.ApplyVersion(ctx, step.file.version, step.direction == Up); err != nil {
			return err
		}
	}
	return nil
}

// allUp reports whether the plan is one that goose runs in one go.
func (p plan) allUp() bool {
	for _, step := range p {
		if step.direction == Down {
			return false
		}
	}
	return true
}
