package seed

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

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

	staged map[*component]bool        // components whose rows take over unique values from one another
	sets   []string                   // of which --prune deletes rows; nil without --prune
	gone   map[string]bool            // the rows that earlier loads of these sets inserted, by table and key; nil until it is needed
	given  map[[2]int]map[string]bool // the values of the rows, by table and column; filled when needed
	early  []*holder                  // rows that were deleted before the others of --prune
	away   map[*row]*holder           // rows that are deleted until their stage
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
		w := &writer{tx: tx, components: inOrder(f.rows), staged: map[*component]bool{}, given: map[[2]int]map[string]bool{}}
		if o.Prune {
			w.sets = f.sets
		}
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

// load sends all statements in one round trip. If rows of a component may take over unique values from one another, it rolls back and
// writes these in stages. If Postgres rejects a row, it rolls back and finds that row.
func (w *writer) load(ctx context.Context) error {
	for {
		w.counts, w.present = map[*table]*TableSummary{}, map[string]bool{}
		w.recorded, w.changes, w.early, w.away = nil, nil, nil, map[*row]*holder{}
		err := w.savepoint(ctx, func(tx pgx.Tx) error { return w.send(ctx, tx) })
		var refused *refusal
		if !errors.As(err, &refused) {
			return err
		}
		if refused.cause.Code != uniqueViolation || !w.stage(refused.component) {
			return w.blame(ctx, refused)
		}
	}
}

// stage marks a component to be written in stages, or all of them after an error at the end. It reports false if nothing changed.
func (w *writer) stage(component int) (changed bool) {
	for i, c := range w.components {
		if (i == component || component == len(w.components)) && !w.staged[c] {
			w.staged[c], changed = true, true
		}
	}
	return changed
}

// savepoint runs fn in a savepoint. An error of fn rolls it back.
func (w *writer) savepoint(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, w.tx, fn)
}

// stagesOf returns the rows of a component in the order in which they must be written.
func (w *writer) stagesOf(ctx context.Context, tx pgx.Tx, c *component) ([][]*row, error) {
	if !w.staged[c] {
		return [][]*row{c.rows}, nil
	}
	return w.stages(ctx, tx, c)
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
	w.updatedAway(g, o)
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
