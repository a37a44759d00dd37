// Package dump takes a part of a database that is complete in itself, every row with all rows that it refers to, masks what the
// schema marks as personal data, and writes fixtures that load again to the same rows.
package dump

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

const op = "dump the database"

// Options say what to dump, and where to.
type Options struct {
	DB interface { // where the rows come from
		BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error)
	}
	Schema   *schema.Schema
	Roots    []string // `prompts` or `Prompt where created_at > now() - interval '7 days'`; none is every table
	Limit    int      // rows of each root at most, in the order of the key; 0 is all
	Children int      // rows at most that refer to a row by one reference, from the roots downwards; 0 is none
	Depth    int      // how many times downwards
	Omit     []string // fields to leave out: Prompt.voteCount
	MaskKey  []byte   // what masks are made with
	Strict   bool     // refuse fields that look like personal data and are not marked

	Out       string // the folder to write
	Name      string // what messages call that folder; empty is Out
	Overwrite bool   // replace fixtures that are there
}

// Summary is what a dump wrote.
type Summary struct {
	Dir    string         `json:"dir"`
	Tables []TableSummary `json:"tables"`
	// Unmarked are fields that look like personal data and are not marked, Type.field.
	Unmarked []string `json:"unmarked"`
}

// TableSummary counts the rows of one table, and the values in them that are masks.
type TableSummary struct {
	Table  string `json:"table"` // physical name
	File   string `json:"file"`
	Rows   int    `json:"rows"`
	Masked int    `json:"masked"`
}

// Rows is how many there are in all tables.
func (s Summary) Rows() int {
	n := 0
	for _, t := range s.Tables {
		n += t.Rows
	}
	return n
}

// Masked is how many values of all tables are masks.
func (s Summary) Masked() int {
	n := 0
	for _, t := range s.Tables {
		n += t.Masked
	}
	return n
}

// Dump writes the fixtures, or nothing after an error. No error holds a value of the database that is not masked.
func Dump(ctx context.Context, o Options) (Summary, error) {
	d, err := o.prepare()
	if err != nil {
		return Summary{}, err
	}
	err = pgx.BeginTxFunc(ctx, o.DB, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		d.tx = tx
		if err := d.read(ctx); err != nil {
			return err
		}
		if err := d.mask(mask.New(o.MaskKey)); err != nil {
			return err
		}
		return d.check(ctx)
	})
	if err != nil {
		return Summary{}, safeFault(err)
	}
	d.order()
	d.nameRows()
	return d.write(ctx)
}

// dumper is one dump. Until mask, its rows hold what the database has; after it, masks.
type dumper struct {
	Options
	tx     pgx.Tx
	tables []*table // in the order of the schema
	byType map[*schema.Type]*table
	byName map[string]*table // by physical name and by type name
	roots  []root
	count  int // of rows
	masked map[*table]int
}

func (o *Options) prepare() (*dumper, error) {
	if o.DB == nil || o.Schema == nil || o.Out == "" || len(o.MaskKey) == 0 {
		return nil, fault.New(fault.Internal, op, "dump.Options needs DB, Schema, Out and MaskKey")
	}
	if o.Limit < 0 || o.Children < 0 || o.Depth < 0 {
		return nil, fault.New(fault.Invalid, op, "limits cannot be negative")
	}
	if o.Name == "" {
		o.Name = o.Out
	}
	d := &dumper{Options: *o, byType: map[*schema.Type]*table{}, byName: map[string]*table{}, masked: map[*table]int{}}
	d.layOut()
	if err := d.omit(); err != nil {
		return nil, err
	}
	if err := d.parseRoots(); err != nil {
		return nil, err
	}
	return d, vacant(o.Out, o.Name, o.Overwrite)
}

// read chooses the rows.
func (d *dumper) read(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	chosen, err := d.chooseRoots(ctx)
	if err != nil {
		return err
	}
	if err := d.chooseChildren(ctx, chosen); err != nil {
		return err
	}
	return d.chooseTargets(ctx)
}

// mask replaces every value that is personal data.
func (d *dumper) mask(m *mask.Masker) error {
	for _, t := range d.tables {
		for c := range t.columns {
			column := &t.columns[c]
			if !column.leaf.Personal() || t.omitted[column.field] {
				continue
			}
			masks := m.Field(column.leaf, distinct(column.leaf))
			for _, r := range t.rows {
				if r.values[c] == nil {
					continue
				}
				text, err := maskValue(masks, column, *r.values[c])
				if err != nil {
					return fault.New(fault.Conflict, op, fmt.Sprintf("%s.%s: %v", column.leaf.Owner.Name, column.leaf.Name, err),
						"Specify its kind with @pii(kind:), loosen the constraint, or exclude the field with --omit "+column.leaf.Owner.Name+"."+column.leaf.Name)
				}
				r.values[c] = &text
				d.masked[t]++
			}
		}
	}
	return nil
}

// safeFault is the fault for an error of the database, without what may be a value of a row.
func safeFault(err error) error {
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return err
	}
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) {
		err = withoutValues(refused)
	}
	return pg.Fault(op, err)
}
