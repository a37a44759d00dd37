package introspect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// meta matches pg_dump's lines for psql, and the settings of its own session.
var (
	meta    = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)
	setting = regexp.MustCompile(`(?is)^(SET\s|SELECT\s+pg_catalog\.set_config\()`)
	schemas = regexp.MustCompile(`(?is)^(CREATE\s+SCHEMA|COMMENT\s+ON\s+SCHEMA)\s+"?public"?\b`)
	comment = regexp.MustCompile(`(?is)^COMMENT\s+ON\s+EXTENSION\s`)
)

// Up splits the output of pg_dump into the statements of a migration.
func Up(parser *sqltext.Parser, dump string) ([]string, error) {
	text := meta.ReplaceAllString(dump, "")
	trees, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	// A function may refer to objects that are created later.
	statements := []string{"SET LOCAL check_function_bodies = false"}
	for _, t := range trees {
		end := int(t.StmtLocation + t.StmtLen)
		if t.StmtLen == 0 {
			end = len(text)
		}
		sql := withoutComments(text[t.StmtLocation:end])
		if sql != "" && !setting.MatchString(sql) && !schemas.MatchString(sql) && !comment.MatchString(sql) {
			statements = append(statements, sql)
		}
	}
	return statements, nil
}

// withoutComments removes the comments above a statement.
func withoutComments(sql string) string {
	for sql != "" {
		n, blank := sqltext.Token(sql)
		if !blank || n < 0 {
			break
		}
		sql = sql[n:]
	}
	return strings.TrimRight(strings.TrimSpace(sql), ";")
}

// Down returns the statements that drop everything in a catalog.
func Down(c *catalog.Catalog) (statements []string) {
	drop := func(what string, names []string) {
		for _, n := range names {
			statements = append(statements, "DROP "+what+" IF EXISTS "+n+" CASCADE")
		}
	}
	of := func(kind string) (names []string) {
		for _, o := range c.Others {
			if o.Kind == kind {
				names = append(names, o.Name)
			}
		}
		return names
	}
	drop("EVENT TRIGGER", of("event trigger"))
	drop("MATERIALIZED VIEW", of("materialized view"))
	drop("VIEW", of("view"))
	var tables, foreign, sequences, enums []string
	for _, t := range c.Tables {
		if name := qualified(t.Schema, t.Name); t.Kind == "foreign table" {
			foreign = append(foreign, name)
		} else {
			tables = append(tables, name)
		}
	}
	drop("FOREIGN TABLE", foreign)
	if len(tables) > 0 {
		statements = append(statements, "DROP TABLE IF EXISTS "+strings.Join(tables, ", ")+" CASCADE")
	}
	for _, s := range c.Sequences {
		if s.OwnedBy == "" {
			sequences = append(sequences, qualified(s.Schema, s.Name))
		}
	}
	for _, e := range c.Enums {
		enums = append(enums, qualified(e.Schema, e.Name))
	}
	drop("SEQUENCE", sequences)
	drop("AGGREGATE", of("aggregate"))
	drop("PROCEDURE", of("procedure"))
	drop("FUNCTION", of("function"))
	drop("DOMAIN", of("domain"))
	drop("TYPE", append(of("composite type"), enums...))
	drop("EXTENSION", slices.DeleteFunc(of("extension"), func(n string) bool { return n == "plpgsql" }))
	drop("SCHEMA", slices.DeleteFunc(of("schema"), func(n string) bool { return n == public }))
	return statements
}

// Differing compares a database with the result of its imported schema. It returns the parts that must be written in SQL.
func Differing(cur, built *catalog.Catalog) map[string]bool {
	found := map[string]bool{}
	for i := range cur.Tables {
		t := &cur.Tables[i]
		b := built.Table(t.Schema, t.Name)
		if b == nil || t.Schema != public {
			continue
		}
		for _, c := range t.Columns {
			if other := b.Column(c.Name); other != nil && other.Default != c.Default {
				found["default "+t.Name+"."+c.Name] = true
			}
		}
		for _, c := range t.Constraints {
			definition := strings.TrimSuffix(c.Definition, " NO INHERIT")
			if c.Kind == "check" && !slices.ContainsFunc(b.Constraints, func(o catalog.Constraint) bool { return o.Definition == definition }) {
				found["check "+t.Name+"."+c.Name] = true
			}
		}
	}
	for _, i := range cur.Indexes {
		if slices.ContainsFunc(built.Indexes, func(o catalog.Index) bool {
			return o.Schema == i.Schema && o.Name == i.Name && o.Predicate != i.Predicate
		}) {
			found["index "+i.Table+"."+i.Name] = true
		}
	}
	return found
}
