package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// Options configure what to leave out.
type Options struct {
	Exclude []string // tables, by name or as schema.name, with their indexes and so on
	// Owners is a table of the role that makes the database. If it is set, Read also reads the owners that differ from its owner, or from
	// the current role where the table does not exist.
	Owners string
}

// Beginner is a connection or a pool.
type Beginner interface {
	BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error)
}

// Read reads a database in one snapshot.
func Read(ctx context.Context, db Beginner, o Options) (*Catalog, error) {
	tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, pg.Fault(op, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	return ReadTx(ctx, tx, o)
}

// settings are the settings that affect the text of definitions. With an empty search path, every name is qualified. ReadTx restores them,
// since the transaction may belong to the caller.
var settings = []struct{ name, value string }{{"search_path", ""}, {"TimeZone", "UTC"}, {"DateStyle", "ISO, MDY"}, {"IntervalStyle", "postgres"}}

// ReadTx reads a database as a transaction sees it, including its own changes.
func ReadTx(ctx context.Context, tx pgx.Tx, o Options) (*Catalog, error) {
	before := make([]string, len(settings))
	batch, c, p := &pgx.Batch{}, &Catalog{}, &parts{}
	queueOwner(batch, c, o)
	for i, s := range settings {
		batch.Queue("SELECT current_setting($1), set_config($1, $2, true)", s.name, s.value).QueryRow(func(row pgx.Row) error { return row.Scan(&before[i], nil) })
	}
	p.queue(batch, c, o, nil)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, pg.Fault(op, err)
	}
	batch = &pgx.Batch{}
	for i, s := range settings {
		batch.Queue("SELECT set_config($1, $2, true)", s.name, before[i])
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, pg.Fault(op, err)
	}
	p.settle()
	c.Indexes = p.indexes
	c.distribute(p.columns, p.constraints)
	c.own(p.owners)
	return c, nil
}

const op = "read the catalog"

// parts are the parts of tables.
type parts struct {
	columns     []Column
	constraints []Constraint
	indexes     []Index
	owners      []ownership // of all objects
}

// queueOwner adds the query for the default owner. It must run before the search path is set.
func queueOwner(batch *pgx.Batch, c *Catalog, o Options) {
	if o.Owners != "" {
		batch.Queue(defaultOwnerSQL, o.Owners).QueryRow(func(row pgx.Row) error { return row.Scan(&c.Owner) })
	}
}

// own notes the owners of objects that do not belong to the default owner.
func (c *Catalog) own(list []ownership) {
	for _, o := range list {
		if c.Owners == nil {
			c.Owners = map[string]string{}
		}
		c.Owners[o.Kind+" "+o.Name] = o.Owner
	}
}

// queue adds the queries for a catalog and the parts of tables to a batch. chosen are the OIDs of the tables whose parts are read; nil means all.
func (p *parts) queue(batch *pgx.Batch, c *Catalog, o Options, chosen []uint32) {
	exclude := append([]string{}, o.Exclude...) // an empty array, not NULL
	queue(batch, &c.Enums, enumsSQL())
	queue(batch, &c.Tables, tablesSQL(), exclude)
	queue(batch, &p.columns, columnsSQL(), exclude, chosen)
	queue(batch, &p.constraints, constraintsSQL(), exclude, chosen)
	queue(batch, &p.indexes, indexesSQL(), exclude, chosen)
	queue(batch, &c.Sequences, sequencesSQL(), exclude)
	queue(batch, &c.Others, othersSQL(), exclude)
	if o.Owners != "" {
		queue(batch, &p.owners, ownersSQL(), exclude)
	}
}

// ownership is an object that does not belong to the default owner.
type ownership struct{ Kind, Name, Owner string }

// queue adds a query whose rows are appended to list.
func queue[T any](batch *pgx.Batch, list *[]T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	})
}

// distribute adds columns and constraints to their tables.
func (c *Catalog) distribute(columns []Column, constraints []Constraint) {
	at := map[[2]string]*Table{}
	for i := range c.Tables {
		t := &c.Tables[i]
		at[[2]string{t.Schema, t.Name}] = t
	}
	for _, column := range columns {
		if t := at[[2]string{column.Schema, column.Table}]; t != nil {
			t.Columns = append(t.Columns, column)
		}
	}
	for _, constraint := range constraints {
		if t := at[[2]string{constraint.Schema, constraint.Table}]; t != nil {
			t.Constraints = append(t.Constraints, constraint)
		}
	}
}
