package make

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// facts are the constraints of a table in the database. Those of a database that was not made from the schema may go beyond the schema.
type facts struct {
	keys     []foreignKey
	checks   []condition
	domains  map[string][]string // conditions of the domains of columns, with VALUE
	elements map[string][]string // the same for the elements of arrays
	uniques  []uniqueIndex
	triggers []trigger // that fire when rows are inserted
}

// foreignKey is a foreign key of a table, or of one of its partitions.
type foreignKey struct {
	columns    []string
	target     string // "" for a table outside of the search path
	references []string
	relation   string // the table in SQL; "" if the role cannot read it
	deferrable bool
}

// is reports whether the foreign keys are the same, as those of several partitions often are.
func (k *foreignKey) is(other foreignKey) bool {
	return k.relation == other.relation && slices.Equal(k.columns, other.columns) && slices.Equal(k.references, other.references)
}

// condition is a check in SQL.
type condition struct {
	name, sql string
	columns   []string
	message   string // overrides the message with the name
}

func (c *condition) String() string {
	if c.message != "" {
		return c.message
	}
	return "the check " + c.name + " is violated"
}

// uniqueIndex is a unique index, or the index of an exclusion constraint.
type uniqueIndex struct {
	name       string
	columns    []string // "" for an expression
	keys       []string // SQL of the columns and expressions
	predicate  string
	nullsEqual bool
	loose      bool     // by a collation in which different texts can be equal
	operators  []string // of an exclusion constraint, one for each key
}

// ReadConstraints reads the constraints of the database, so that generated rows satisfy them. The parser reads their conditions.
func (r *Reader) ReadConstraints(ctx context.Context, db querier, parser *sqltext.Parser, types []*schema.Type) error {
	r.facts, r.outside, r.parser = map[string]*facts{}, map[*schema.Type]bool{}, parser
	var names []string
	for _, t := range types {
		r.facts[t.Table] = &facts{domains: map[string][]string{}, elements: map[string][]string{}}
		names = append(names, t.Table)
	}
	for _, read := range []func(context.Context, querier, []string) error{r.readConstraints, r.readUniques, r.readDomains, r.readPartitions, r.readTriggers} {
		if err := read(ctx, db, names); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) readConstraints(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, constraintsQuery, names) // ForEachRow returns the error
	var table, kind, name, sql, target, relation string
	var columns, references []string
	var deferrable bool
	_, err := pgx.ForEachRow(rows, []any{&table, &kind, &name, &sql, &columns, &target, &references, &relation, &deferrable}, func() error {
		f := r.facts[table]
		if kind == "f" {
			k := foreignKey{slices.Clone(columns), target, slices.Clone(references), relation, deferrable}
			if !slices.ContainsFunc(f.keys, k.is) {
				f.keys = append(f.keys, k)
			}
			return nil
		}
		f.checks = append(f.checks, condition{name: name, sql: sql, columns: slices.Clone(columns)})
		return nil
	})
	return err
}

func (r *Reader) readUniques(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, uniquesQuery, names) // ForEachRow returns the error
	var table string
	var u uniqueIndex
	_, err := pgx.ForEachRow(rows, []any{&table, &u.name, &u.columns, &u.keys, &u.predicate, &u.nullsEqual, &u.loose, &u.operators}, func() error {
		one := u
		one.columns, one.keys, one.operators = slices.Clone(u.columns), slices.Clone(u.keys), slices.Clone(u.operators)
		r.facts[table].uniques = append(r.facts[table].uniques, one)
		return nil
	})
	return err
}

func (r *Reader) readDomains(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, domainsQuery, names) // ForEachRow returns the error
	var table, column, sql string
	var element bool
	_, err := pgx.ForEachRow(rows, []any{&table, &column, &element, &sql}, func() error {
		of := r.facts[table].domains
		if element {
			of = r.facts[table].elements
		}
		of[column] = append(of[column], sql)
		return nil
	})
	return err
}

func (r *Reader) readPartitions(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, partitionsQuery, names) // ForEachRow returns the error
	var table, sql string
	_, err := pgx.ForEachRow(rows, []any{&table, &sql}, func() error {
		f := r.facts[table]
		f.checks = append(f.checks, condition{sql: sql, message: "no partition accepts it"})
		return nil
	})
	return err
}
