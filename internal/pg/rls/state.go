package rls

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// object is something of this package in a database, with the statements that create and drop it.
type object struct {
	order        int // of creation
	key          string
	create, drop []string
	replaces     bool // create replaces an earlier form, on which other objects may depend
}

// The orders of creation.
const (
	roleOrder = iota
	schemaOrder
	functionOrder
	ruleOrder
	securityOrder
	policyOrder
	triggerOrder
	viewOrder
	grantOrder
	digestOrder
)

// reader reads the objects of a database.
type reader struct {
	Options
	tx     pgx.Tx
	tables []string // of the rules
	list   []object
}

// query calls add for the texts of each row.
func (r *reader) query(ctx context.Context, sql string, args []any, add func(row []string)) error {
	rows, err := r.tx.Query(ctx, sql, args...)
	if err != nil {
		return pg.Fault(op, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		values := make([]string, len(row.FieldDescriptions()))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		return values, row.Scan(into...)
	})
	for _, row := range list {
		add(row)
	}
	return pg.Fault(op, err)
}

// add adds an object.
func (r *reader) add(order int, key string, create, drop []string) {
	r.list = append(r.list, object{order: order, key: key, create: create, drop: drop})
}

// read returns the objects in the order of their creation. Names in them are qualified.
func (r *reader) read(ctx context.Context) (list []object, err error) {
	r.list = nil
	if _, err := r.tx.Exec(ctx, "SAVEPOINT krowoc_read; SET LOCAL search_path = ''"); err != nil {
		return nil, pg.Fault(op, err)
	}
	for _, part := range []func(context.Context) error{r.functions, r.security, r.policies, r.triggers, r.views, r.grants, r.digest} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.list, func(a, b object) int {
		if a.order != b.order {
			return a.order - b.order
		}
		return strings.Compare(a.key, b.key)
	})
	_, err = r.tx.Exec(ctx, "ROLLBACK TO SAVEPOINT krowoc_read")
	return r.list, pg.Fault(op, err)
}

// functions reads the Postgres schema with its functions.
func (r *reader) functions(ctx context.Context) error {
	err := r.query(ctx, "SELECT nspname::text FROM pg_namespace WHERE nspname = $1", []any{Schema}, func(row []string) {
		r.add(schemaOrder, Schema, []string{"CREATE SCHEMA " + Schema}, []string{"DROP SCHEMA " + Schema})
	})
	if err != nil {
		return err
	}
	return r.query(ctx, `SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid), CASE WHEN p.prosecdef THEN 'rule' ELSE '' END FROM pg_proc p
		WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) ORDER BY p.oid`, []any{Schema}, func(row []string) {
		o := object{order: functionOrder, key: row[0], create: []string{strings.TrimSpace(row[1])}, drop: []string{"DROP FUNCTION " + row[0]}, replaces: true}
		if row[2] != "" { // the others use only claims(), whose name is the first
			o.order = ruleOrder
		}
		r.list = append(r.list, o)
	})
}

// security reads which tables have row-level security. Before the first migration of this package, it belongs to somebody else. On a table with other
// policies it is not removed: without it, they would restrict nobody.
func (r *reader) security(ctx context.Context) error {
	isOurs := len(r.list) > 0
	return r.query(ctx, `SELECT c.oid::regclass::text, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname NOT LIKE 'krowoc\_%')::text
		FROM pg_class c WHERE c.relrowsecurity AND c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)`,
		[]any{r.tables}, func(row []string) {
			enable := "ALTER TABLE " + row[0] + " ENABLE ROW LEVEL SECURITY"
			if !isOurs {
				r.add(securityOrder, row[0], []string{enable}, nil)
				return
			}
			roles := append([]string{"PUBLIC"}, r.identifiers()...)
			// A provider may have granted everything to its roles when the table was created.
			revoke := "REVOKE ALL ON TABLE " + row[0] + " FROM " + strings.Join(roles, ", ")
			disable := []string{"ALTER TABLE " + row[0] + " DISABLE ROW LEVEL SECURITY"}
			if r.Remove && row[1] == "true" {
				disable = nil
			}
			r.add(securityOrder, row[0], []string{enable, revoke}, disable)
		})
}

// policies reads the policies whose names begin like ours.
func (r *reader) policies(ctx context.Context) error {
	return r.query(ctx, `SELECT quote_ident(p.polname) || ' ON ' || p.polrelid::regclass::text,
			concat_ws(' ', 'FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
				'TO ' || (SELECT string_agg(quote_ident(rolname), ', ' ORDER BY rolname) FROM pg_roles WHERE oid = ANY (p.polroles)),
				'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
		FROM pg_policy p WHERE p.polname LIKE 'krowoc\_%'`, nil, func(row []string) {
		r.add(policyOrder, row[0], []string{"CREATE POLICY " + row[0] + " " + row[1]}, []string{"DROP POLICY " + row[0]})
	})
}

// triggers reads the triggers that call functions of the Postgres schema.
func (r *reader) triggers(ctx context.Context) error {
	return r.query(ctx, `SELECT quote_ident(t.tgname) || ' ON ' || t.tgrelid::regclass::text, pg_get_triggerdef(t.oid)
		FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE NOT t.tgisinternal AND n.nspname = $1`,
		[]any{Schema}, func(row []string) { r.add(triggerOrder, row[0], []string{row[1]}, []string{"DROP TRIGGER " + row[0]}) })
}

// views reads the views that hide fields, with their grants.
func (r *reader) views(ctx context.Context) error {
	return r.query(ctx, `SELECT c.oid::regclass::text, pg_get_viewdef(c.oid), d.description,
			coalesce((SELECT string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ')
				FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner AND a.privilege_type = 'SELECT'), '')
		FROM pg_class c JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
		WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace AND starts_with(d.description, $1)`, []any{viewNote}, func(row []string) {
		create := []string{
			"CREATE VIEW " + row[0] + " WITH (security_barrier) AS\n" + strings.TrimSuffix(strings.TrimRight(row[1], " \n"), ";"),
			"COMMENT ON VIEW " + row[0] + " IS " + pg.QuoteLiteral(row[2]),
			"REVOKE ALL ON TABLE " + row[0] + " FROM PUBLIC, " + strings.Join(r.identifiers(), ", "),
		}
		if row[3] != "" {
			create = append(create, "GRANT SELECT ON TABLE "+row[0]+" TO "+row[3])
		}
		r.add(viewOrder, row[0], create, []string{"DROP VIEW " + row[0]})
	})
}

// grants reads what the roles of callers may do.
func (r *reader) grants(ctx context.Context) error {
	roles := slices.Concat([]string{"PUBLIC"}, r.identifiers(), r.apiIdentifiers())
	used := map[string]bool{}
	err := r.query(ctx, grantsSQL, []any{r.tables, roles, Schema}, func(row []string) {
		of, privilege, columns, role := row[0], row[1], row[2], row[3]
		for name := range strings.SplitSeq(role, ", ") {
			used[name] = true
		}
		r.add(grantOrder, privilege+" "+of+" "+role, []string{"GRANT " + privilege + columns + " ON " + of + " TO " + role},
			[]string{"REVOKE " + privilege + columns + " ON " + of + " FROM " + role})
	})
	for _, role := range r.names(Anonymous | Authenticated) {
		if used[ident(role)] {
			r.add(roleOrder, role, []string{createRole(role)}, nil)
		}
	}
	for _, a := range r.apiRoles() {
		if used[ident(a.name)] {
			r.add(roleOrder, a.name, []string{createAPIRole(a)}, nil)
		}
	}
	return err
}

// createRole returns the statement that creates a role if the server does not have it. Roles belong to a server and not to a database, so
// nothing drops it.
func createRole(role string) string {
	return `DO $krowoc$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ` + pg.QuoteLiteral(role) + `) THEN
    CREATE ROLE ` + ident(role) + ` NOLOGIN;
  END IF;
END $krowoc$`
}

// grantsSQL lists privileges: the object, the privilege, its columns in parentheses, and the role.
const grantsSQL = `
	WITH acls AS (
		SELECT 'TABLE ' || c.oid::regclass::text AS object, c.relacl AS acl, NULL::text AS column_name
		FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) AND c.relkind IN ('r', 'p')
		UNION ALL
		SELECT 'TABLE ' || c.oid::regclass::text, a.attacl, quote_ident(a.attname)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) AND c.relkind IN ('r', 'p') AND a.attacl IS NOT NULL AND NOT a.attisdropped
		UNION ALL
		SELECT 'SEQUENCE ' || s.oid::regclass::text, s.relacl, NULL
		FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'a' JOIN pg_class c ON c.oid = d.refobjid
		WHERE s.relkind = 'S' AND c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
		UNION ALL
		SELECT 'SCHEMA ' || quote_ident(nspname), nspacl, NULL FROM pg_namespace WHERE nspname = $3
		UNION ALL
		SELECT 'FUNCTION ' || p.oid::regprocedure::text, p.proacl, NULL
		FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident($3)) OR p.oid IN (` + definingSQL + `$1` + definingEnd + `)
	), privileges AS (
		SELECT object, column_name, p.privilege_type AS privilege, CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE p.grantee::regrole::text END AS role
		FROM acls, aclexplode(acl) p
	)
	SELECT object, privilege, coalesce(' (' || string_agg(column_name, ', ' ORDER BY column_name) || ')', ''), role
	FROM privileges WHERE role = ANY ($2) AND object NOT LIKE 'FUNCTION %' GROUP BY object, privilege, role, column_name IS NULL
	UNION ALL
	SELECT object, privilege, '', string_agg(role, ', ' ORDER BY role)
	FROM privileges WHERE role = ANY ($2) AND role <> 'PUBLIC' AND object LIKE 'FUNCTION %' GROUP BY object, privilege
	ORDER BY 1, 2, 3, 4`
