// Package changes knows what changed in the tables of types with @live, whoever wrote. Triggers of the tables write a row for each statement, in its
// transaction, into a table of Krowoc, and a Follower in each process reads what has been committed since it last looked.
//
// No trigger calls NOTIFY: the commit of a transaction with a notification takes a lock that all commits of the server share.
package changes

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
)

// DB reads a database: a pool, a connection or a transaction.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Table is a table whose changes triggers note.
type Table struct {
	Name    string
	Key     []string // columns
	Columns []string // whose values are noted before and after: those that conditions use. None is personal data.
}

// Tables lists the tables whose changes the schema wants noted, by name: those of types with @live, and of implied join tables between them.
func Tables(s *schema.Schema) (list []Table) {
	for _, t := range s.Tables {
		if !t.IsLive() {
			continue
		}
		table := Table{Name: t.Table}
		for _, f := range t.Key {
			table.Key = append(table.Key, f.Columns()...)
		}
		for _, f := range t.Fields {
			if conditional(t, f) {
				table.Columns = append(table.Columns, f.Columns()...)
			}
		}
		slices.Sort(table.Columns)
		table.Columns = slices.Compact(table.Columns)
		list = append(list, table)
	}
	slices.SortFunc(list, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// conditional reports whether conditions use a field: rules, indexes and relations. A key has its own place.
func conditional(t *schema.Type, f *schema.Field) bool {
	stored := len(f.Columns()) > 0
	if !stored || personal(f) || isLarge(f) || slices.Contains(t.Key, f) {
		return false
	}
	return f.Relation != nil || indexed(t, f) || ruled(t, f)
}

// personal reports whether the value of a field is personal data: of a reference, the key that it holds.
func personal(f *schema.Field) bool {
	if f.Personal() || f.Relation == nil {
		return f.Personal()
	}
	return slices.ContainsFunc(f.Relation.Target.Key, personal)
}

func isLarge(f *schema.Field) bool {
	return slices.Contains([]schema.Scalar{schema.JSON, schema.Bytes, schema.Vector}, f.Type.Scalar)
}

func indexed(t *schema.Type, f *schema.Field) bool {
	return f.Unique || slices.ContainsFunc(t.Indexes, func(x schema.Index) bool {
		return slices.ContainsFunc(x.Fields, func(i schema.IndexField) bool { return i.Field == f })
	})
}

// thisField finds the fields of the row that a condition mentions.
var thisField = regexp.MustCompile(`\bthis\.(\w+)`)

// ruled reports whether a rule of the type or of one of its fields looks at a field.
func ruled(t *schema.Type, f *schema.Field) bool {
	rules := slices.Clone(t.Rules)
	for _, other := range t.Fields {
		rules = append(rules, other.Rules...)
	}
	return slices.ContainsFunc(rules, func(r schema.Rule) bool {
		if r.Field == f {
			return true
		}
		if r.Where == nil {
			return false
		}
		return slices.ContainsFunc(thisField.FindAllStringSubmatch(r.Where.Source, -1), func(match []string) bool { return match[1] == f.Name })
	})
}

// Read lists the tables of the Postgres schema public that have all triggers of this package, by name.
func Read(ctx context.Context, db DB) ([]Table, error) {
	rows, err := db.Query(ctx, `SELECT c.relname::text, string_to_array(min(replace(encode(t.tgargs, 'escape'), '\\', '\')), '\000')
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
		WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relnamespace = 'public'::regnamespace
			AND p.pronamespace = to_regnamespace($1) AND p.proname = $2
		GROUP BY c.oid, c.relname HAVING pg_catalog.count(DISTINCT t.tgname) = 4 ORDER BY c.relname::text COLLATE "C"`, own.Schema, strings.TrimPrefix(own.NoteChanges, own.Schema+"."))
	if err != nil {
		return nil, pg.Fault("read the triggers", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		var args []string
		if err := row.Scan(&t.Name, &args); err != nil || len(args) < 2 {
			return t, err
		}
		t.Key, t.Columns = parseArray(args[0]), parseArray(args[1])
		return t, nil
	})
	return list, pg.Fault("read the triggers", err)
}
