package introspect

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// meta matches pg_dump's lines for psql, and the settings of its own session.
var (
	meta    = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)
	setting = regexp.MustCompile(`(?is)^(SET\s|SELECT\s+pg_catalog\.set_config\()`)
	schemas = regexp.MustCompile(`(?is)^(CREATE\s+SCHEMA|COMMENT\s+ON\s+SCHEMA)\s+("public"|public)(\s|;|$)`)
	comment = regexp.MustCompile(`(?is)^COMMENT\s+ON\s+EXTENSION\s`)
)

// Baseline cuts what pg_dump writes of a catalog into the statements of a migration, and returns those that drop it all.
func Baseline(parser *sqltext.Parser, dump string, c *catalog.Catalog) (up, down []string, err error) {
	text := meta.ReplaceAllString(dump, "")
	trees, err := parser.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	up = []string{"SET LOCAL check_function_bodies = false"} // a function may name what comes after it
	var beside []string
	for _, t := range trees {
		end := int(t.StmtLocation + t.StmtLen)
		if t.StmtLen == 0 {
			end = len(text)
		}
		sql := withoutComments(text[t.StmtLocation:end])
		if t.Stmt.GetAlterDefaultPrivilegesStmt() != nil || namesRoles(t.Stmt.GetGrantStmt()) {
			continue
		}
		if sql == "" || setting.MatchString(sql) || schemas.MatchString(sql) || comment.MatchString(sql) {
			continue
		}
		up = append(up, sql)
		if drop := cmp.Or(dropOf(t.Stmt), dropByText(sql)); drop != "" {
			beside = append([]string{drop}, beside...)
		}
	}
	return up, Down(c, beside), nil
}

// namesRoles reports whether a statement grants rights to a role, or revokes them from it. Roles belong to the server, and another one may not
// have them.
func namesRoles(s *pg.GrantStmt) bool {
	return slices.ContainsFunc(s.GetGrantees(), func(n *pg.Node) bool { return n.GetRoleSpec().GetRoletype() != pg.RoleSpecType_ROLESPEC_PUBLIC })
}

// resetPublic are the statements that restore the rights on the schema public, which stays. Since Postgres 15 PUBLIC may not create objects in it.
const resetPublic = `DO $$
BEGIN
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  GRANT USAGE ON SCHEMA public TO PUBLIC;
  IF current_setting('server_version_num')::int < 150000 THEN
    GRANT CREATE ON SCHEMA public TO PUBLIC;
  END IF;
END $$`

// dropOf returns the statement that drops what another makes, where the catalog does not list that and nothing else takes it along.
func dropOf(n *pg.Node) string {
	drop := func(kind string, names []*pg.Node, suffix string) string {
		list := make([]string, len(names))
		for i, name := range names {
			list[i] = sqltext.Ident(name.GetString_().GetSval())
		}
		return "DROP " + kind + " IF EXISTS " + strings.Join(list, ".") + suffix + " CASCADE"
	}
	named := func(kind, name string) string { return drop(kind, []*pg.Node{pg.MakeStrNode(name)}, "") }
	switch x := n.GetNode().(type) {
	case *pg.Node_DefineStmt:
		if kind := definedKinds[x.DefineStmt.Kind]; kind != "" {
			return drop(kind, x.DefineStmt.Defnames, "")
		}
	case *pg.Node_CreateRangeStmt:
		return drop("TYPE", x.CreateRangeStmt.TypeName, "")
	case *pg.Node_CreateConversionStmt:
		return drop("CONVERSION", x.CreateConversionStmt.ConversionName, "")
	case *pg.Node_CreateOpFamilyStmt:
		return drop("OPERATOR FAMILY", x.CreateOpFamilyStmt.Opfamilyname, " USING "+sqltext.Ident(x.CreateOpFamilyStmt.Amname))
	case *pg.Node_CreateFdwStmt:
		return named("FOREIGN DATA WRAPPER", x.CreateFdwStmt.Fdwname)
	case *pg.Node_CreateForeignServerStmt:
		return named("SERVER", x.CreateForeignServerStmt.Servername)
	case *pg.Node_CreatePlangStmt:
		return named("LANGUAGE", x.CreatePlangStmt.Plname)
	case *pg.Node_CreateAmStmt:
		return named("ACCESS METHOD", x.CreateAmStmt.Amname)
	case *pg.Node_GrantStmt:
		isPublic := func(n *pg.Node) bool { return n.GetString_().GetSval() == "public" }
		if x.GrantStmt.Objtype == pg.ObjectType_OBJECT_SCHEMA && slices.ContainsFunc(x.GrantStmt.Objects, isPublic) {
			return resetPublic
		}
	}
	return ""
}

var (
	createCast     = regexp.MustCompile(`(?is)^CREATE\s+CAST\s*\((.+?)\s+AS\s+(.+?)\)\s+WITH`)
	createOperator = regexp.MustCompile(`(?is)^CREATE\s+OPERATOR\s+(\S+)\s*\(`)
	operand        = regexp.MustCompile(`(?is)\b(LEFTARG|RIGHTARG)\s*=\s*([^,\n]+?)\s*(?:,|\n|\)\s*$)`)
)

// dropByText drops a cast or an operator, which has no name of its own, by the types that the statement has.
func dropByText(sql string) string {
	if x := createCast.FindStringSubmatch(sql); x != nil {
		return "DROP CAST IF EXISTS (" + x[1] + " AS " + x[2] + ") CASCADE"
	}
	x := createOperator.FindStringSubmatch(sql)
	if x == nil {
		return ""
	}
	sides := map[string]string{"LEFTARG": "NONE", "RIGHTARG": "NONE"}
	for _, arg := range operand.FindAllStringSubmatch(sql, -1) {
		sides[strings.ToUpper(arg[1])] = arg[2]
	}
	return "DROP OPERATOR IF EXISTS " + x[1] + " (" + sides["LEFTARG"] + ", " + sides["RIGHTARG"] + ") CASCADE"
}

// definedKinds are the kinds of CREATE … (…) that the catalog does not list.
var definedKinds = map[pg.ObjectType]string{
	pg.ObjectType_OBJECT_COLLATION: "COLLATION", pg.ObjectType_OBJECT_TYPE: "TYPE", pg.ObjectType_OBJECT_TSCONFIGURATION: "TEXT SEARCH CONFIGURATION",
	pg.ObjectType_OBJECT_TSDICTIONARY: "TEXT SEARCH DICTIONARY", pg.ObjectType_OBJECT_TSPARSER: "TEXT SEARCH PARSER", pg.ObjectType_OBJECT_TSTEMPLATE: "TEXT SEARCH TEMPLATE",
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

// Down returns the statements that drop everything in a catalog. beside drops what a catalog does not list.
func Down(c *catalog.Catalog, beside []string) (statements []string) {
	drop := func(what string, names []string) {
		for _, n := range names {
			statements = append(statements, "DROP "+what+" IF EXISTS "+n+" CASCADE")
		}
	}
	of := func(kind string) []string { return namesOf(c, kind) }
	plain := func(kind, kept string) []string { // of which the catalog has the plain name
		return quoteIdents(slices.DeleteFunc(of(kind), func(name string) bool { return name == kept }))
	}
	drop("EVENT TRIGGER", plain("event trigger", ""))
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
		enums = append(enums, qualifiedName(e.Schema, e.Name)) // name, for example, is also a type of Postgres
	}
	drop("SEQUENCE", sequences)
	drop("AGGREGATE", of("aggregate"))
	drop("PROCEDURE", of("procedure"))
	drop("FUNCTION", of("function"))
	drop("DOMAIN", of("domain"))
	drop("TYPE", append(of("composite type"), enums...))
	statements = append(statements, beside...)
	drop("EXTENSION", plain("extension", "plpgsql"))
	drop("SCHEMA", plain("schema", public))
	return statements
}

func namesOf(c *catalog.Catalog, kind string) (names []string) {
	for _, o := range c.Others {
		if o.Kind == kind {
			names = append(names, o.Name)
		}
	}
	return names
}

func quoteIdents(names []string) []string {
	for i, name := range names {
		names[i] = sqltext.Ident(name)
	}
	return names
}

// differingParts adds the defaults and checks of a table that differ.
func differingParts(t, built *catalog.Table, found map[string]bool) {
	for _, c := range t.Columns {
		if other := built.Column(c.Name); other != nil && other.Default != c.Default {
			found["default "+t.Name+"."+c.Name] = true
		}
	}
	for _, c := range t.Constraints {
		definition := strings.TrimSuffix(c.Definition, " NO INHERIT")
		if c.Kind == "check" && !slices.ContainsFunc(built.Constraints, func(o catalog.Constraint) bool { return o.Definition == definition }) {
			found["check "+t.Name+"."+c.Name] = true
		}
	}
}

// Differing compares a database with the result of its imported schema. It returns the parts that must be written in SQL.
func Differing(cur, built *catalog.Catalog) map[string]bool {
	found := map[string]bool{}
	for i := range cur.Tables {
		t := &cur.Tables[i]
		if b := built.Table(t.Schema, t.Name); b != nil && t.Schema == public {
			differingParts(t, b, found)
		}
	}
	type key struct{ schema, name string }
	predicates := map[key]string{}
	for _, i := range built.Indexes {
		predicates[key{i.Schema, i.Name}] = i.Predicate
	}
	for _, i := range cur.Indexes {
		if predicate, there := predicates[key{i.Schema, i.Name}]; there && predicate != i.Predicate {
			found["index "+i.Table+"."+i.Name] = true
		}
	}
	return found
}
