// Package dump writes part of a database as fixtures. The part is self-contained: for each row, it contains all rows that the row refers
// to. Personal data is masked.
package dump

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
)

const op = "dump the database"

// Options configure a dump.
type Options struct {
	DB interface { // the source
		BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error)
	}
	Schema   *schema.Schema
	Roots    []string // `prompts` or `Prompt where created_at > now() - interval '7 days'`; empty means every table
	Limit    int      // maximum number of rows per root, in the order of the key; 0 means all
	Children int      // maximum number of rows that refer to a row by one reference, from the roots downwards; 0 means none
	Depth    int      // maximum number of levels downwards
	Omit     []string // fields to leave out: Prompt.voteCount
	MaskKey  []byte   // the key of masks
	Strict   bool     // reject unmarked fields that look like personal data, and personal data in fields that are not masked

	Out       string // the folder to write
	Name      string // name of the folder in messages; empty means Out
	Overwrite bool   // replace existing fixtures
}

// Summary is the result of a dump.
type Summary struct {
	Dir    string         `json:"dir"`
	Tables []TableSummary `json:"tables"`
	// Unmarked are unmarked fields that look like personal data, as Type.field.
	Unmarked []string `json:"unmarked"`
	// Clear is personal data in other fields that are not marked.
	Clear []Clear `json:"clear"`
}

// TableSummary counts the rows and masked values of a table.
type TableSummary struct {
	Table  string `json:"table"` // physical name
	File   string `json:"file"`
	Rows   int    `json:"rows"`
	Masked int    `json:"masked"`
}

// Rows returns the number of rows in all tables.
func (s Summary) Rows() int {
	n := 0
	for _, t := range s.Tables {
		n += t.Rows
	}
	return n
}

// Masked returns the number of masked values in all tables.
func (s Summary) Masked() int {
	n := 0
	for _, t := range s.Tables {
		n += t.Masked
	}
	return n
}

// Dump writes the fixtures. After an error, it writes nothing. Errors do not contain unmasked values of the database.
//
// It reads the database twice, in one snapshot: first it chooses rows, of which it keeps the keys, and then it writes their values one row
// after the other. The values to look for in texts are known before the first row is written.
func Dump(ctx context.Context, o Options) (summary Summary, err error) {
	d, err := o.prepare()
	if err != nil {
		return Summary{}, err
	}
	err = pgx.BeginTxFunc(ctx, o.DB, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		d.tx = tx
		if err := d.read(ctx); err != nil {
			return err
		}
		if err := d.arrange(); err != nil {
			return err
		}
		summary, err = d.write(ctx)
		return err
	})
	return summary, safeFault(err)
}

// dumper is a dump in progress.
type dumper struct {
	Options
	tx      pgx.Tx
	tables  []*table // in the order of the schema
	columns []*column
	byType  map[*schema.Type]*table
	byName  map[string]*table // by physical name and by type name
	roots   []root
	count   int // of rows
	secrets secrets
	found   map[finding]int // number of rows
	checker *seed.Checker
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
	d := &dumper{Options: *o, byType: map[*schema.Type]*table{}, byName: map[string]*table{}, secrets: secrets{}, found: map[finding]int{}, checker: seed.NewChecker(o.Schema)}
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
	d.plan()
	if err := d.harmless(ctx); err != nil {
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

// safeFault returns the fault for an error of the database, without text that may contain values of a row.
func safeFault(err error) error {
	if known := (*fault.Error)(nil); err == nil || errors.As(err, &known) {
		return err
	}
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) {
		err = withoutValues(refused)
	}
	return pg.Fault(op, err)
}
