package rls

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

const checkOp = "check the row-level security"

// Querier runs statements, as a pool does.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Check returns why the API cannot run under the policies of a database, and what to do: they are missing or those of another schema, tables are
// without row-level security, or the roles of the API are missing, not the caller's to take, or free of policies. It only reads, and takes no
// lock that others wait for.
func Check(ctx context.Context, db Querier, tables []Table, o Options) error {
	c := newChecker(db, o)
	return c.all(ctx, tables, c.rules, c.roles, c.objects, c.security, c.grants)
}

// CheckAgain is Check for a server that runs: it looks for what would show its callers more than the rules. The rules themselves may be those of
// the next version, which is being deployed.
func CheckAgain(ctx context.Context, db Querier, tables []Table, o Options) error {
	c := newChecker(db, o)
	return c.all(ctx, tables, c.roles, c.others, c.security)
}

func newChecker(db Querier, o Options) *checker {
	c := &checker{Options: o.withDefaults(), db: db}
	c.Enforce = true
	return c
}

func (c *checker) all(ctx context.Context, tables []Table, parts ...func(context.Context, []Table) error) error {
	for _, part := range parts {
		if err := part(ctx, tables); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	Options
	db Querier
}

// texts returns the only column of a query.
func (c *checker) texts(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := c.db.Query(ctx, sql, args...)
	if err != nil {
		return nil, pg.Fault(checkOp, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, pg.Fault(checkOp, err)
}

const writePolicies = "run `krowoc schema rls`, then `krowoc migrate up`"

func notEnforceable(message, hint string) error {
	return &fault.Error{Code: fault.CheckFailed, Op: checkOp, Message: message, Hint: hint, Private: true}
}

// rules compares the digest in the database with that of the schema.
func (c *checker) rules(ctx context.Context, tables []Table) error {
	known, err := c.texts(ctx, digestSQL, Schema, digestNote)
	switch {
	case err != nil:
		return err
	case len(known) == 0:
		return notEnforceable("the database has no policies that the API can run under", writePolicies)
	case known[0] != digestNote+digest(tables, c.Options):
		return notEnforceable("the policies of the database are those of another schema, or of another version of krowoc", writePolicies)
	}
	return nil
}

// others looks for policies of others that allow more than the rules.
func (c *checker) others(ctx context.Context, tables []Table) error {
	return c.allowingMore(ctx, tables, "polname NOT LIKE 'krowoc\\_%'", []string{})
}

// allowingMore looks for policies, among those that a condition on the names $2 picks, that allow the API more than the rules.
func (c *checker) allowingMore(ctx context.Context, tables []Table, condition string, names []string) error {
	more, err := c.texts(ctx, `SELECT name FROM (SELECT p.polname, quote_ident(p.polname) || ' ON ' || quote_ident(c.relname) AS name, p.polpermissive, p.polroles, c.relname, c.relnamespace
		FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid) p WHERE polpermissive AND relnamespace = 'public'::regnamespace AND relname = ANY ($1) AND name <> ALL ($2) AND `+condition+`
		AND (polroles = '{0}' OR EXISTS (SELECT FROM unnest(polroles) r, pg_roles a WHERE a.rolname = ANY ($3) AND r <> 0 AND pg_has_role(a.oid, r, 'USAGE'))) ORDER BY 1`,
		namesOf(tables), names, c.apiNames())
	if err == nil && len(more) > 0 {
		return notEnforceable("the database has the policy "+strings.Join(more, ", ")+", which would allow more than the rules of the schema",
			"drop it, make it restrictive, or name the roles that it is for: CREATE POLICY … AS RESTRICTIVE, or TO …")
	}
	return err
}

// objects looks for what somebody has dropped, and for policies that allow more than the rules.
func (c *checker) objects(ctx context.Context, tables []Table) error {
	w := &writer{Options: c.Options, functions: map[string]bool{}}
	var wanted []string
	for _, sql := range w.statements(tables) {
		if name, ok := strings.CutPrefix(sql, "CREATE POLICY "); ok {
			name, _, _ = strings.Cut(name, " FOR ")
			wanted = append(wanted, name)
		}
	}
	if err := c.allowingMore(ctx, tables, "true", wanted); err != nil {
		return err
	}
	there, err := c.texts(ctx, "SELECT quote_ident(p.polname) || ' ON ' || quote_ident(c.relname) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace")
	if err != nil {
		return err
	}
	functions, err := c.texts(ctx, "SELECT quote_ident($1) || '.' || quote_ident(proname) FROM pg_proc WHERE pronamespace = to_regnamespace($1)", Schema)
	if err != nil {
		return err
	}
	for name := range w.functions {
		wanted = append(wanted, name)
	}
	there = append(there, functions...)
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return slices.Contains(there, name) })
	if len(wanted) > 0 {
		slices.Sort(wanted)
		return notEnforceable("the database lacks "+strings.Join(wanted, ", ")+", which somebody has dropped", "apply the migration of `krowoc schema rls` again: `krowoc migrate down`, then `krowoc migrate up`")
	}
	return nil
}

// maySet is the privilege for pg_has_role that lets somebody take a role.
const maySet = "CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END"

// roles checks that the server may take the roles of the API, and that they are subject to policies.
func (c *checker) roles(ctx context.Context, tables []Table) error {
	names := c.apiNames()
	missing, err := c.texts(ctx, `SELECT r FROM unnest($1::text[]) r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) ORDER BY 1`, names)
	switch {
	case err != nil:
		return err
	case len(missing) > 0:
		return notEnforceable("the server has no role "+strings.Join(missing, ", "), "roles belong to a server: restore them with `pg_dumpall --roles-only`, or run `krowoc schema rls --remove`, "+writePolicies)
	}
	untaken, err := c.texts(ctx, `SELECT r FROM unnest($1::text[]) r WHERE NOT pg_has_role(session_user, r, `+maySet+`) ORDER BY 1`, names)
	switch {
	case err != nil:
		return err
	case len(untaken) > 0:
		user, err := c.texts(ctx, "SELECT quote_ident(session_user)")
		if err != nil {
			return err
		}
		return notEnforceable("the role of the server may not take the role "+strings.Join(untaken, ", "), "as the owner: GRANT "+strings.Join(c.apiIdentifiers(), ", ")+" TO "+user[0])
	}
	free, err := c.texts(ctx, `SELECT rolname::text FROM pg_roles r WHERE rolname = ANY ($1) AND (rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($2) AND pg_has_role(r.oid, c.relowner, 'USAGE'))) ORDER BY 1`, names, namesOf(tables))
	if err == nil && len(free) > 0 {
		return notEnforceable("no policy applies to the role "+strings.Join(free, ", "), "make it an ordinary role: ALTER ROLE … NOSUPERUSER NOBYPASSRLS, and revoke the role that owns the tables from it")
	}
	return err
}

// security checks that tables have row-level security, and that the server itself is free of it: it reads people and sessions, and serves machines
// to which no rule applies.
func (c *checker) security(ctx context.Context, tables []Table) error {
	open, err := c.texts(ctx, `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY ($1) AND NOT relrowsecurity ORDER BY 1`, namesOf(tables))
	switch {
	case err != nil:
		return err
	case len(open) > 0:
		return notEnforceable("row-level security is off for "+strings.Join(open, ", "), "ALTER TABLE … ENABLE ROW LEVEL SECURITY")
	}
	bound, err := c.texts(ctx, `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY ($1) AND row_security_active(oid) ORDER BY 1`, namesOf(tables))
	if err == nil && len(bound) > 0 {
		return notEnforceable("the policies apply to the role of the server itself", "connect as the owner of the tables, or ALTER ROLE … BYPASSRLS")
	}
	return err
}

// grants checks that the roles of the API reach the tables, and what policies, defaults and checks call.
func (c *checker) grants(ctx context.Context, tables []Table) error {
	names, of := c.apiNames(), namesOf(tables)
	closed, err := c.texts(ctx, `SELECT c.relname || ' for ' || r FROM pg_class c, unnest($1::text[]) r WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($2)
		AND NOT has_table_privilege(r, c.oid, 'SELECT') ORDER BY 1`, names, of)
	if err != nil {
		return err
	}
	uncalled, err := c.texts(ctx, `SELECT p.oid::regprocedure || ' for ' || r FROM pg_proc p, unnest($1::text[]) r
		WHERE ((p.pronamespace = to_regnamespace(quote_ident($3)) AND p.prorettype <> 'trigger'::regtype) OR p.oid IN (`+definingSQL+`$2`+definingEnd+`))
		AND NOT has_function_privilege(r, p.oid, 'EXECUTE') ORDER BY 1`, names, of, Schema)
	if err != nil {
		return err
	}
	unused, err := c.texts(ctx, `SELECT 'the schema ' || s || ' for ' || r FROM unnest($1::text[]) r, unnest($2::text[]) s WHERE NOT has_schema_privilege(r, s, 'USAGE') ORDER BY 1`,
		names, []string{Schema, "public"})
	if err != nil {
		return err
	}
	missing := slices.Concat(closed, uncalled, unused)
	if len(missing) == 0 {
		return nil
	}
	hint := "apply the migration of `krowoc schema rls` again: `krowoc migrate down`, then `krowoc migrate up`"
	if strings.HasPrefix(missing[0], "the schema public") {
		hint = "as the owner of the schema: GRANT USAGE ON SCHEMA public TO " + strings.Join(c.identifiers(), ", ")
	}
	return notEnforceable(fmt.Sprintf("rights are missing on %s, which somebody has revoked", strings.Join(missing, ", ")), hint)
}

func (o Options) apiNames() (list []string) {
	for _, a := range o.apiRoles() {
		list = append(list, a.name)
	}
	return list
}

func namesOf(tables []Table) (list []string) {
	for _, t := range tables {
		list = append(list, t.Name)
	}
	return list
}
