package ddl

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// pairs returns for each constraint of want the constraint of cur that it corresponds to or replaces. That is the one of the same name, an
// equivalent one with a custom name, or the only possible one of its kind.
func pairs(cur, want *catalog.Table) map[*catalog.Constraint]*catalog.Constraint {
	found := map[*catalog.Constraint]*catalog.Constraint{}
	taken := map[*catalog.Constraint]bool{}
	for _, same := range []func(old, c *catalog.Constraint) bool{
		func(old, c *catalog.Constraint) bool { return old.Name == c.Name },
		func(old, c *catalog.Constraint) bool { return satisfies(cur, old, c) },
		func(old, c *catalog.Constraint) bool {
			return old.Kind == c.Kind && (c.Kind == "primary key" || (c.Kind == "foreign key" && old.References == c.References && slices.Equal(old.Columns, c.Columns)))
		},
	} {
		for i := range want.Constraints {
			c := &want.Constraints[i]
			for k := range cur.Constraints {
				if old := &cur.Constraints[k]; found[c] == nil && !taken[old] && same(old, c) {
					found[c], taken[old] = old, true
				}
			}
		}
	}
	return found
}

// satisfies reports whether a constraint of a table in the database fulfills one of the schema. The database keeps options that the schema
// language does not support, such as ON UPDATE CASCADE or DEFERRABLE.
func satisfies(t *catalog.Table, old, c *catalog.Constraint) bool {
	if old.Kind != c.Kind {
		return false
	}
	switch c.Kind {
	case "primary key", "unique":
		return slices.Equal(old.Columns, c.Columns)
	case "foreign key":
		was, asks := essence(old.Definition), essence(c.Definition)
		// SET NULL of a required column fails, so that nothing is deleted, as with RESTRICT.
		fails := slices.ContainsFunc(old.Columns, func(column string) bool { return required(t, column) })
		return (was == asks) || (fails && was == asks+" ON DELETE SET NULL")
	}
	return strings.TrimSuffix(strings.TrimSuffix(old.Definition, " NOT VALID"), " NO INHERIT") == c.Definition
}

var references = regexp.MustCompile(`( MATCH FULL)?( ON UPDATE (?:CASCADE|RESTRICT|SET NULL|SET DEFAULT))?( ON DELETE RESTRICT)?( ON DELETE (?:CASCADE|SET NULL|SET DEFAULT)(?: \([^)]*\))?)?( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT VALID)?$`)

// essence returns the part of a foreign key that a schema determines. RESTRICT differs from NO ACTION only in the time of the check.
func essence(definition string) string { return references.ReplaceAllString(definition, "$4") }

// foreign reports whether a schema cannot contain a foreign key, so that it must have been written by hand.
func (p *planner) foreign(t *catalog.Table, c *catalog.Constraint) bool {
	if c.Kind != "foreign key" {
		return false
	}
	return Foreign(t, c, p.want.Table(c.Target()))
}

// Foreign reports whether a schema cannot contain a foreign key as a reference. to is the table that it refers to, or nil if the schema
// does not have that table.
func Foreign(t *catalog.Table, c *catalog.Constraint, to *catalog.Table) bool {
	if to == nil || strings.Contains(c.Definition, " ON DELETE SET DEFAULT") || strings.Contains(c.Definition, " ON DELETE SET NULL (") {
		return true
	}
	key := "(" + columnsOf(Key(to)) + ")"
	if !strings.Contains(c.Definition, " REFERENCES "+tableName(to)+key) && !strings.Contains(c.Definition, " REFERENCES "+catalogName(to.Schema, to.Name)+key) {
		return true
	}
	return tableKey(to) == tableKey(t) && !slices.ContainsFunc(c.Columns, func(column string) bool { return !required(t, column) })
}

func required(t *catalog.Table, column string) bool {
	c := t.Column(column)
	return (c != nil) && c.NotNull
}

func columnsOf(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

// uniqueIndex reports whether an existing index already enforces a unique constraint of the schema.
func (p *planner) uniqueIndex(t *catalog.Table, c *catalog.Constraint) bool {
	return c.Kind == "unique" && slices.ContainsFunc(indexesOf(p.cur, t), func(i *catalog.Index) bool {
		return KeepsUnique(i) && slices.Equal(i.Columns, quotedAll(c.Columns))
	})
}

// KeepsUnique reports whether an index enforces the same as a unique constraint over its columns.
func KeepsUnique(i *catalog.Index) bool {
	return i.Unique && i.Valid && i.Predicate == "" && plainKeys(i)
}

func quotedAll(names []string) []string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return quoted
}

// content is the kind of a column's values that decides which index methods suit it.
type content string

const (
	plain  content = "plain"
	nested content = "nested" // arrays, JSON and the words of texts
	vector content = "vector" // of pgvector
)

func contentOf(c catalog.Column) content {
	switch {
	case strings.HasSuffix(c.Type, "[]") || strings.HasPrefix(c.Type, "json") || c.Type == "tsvector":
		return nested
	case strings.Contains(c.Type, "vector") && !strings.Contains(c.Type, "tsvector"):
		return vector
	}
	return plain
}

// methods are the index methods of @index, with the content that each suits.
var methods = map[string]content{"btree": plain, "hash": plain, "gist": plain, "brin": plain, "gin": nested, "trigram": plain, "hnsw": vector, "ivfflat": vector}

// suits reports whether a method of @index is for the content of a column. The words of texts have two.
func suits(method string, c catalog.Column) bool {
	isWords := c.Type == "tsvector" && method == "gist"
	return isWords || methods[method] == contentOf(c)
}

// singleColumn are the methods whose indexes have exactly one column.
var singleColumn = []string{"hash", "hnsw", "ivfflat"}

// Method returns what @index calls the method of an index, in lower case.
func Method(i *catalog.Index) string {
	if i.Method == "gin" && mentions(i.Definition, operatorClasses[schema.Trigram]) {
		return strings.ToLower(string(schema.Trigram))
	}
	return i.Method
}

// Expressible reports whether @index can express an index of a table: it is over plain columns in an order, with the usual operators,
// of a method that suits what they hold.
func Expressible(i *catalog.Index, t *catalog.Table) bool {
	tooMany := len(i.Columns) > 1 && slices.Contains(singleColumn, i.Method)
	if i.Unique || !i.Valid || !plainKeys(i) || tooMany {
		return false
	}
	return !slices.ContainsFunc(t.Columns, func(c catalog.Column) bool {
		return slices.Contains(i.Columns, ident(c.Name)) && !suits(Method(i), c)
	})
}

// Descends reports whether the n-th key of an Expressible index is in descending order.
func Descends(i *catalog.Index, n int) bool {
	m := indexKeys.FindStringSubmatch(strings.ReplaceAll(i.Definition, "\n", " "))
	return m != nil && strings.HasSuffix(strings.Split(m[1], ", ")[n], " DESC")
}

var indexKeys = regexp.MustCompile(`^CREATE (?:UNIQUE )?INDEX .+? ON .+? USING \w+ \((.*?)\)( WHERE .*)?$`)

// plainKeys reports whether the keys of an index are columns without options that the schema language does not support.
func plainKeys(i *catalog.Index) bool {
	m := indexKeys.FindStringSubmatch(strings.ReplaceAll(i.Definition, "\n", " "))
	if m == nil || len(i.Columns) == 0 {
		return false
	}
	keys := strings.Split(m[1], ", ")
	if len(keys) != len(i.Columns) {
		return false
	}
	class := " " + operatorClasses[schema.IndexMethod(strings.ToUpper(Method(i)))]
	for n, key := range keys {
		if rest, ok := strings.CutPrefix(strings.Replace(key, " "+public+".", " ", 1), i.Columns[n]); !ok || (rest != "" && rest != " DESC" && rest != class) || !isIdent(i.Columns[n]) {
			return false
		}
	}
	return true
}

// isIdent reports whether SQL is a single name.
func isIdent(sql string) bool {
	return ident(sqltext.Unquote(sql)) == sql
}
