package seed

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// writer writes rows within one transaction.
type writer struct {
	tx         pgx.Tx
	components []*component
	asked      asked
	counts     map[*table]*TableSummary
	recorded   []ledger.Row // the inserted rows
	present    map[string]bool
	changes    []Change
}

// errDryRun rolls back a dry run.
var errDryRun = errors.New("a dry run")

// write writes all rows, or none.
func (o *Options) write(ctx context.Context, f *fixtures) (Summary, error) {
	var summary Summary
	if !o.DryRun {
		if err := ledger.Ensure(ctx, o.DB); err != nil {
			return Summary{}, err
		}
	}
	err := pg.InTx(ctx, o.DB, func(tx pgx.Tx) (err error) {
		w := &writer{tx: tx, components: inOrder(f.rows), counts: map[*table]*TableSummary{}, present: map[string]bool{}}
		w.asked = asked{now: f.now.UTC().Format(time.RFC3339Nano), dryRun: o.DryRun, keys: o.Prune}
		if err := ledger.Lock(ctx, tx); err != nil {
			return err
		}
		if o.DryRun { // rolled back with the rest
			if err := ledger.Ensure(ctx, tx); err != nil {
				return err
			}
		}
		summary, err = o.writeRows(ctx, w, f)
		if err == nil && o.DryRun {
			summary.Generated, err = o.preview(ctx, tx, f)
			return cmp.Or(err, errDryRun)
		}
		return err
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return Summary{}, pg.Fault(op, err)
	}
	return summary, nil
}

// writeRows changes the database to match the fixtures.
func (o *Options) writeRows(ctx context.Context, w *writer, f *fixtures) (Summary, error) {
	var emptied []TableSummary
	var err error
	if o.Reset != "" {
		if emptied, err = o.reset(ctx, w.tx, f); err != nil {
			return Summary{}, err
		}
	}
	if err := describeTables(ctx, w.tx, tablesOf(w.components)); err != nil {
		return Summary{}, err
	}
	for _, r := range f.rows {
		r.fill(f.now)
	}
	if err := missing(w.components); err != nil {
		return Summary{}, err
	}
	if err := w.load(ctx); err != nil {
		return Summary{}, err
	}
	if err := ledger.RecordRows(ctx, w.tx, w.recorded); err != nil {
		return Summary{}, err
	}
	if o.Prune {
		if err := o.prune(ctx, w, f); err != nil {
			return Summary{}, err
		}
	}
	summary := w.summary(emptied)
	if f.generation == nil || o.DryRun { // otherwise they run after the rows are generated
		summary.SQL, err = runScripts(ctx, w.tx, f.scripts)
	}
	return summary, err
}

// afterwards runs the SQL files after rows have been generated, since they may use these rows.
func (o *Options) afterwards(ctx context.Context, f *fixtures) (ran []ScriptSummary, err error) {
	err = pg.InTx(ctx, o.DB, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx); err != nil {
			return err
		}
		ran, err = runScripts(ctx, tx, f.scripts)
		return err
	})
	return ran, pg.Fault(op, err)
}

// tablesOf returns the tables of components.
func tablesOf(components []*component) (list []*table) {
	for _, c := range components {
		list = append(list, c.tables...)
	}
	return list
}

// statements returns the statements that write the rows of a component: one per group of rows, or a single one if rows refer to each other.
func (w *writer) statements(c *component, rows []*row) []statement {
	list := groups(rows)
	if c.cyclic && len(list) > 0 {
		return []statement{newStatement(list, w.asked)}
	}
	statements := make([]statement, len(list))
	for i, g := range list {
		statements[i] = newStatement([]*group{g}, w.asked)
	}
	return statements
}

// refusal is an error with which Postgres rejected a component.
type refusal struct {
	component int // its number; the number of components for an error at the end
	cause     *pgconn.PgError
}

func (r *refusal) Error() string { return r.cause.Error() }

// load sends all statements in one round trip. If Postgres rejects a row, it rolls back and finds that row.
func (w *writer) load(ctx context.Context) error {
	err := w.savepoint(ctx, func(tx pgx.Tx) error { return w.send(ctx, tx) })
	var refused *refusal
	if errors.As(err, &refused) {
		return w.blame(ctx, refused)
	}
	return err
}

// savepoint runs fn in a savepoint. An error of fn rolls it back.
func (w *writer) savepoint(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, w.tx, fn)
}

func (w *writer) send(ctx context.Context, tx pgx.Tx) error {
	batch := &pgx.Batch{}
	var sent []statement
	var of []int
	for i, c := range w.components {
		for _, s := range w.statements(c, c.rows) {
			batch.Queue(s.sql, s.args...)
			sent, of = append(sent, s), append(of, i)
		}
	}
	if !w.asked.dryRun { // a rollback does not reset sequences
		w.queueSequences(batch)
	}
	batch.Queue("SET CONSTRAINTS ALL IMMEDIATE") // so that deferred constraints fail here and not in the commit
	results := tx.SendBatch(ctx, batch)
	for i, s := range sent {
		if err := w.count(results.QueryRow(), s); err != nil {
			_ = results.Close() // the error of the statement is more useful
			return refusedBy(err, of[i])
		}
	}
	return refusedBy(results.Close(), len(w.components))
}

// queueSequences advances every sequence past the values that rows have set in its column, so that later rows of the application do not
// collide with them.
func (w *writer) queueSequences(batch *pgx.Batch) {
	for _, component := range w.components {
		for _, t := range component.tables {
			for c := range t.columns {
				gives := func(r *row) bool { return r.table == t && r.values[c].state == given }
				if t.columns[c].db.sequence == "" || !slices.ContainsFunc(component.rows, gives) {
					continue
				}
				batch.Queue(ledger.AdvanceSequence(t.columns[c].db.sequence, t.columns[c].name, t.Table))
			}
		}
	}
}

func refusedBy(err error, component int) error {
	var cause *pgconn.PgError
	if errors.As(err, &cause) {
		return &refusal{component: component, cause: cause}
	}
	return err
}

// count adds the result of a statement.
func (w *writer) count(result pgx.Row, s statement) error {
	outcomes := make([]outcome, len(s.groups))
	var targets []any
	for i := range outcomes {
		o := &outcomes[i]
		targets = append(targets, &o.inserted, &o.keys, &o.updated, &o.fields, &o.all)
	}
	if err := result.Scan(targets...); err != nil {
		return err
	}
	for i, g := range s.groups {
		w.add(g, &outcomes[i])
	}
	return nil
}

func (w *writer) add(g *group, o *outcome) {
	t := w.counts[g.table]
	if t == nil {
		t = &TableSummary{Table: g.table.Table}
		w.counts[g.table] = t
	}
	t.Updated += len(o.updated)
	t.Inserted += len(o.inserted)
	t.Unchanged += len(g.rows) - len(o.updated) - len(o.inserted)
	for i, n := range o.inserted {
		r := g.rows[n-1]
		w.recorded = append(w.recorded, ledger.Row{Set: r.source.set, Table: g.table.Table, Key: o.keys[i]})
		w.changes = append(w.changes, Change{Table: g.table.Table, Row: r.title(), Action: Insert})
	}
	for i, n := range o.updated {
		c := Change{Table: g.table.Table, Row: g.rows[n-1].title(), Action: Update}
		if i < len(o.fields) {
			c.Fields = strings.Split(o.fields[i], ",")
		}
		w.changes = append(w.changes, c)
	}
	for _, key := range slices.Concat(o.all, o.keys) {
		w.present[g.table.Table+key] = true
	}
}

// title returns the name of a row for messages: its name or its position.
func (r *row) title() string {
	if r.name != "" {
		return r.name
	}
	return r.place()
}

func (w *writer) summary(emptied []TableSummary) Summary {
	s := Summary{Tables: []TableSummary{}, Generated: []Made{}, SQL: []ScriptSummary{}} // empty lists in JSON, not null
	for _, c := range w.components {
		for _, t := range c.tables {
			s.Tables = append(s.Tables, *w.counts[t])
		}
	}
	for _, e := range emptied {
		s.add(e)
	}
	if w.asked.dryRun {
		s.Changes = w.changes
	}
	return s
}
