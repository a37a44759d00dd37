package make

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

const opLoad = "load the generated rows"

// Options say where rows go.
type Options struct {
	Pool   *pgxpool.Pool
	Seed   uint64
	Named  func(blueprint string) map[string]map[string]string // the keys of the rows of fixtures that have names, by column
	Report func(Progress)                                      // from any goroutine; may be nil
	DryRun bool                                                // says what would be made
}

// Progress is how far a run has come.
type Progress struct {
	Table       string // that is at work
	Stage       Stage
	Rows, Total int64 // of all tables
}

// Stage is a step in the loading of a table.
type Stage string

// The steps of a table.
const (
	Rows    Stage = "rows"
	Indexes Stage = "indexes" // and foreign keys
)

// Made is how many rows a table got.
type Made struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"` // made in this run
	Kept  int64  `json:"kept"` // made in an earlier one
}

// loader is one run of a generation.
type loader struct {
	Options
	*Generation
	batched bool // in transactions of their own, one after the other
	owner   bool // the role may drop and recreate indexes and foreign keys
	sent    atomic.Int64
	total   int64
}

// Run makes the rows. Where the tables had fewer rows than they get, all goes in in one transaction: indexes and foreign keys come after
// the rows, and after any error everything is as it was. Else rows go in batches, each in a transaction of its own, and a run that was
// cut short goes on where it was.
func (p *Generation) Run(ctx context.Context, o Options) ([]Made, error) {
	l := &loader{Options: o, Generation: p}
	if len(p.order) == 0 {
		return nil, nil
	}
	err := l.inTx(ctx, func(tx pgx.Tx) error { return l.run(ctx, tx) })
	if err != nil && ctx.Err() != nil && fault.HintOf(err) == "" {
		return nil, fault.Wrap(opLoad, ctx.Err())
	}
	if err != nil {
		return nil, pg.Fault(opLoad, err)
	}
	made := p.made()
	for i, t := range p.order {
		made[i].Rows = t.came
	}
	return made, nil
}

// Preview says what Run would make in the database as tx sees it.
func (p *Generation) Preview(ctx context.Context, tx pgx.Tx, o Options) ([]Made, error) {
	l := &loader{Options: o, Generation: p}
	if err := l.ready(ctx, tx); err != nil {
		return nil, pg.Fault(opLoad, err)
	}
	return p.made(), nil
}

func (p *Generation) made() []Made {
	made := make([]Made, len(p.order))
	for i, t := range p.order {
		made[i] = Made{t.typ.Table, t.count - min(t.done, t.count), min(t.done, t.count)}
	}
	return made
}

// Tables are the names of the tables that rows are made for.
func (p *Generation) Tables() []string {
	names := make([]string, len(p.order))
	for i, t := range p.order {
		names[i] = t.typ.Table
	}
	return names
}

// progress reports that more rows have been sent.
func (l *loader) progress(t *blueprint, stage Stage, more int64) {
	if l.Report != nil {
		l.Report(Progress{t.typ.Table, stage, l.sent.Add(more), l.total})
	}
}

// inTx runs fn in a transaction on a connection of its own.
func (l *loader) inTx(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, l.Pool, fn)
}

// run holds the lock for as long as it takes.
func (l *loader) run(ctx context.Context, tx pgx.Tx) error {
	if err := ledger.Lock(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil { // it only holds the lock while batches run
		return err
	}
	if err := l.ready(ctx, tx); err != nil {
		return err
	}
	if err := l.choose(ctx, tx); err != nil {
		return err
	}
	if l.batched {
		return l.inBatches(ctx)
	}
	return l.atOnce(ctx, tx)
}

// ready finds out all that rows depend on.
func (l *loader) ready(ctx context.Context, tx pgx.Tx) error {
	if err := l.describe(ctx, tx); err != nil {
		return err
	}
	if err := l.resume(ctx, tx); err != nil {
		return err
	}
	for _, t := range l.blueprints {
		t.name(l.Named)
	}
	if err := l.prepare(ctx, tx); err != nil {
		return err
	}
	for _, t := range l.order {
		l.total += max(0, t.remaining())
	}
	return nil
}

// name takes over the rows of fixtures that have names, and sees that what tells them is read.
func (t *blueprint) name(named func(blueprint string) map[string]map[string]string) {
	if named == nil {
		return
	}
	t.named = named(t.typ.Table)
	for _, key := range t.named {
		for slot := range key {
			if i, ok := t.index[slot]; ok && len(t.rows.slots) > 0 {
				t.rows.need(i)
			}
		}
	}
}

// choose decides between one transaction and many.
func (l *loader) choose(ctx context.Context, tx pgx.Tx) error {
	owned, err := l.owned(ctx, tx)
	if err != nil {
		return err
	}
	filled := !owned
	for _, t := range l.order {
		var there int64
		if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM (SELECT FROM %s LIMIT %d) t", t.quoted(), max(t.remaining(), 1))).Scan(&there); err != nil {
			return err
		}
		goesOn := t.done > 0 || there >= t.remaining()
		filled = filled || (goesOn && t.remaining() >= batchRows)
	}
	l.batched = filled
	l.owner = owned
	if l.cyclic() {
		l.batched = false
		return l.closable(ctx, tx)
	}
	return nil
}

// atOnce loads everything in the transaction.
func (l *loader) atOnce(ctx context.Context, tx pgx.Tx) error {
	// What follows is undone as a whole, so nobody waits for the disk in between.
	if _, err := tx.Exec(ctx, "SET LOCAL maintenance_work_mem = '256MB'"); err != nil {
		return err
	}
	if l.cyclic() {
		if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL DEFERRED"); err != nil {
			return err
		}
	}
	apart, err := l.takeApart(ctx, tx)
	if err != nil {
		return err
	}
	if err := l.copyAll(ctx, tx); err != nil {
		return err
	}
	// An index is not built on a table for which deferred triggers still wait.
	if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return err
	}
	if err := l.putTogether(ctx, tx, apart); err != nil {
		return err
	}
	for _, t := range l.order {
		if t.remaining() <= 0 {
			continue
		}
		if err := l.finish(ctx, tx, t, t.count); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
	return err
}

// takeApart drops the indexes and foreign keys of tables that load faster without them, and of all tables if they refer to one another.
func (l *loader) takeApart(ctx context.Context, tx pgx.Tx) (map[*blueprint][]part, error) {
	apart := map[*blueprint][]part{}
	for _, t := range l.order {
		if !l.owner || (t.remaining() < rebuildRows && !l.cyclic()) {
			continue
		}
		parts, err := t.takeApart(ctx, tx)
		if err != nil {
			return nil, err
		}
		apart[t] = parts
	}
	return apart, nil
}

// copyAll sends the rows of all tables.
func (l *loader) copyAll(ctx context.Context, tx pgx.Tx) error {
	for _, t := range l.order {
		if t.remaining() <= 0 {
			continue
		}
		fresh := false
		if l.owner && t.remaining() >= rebuildRows {
			var err error
			if fresh, err = t.renew(ctx, tx); err != nil {
				return err
			}
		}
		if err := l.copy(ctx, tx, t, t.done, t.count, fresh); err != nil {
			return err
		}
		if l.triggered() { // triggers of later tables may take numbers of the sequences
			if err := t.setSequences(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// putTogether makes indexes and foreign keys again.
func (l *loader) putTogether(ctx context.Context, tx pgx.Tx, apart map[*blueprint][]part) error {
	for _, t := range l.order {
		if len(apart[t]) == 0 {
			continue
		}
		l.progress(t, Indexes, 0)
		if err := t.putTogether(ctx, tx, apart[t]); err != nil {
			return t.blame(err)
		}
	}
	return nil
}

// copy sends some rows of a table.
func (l *loader) copy(ctx context.Context, tx pgx.Tx, t *blueprint, from, to int64, freeze bool) error {
	if from == t.done {
		if slices.ContainsFunc(t.makers, func(m *maker) bool { return m.refersTo() != nil && m.refersTo().judged() }) {
			t.regroup()
		}
		if err := t.recount(ctx, tx, l.triggered()); err != nil {
			return err
		}
		to = min(to, t.count)
	}
	sent := func(rows int64) { l.progress(t, Rows, rows) }
	var err error
	if t.judged() {
		err = t.copyJudged(ctx, tx, from, to, sent)
	} else {
		err = t.copyRows(ctx, tx.Conn().PgConn(), from, to, freeze, sent)
	}
	if err != nil {
		return t.blame(err)
	}
	return nil
}

// finish moves the sequences of a table, and notes how many rows it got.
func (l *loader) finish(ctx context.Context, tx pgx.Tx, t *blueprint, done int64) error {
	if err := t.setSequences(ctx, tx); err != nil {
		return err
	}
	return l.record(ctx, tx, t, done)
}

// copyLine is where a COPY stopped: COPY people, line 7, column email.
var copyLine = regexp.MustCompile(`^COPY \S+, line (\d+)(?:, column ([^:]+))?`)

// blame says which row Postgres refused, and what to do.
func (t *blueprint) blame(err error) error {
	var known *fault.Error
	var refused *pgconn.PgError
	if errors.As(err, &known) || !errors.As(err, &refused) {
		return err
	}
	if g := t.triggerOf(err); g != nil {
		return t.refusedBy(g, "rows of", err)
	}
	sample, slot := "", ""
	if m := copyLine.FindStringSubmatch(refused.Where); m != nil {
		line, _ := strconv.ParseInt(m[1], 10, 64)
		sample, slot = fmt.Sprintf(" row %d of", line), m[2]
	}
	class := refused.Code[:2]
	if class != "22" && class != "23" && slot == "" { // a column is named where its type did not take a value, with any code
		return err
	}
	message := fmt.Sprintf("Postgres refuses%s %s: %s", sample, t.typ.Table, refused.Message)
	if refused.Detail != "" && refused.Code != "23514" && refused.Code != "23502" {
		message += ": " + refused.Detail
	}
	return &fault.Error{Code: fault.Invalid, Message: message, Err: err,
		Hint: fmt.Sprintf("Under generate: %s, specify how %s generated, so that the database accepts it.", t.typ.Name, t.blamed(refused, slot))}
}

// blamed is what is to be made in another way: name is, the fields of a_b_key are.
func (t *blueprint) blamed(refused *pgconn.PgError, slot string) string {
	for _, name := range []string{refused.ColumnName, columnOf(refused.Detail), slot} {
		at, ok := t.index[name]
		switch {
		case ok:
			return t.slots[at].field.Name + " is"
		case strings.Contains(name, ", "):
			return name + " are"
		case name != "":
			return name + " is"
		}
	}
	if refused.ConstraintName != "" {
		return "the fields of " + refused.ConstraintName + " are"
	}
	return "its fields are"
}
