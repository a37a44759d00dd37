package rls

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// viewNote begins the comments on the views of this package, by which it knows them again.
const viewNote = "Rows and fields that the access rules show"

// ViewName returns the name of the view for a table with fields that no grant can hide.
func ViewName(table string) string { return schema.ObjectName(table, nil, "visible") }

// writer writes the objects that tables need, in the order of their creation.
type writer struct {
	Options
	types     map[string]map[string]string // of the columns of each table
	defaults  map[string]map[string]string // of the columns of each table, as SQL
	computed  map[string]bool              // tables with columns that Postgres computes
	sequences map[string][]string          // that columns of each table count with
	functions map[string]bool              // that are written
	path      []string                     // the Postgres schemas in which functions of rules look up names, beside that of Postgres itself
	defining  []string                     // functions of the project that the tables use
	callers   []string                     // the roles that call what is being written
	executed  []string                     // grants of functions
	rules     []string                     // functions of rules
	rest      []string                     // row security, policies, views and grants
}

func newWriter(o Options) *writer {
	return &writer{
		Options: o, types: map[string]map[string]string{}, defaults: map[string]map[string]string{}, computed: map[string]bool{},
		sequences: map[string][]string{}, functions: map[string]bool{},
	}
}

// statements returns the SQL of all tables in a database that has nothing of this package.
func (w *writer) statements(tables []Table) []string {
	all := append([]string{"CREATE SCHEMA " + Schema}, functions(w.Options)...)
	w.callers = w.identifiers()
	for _, name := range claimFunctions(w.Options) {
		w.execute(Schema + "." + name)
	}
	for _, name := range w.defining {
		w.execute(name)
	}
	for _, t := range tables {
		w.table(t)
	}
	for _, role := range w.identifiers() {
		w.add("GRANT USAGE ON SCHEMA " + Schema + " TO " + role)
	}
	if w.Enforce {
		w.enforce(tables)
	}
	return slices.Concat(all, w.rules, w.executed, w.rest)
}

// execute lets the roles call a function. Everybody may, unless the default privileges of the database have revoked it.
func (w *writer) execute(function string) {
	w.executed = append(w.executed, "GRANT EXECUTE ON FUNCTION "+function+" TO "+strings.Join(w.callers, ", "))
}

func (w *writer) add(sql string) { w.rest = append(w.rest, sql) }

func (w *writer) table(t Table) {
	w.add("ALTER TABLE " + ident(t.Name) + " ENABLE ROW LEVEL SECURITY")
	for _, op := range operations {
		condition := w.policy(t, op)
		if condition == "" {
			continue
		}
		using, check := " USING ("+condition+")", " WITH CHECK ("+condition+")"
		clauses := map[Operation]string{Select: using, Insert: check, Update: using + check, Delete: using}
		w.add("CREATE POLICY " + policyName(op) + " ON " + ident(t.Name) + " FOR " + string(op) + clauses[op])
	}
	w.triggers(t)
	for _, role := range []Who{Anonymous, Authenticated} {
		w.grants(t, role)
	}
	if t.hides() {
		w.view(t)
	}
}

func policyName(op Operation) string { return PolicyPrefix + strings.ToLower(string(op)) }

// policy returns the condition of an operation, or "" for nobody.
func (w *writer) policy(t Table, op Operation) string {
	var all, elsewhere []string
	for _, c := range t.Policies[op] {
		switch {
		case c.SQL == "":
			return "true"
		case c.Elsewhere:
			elsewhere = append(elsewhere, c.SQL)
		default:
			sql, _ := onRow(c.SQL, ident(t.Name))
			all = append(all, sql)
		}
	}
	if len(elsewhere) > 0 { // last, and as one call, which costs more than what it does
		all = append(all, w.function(t.Name, strings.Join(elsewhere, " OR ")))
	}
	return strings.Join(all, " OR ")
}

// onRow replaces Row in a condition by another alias, and lists the columns of the row that the condition uses.
func onRow(sql, alias string) (out string, columns []string) {
	var b strings.Builder
	for len(sql) > 0 {
		n, _ := sqltext.Token(sql)
		if n < 0 {
			n = len(sql)
		}
		if sql[:n] != Row || !strings.HasPrefix(sql[n:], ".") {
			b.WriteString(sql[:n])
			sql = sql[n:]
			continue
		}
		column, _ := sqltext.Token(sql[n+1:])
		name := sqltext.Unquote(sql[n+1 : n+1+column])
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
		b.WriteString(alias)
		sql = sql[n:]
	}
	return b.String(), columns
}

// function returns the call of a function with the condition. It takes the columns that it uses and not the row: a function over the type of a
// table would keep the table from being dropped.
func (w *writer) function(table, condition string) string {
	f := functionOf(table, condition)
	call := f.call(ident(table))
	if w.functions[f.name] {
		return call
	}
	w.functions[f.name] = true
	var types []string
	for _, c := range f.columns {
		types = append(types, w.types[table][c])
	}
	for _, c := range f.claims {
		types = append(types, c.dataType)
	}
	w.rules = append(w.rules, "CREATE FUNCTION "+f.name+"("+strings.Join(types, ", ")+") RETURNS boolean LANGUAGE plpgsql STABLE"+w.asOwner()+pg.QuoteLiteral(returning(f.body)))
	w.execute(f.name)
	return call
}

// asOwner gives a function the rights of its owner. Names of tables and enums are qualified, and those of extensions are found in their own schemas.
func (w *writer) asOwner() string {
	return " SECURITY DEFINER SET search_path = " + strings.Join(slices.Concat([]string{"pg_catalog"}, w.path, []string{"pg_temp"}), ", ") + " AS "
}

// named returns the name of the function of a rule, which changes with its text, so that a changed rule is another function.
func named(table, text string) string {
	sum := sha256.Sum256([]byte(text))
	return Schema + "." + ident(schema.ObjectName(table, nil, hex.EncodeToString(sum[:5])))
}

// grants writes what one role may do. Grants are of columns, so that nobody can reach a column that is added later.
func (w *writer) grants(t Table, role Who) {
	for _, name := range w.names(role) {
		for _, op := range operations {
			var columns []string
			for _, c := range t.Columns {
				if c.Grants[op]&role != 0 {
					columns = append(columns, ident(c.Name))
				}
			}
			switch {
			case t.grants[op]&role == 0:
			case op == Delete:
				w.add("GRANT DELETE ON TABLE " + ident(t.Name) + " TO " + ident(name))
			case len(columns) > 0:
				w.add("GRANT " + string(op) + " (" + strings.Join(columns, ", ") + ") ON TABLE " + ident(t.Name) + " TO " + ident(name))
			}
		}
		for _, sequence := range w.sequences[t.Name] {
			if t.grants[Insert]&role != 0 {
				w.add("GRANT USAGE ON SEQUENCE " + sequence + " TO " + ident(name))
			}
		}
	}
}

// view writes the view that shows null for hidden fields. It runs with the rights of its owner, whom no policy restricts, and so contains the
// condition of the policy. As a security barrier it keeps functions of a caller's query away from hidden rows.
func (w *writer) view(t Table) {
	name := ident(ViewName(t.Name))
	var columns, where []string
	for _, c := range t.Columns {
		if !c.Exposed {
			continue
		}
		column := Row + "." + ident(c.Name)
		switch c.Shown.SQL {
		case "":
		case "false": // as the API, which has the field for those who may write it
			column = "NULL::" + w.types[t.Name][c.Name] + " AS " + ident(c.Name)
		default:
			column = "CASE WHEN " + c.Shown.SQL + " THEN " + column + " END AS " + ident(c.Name)
		}
		columns = append(columns, column)
	}
	for _, c := range t.Policies[Select] {
		if c.SQL == "" {
			where = nil
			break
		}
		where = append(where, c.SQL)
	}
	sql := "CREATE VIEW " + name + " WITH (security_barrier) AS SELECT " + strings.Join(columns, ", ") + " FROM " + ident(t.Name) + " " + Row
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " OR ")
	}
	w.add(sql)
	w.add("COMMENT ON VIEW " + name + " IS " + pg.QuoteLiteral(viewNote+" of "+t.Type+"."))
	w.add("REVOKE ALL ON TABLE " + name + " FROM PUBLIC, " + strings.Join(w.identifiers(), ", ")) // what default privileges grant
	for _, role := range []Who{Anonymous, Authenticated} {
		for _, r := range w.names(role) {
			if t.grants[Select]&role != 0 {
				w.add("GRANT SELECT ON TABLE " + name + " TO " + ident(r))
			}
		}
	}
}
