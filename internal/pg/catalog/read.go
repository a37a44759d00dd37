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
	const op = "read the catalog"
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
	exclude := append([]string{}, o.Exclude...)
	c := &Catalog{}
	var columns []Column
	var constraints []Constraint
	before := make([]string, len(settings))
	batch := &pgx.Batch{}
	var owners []ownership
	if o.Owners != "" {
		batch.Queue(defaultOwnerSQL, o.Owners).QueryRow(func(row pgx.Row) error { return row.Scan(&c.Owner) })
	}
	for i, s := range settings {
		batch.Queue("SELECT current_setting($1), set_config($1, $2, true)", s.name, s.value).QueryRow(func(row pgx.Row) error { return row.Scan(&before[i], nil) })
	}
	queue(batch, &c.Enums, enumsSQL())
	queue(batch, &c.Tables, tablesSQL(), exclude)
	queue(batch, &columns, columnsSQL(), exclude)
	queue(batch, &constraints, constraintsSQL(), exclude)
	queue(batch, &c.Indexes, indexesSQL(), exclude)
	queue(batch, &c.Sequences, sequencesSQL(), exclude)
	queue(batch, &c.Others, othersSQL(), exclude)
	if o.Owners != "" {
		queue(batch, &owners, ownersSQL(), exclude)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, pg.Fault("read the catalog", err)
	}
	for i, s := range settings {
		if _, err := tx.Exec(ctx, "SELECT set_config($1, $2, true)", s.name, before[i]); err != nil {
			return nil, pg.Fault("read the catalog", err)
		}
	}
	c.distribute(columns, constraints)
	for _, o := range owners {
		if c.Owners == nil {
			c.Owners = map[string]string{}
		}
		c.Owners[o.Kind+" "+o.Name] = o.Owner
	}
	return c, nil
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
