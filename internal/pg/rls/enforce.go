package rls

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// The API runs the statements of a caller as a role of its own, to which the policies apply as to the role of clients. It has whole tables in the
// place of columns: the API writes fields that no grant can express, and conditions of its statements look at columns that callers cannot read. What
// a caller learns of fields is for its statements to decide.
//
// A second role writes. The API can write a row that the caller is not allowed to read, so it sees all rows, and changes only those that the
// policies allow.

// apiRole is a role of the API.
type apiRole struct {
	name   string
	of     string // the role of clients, whose policies and grants it has as well
	who    Who
	writes bool
}

// The suffixes of the roles of the API, after the role of clients.
const (
	readerSuffix = "_api"
	writerSuffix = "_api_write"
)

// apiRoles returns the roles of the API.
func (o Options) apiRoles() (list []apiRole) {
	for _, w := range []Who{Anonymous, Authenticated} {
		for _, name := range o.names(w) {
			list = append(list, apiRole{name + readerSuffix, name, w, false}, apiRole{name + writerSuffix, name, w, true})
		}
	}
	return list
}

func (o Options) apiIdentifiers() (list []string) {
	for _, a := range o.apiRoles() {
		list = append(list, ident(a.name))
	}
	return list
}

// createAPIRole returns the statement that creates a role of the API, and grants it to the role that runs the migration.
func createAPIRole(a apiRole) string {
	name := pg.QuoteLiteral(a.name)
	return `DO $krowoc$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ` + name + `) THEN
    CREATE ROLE ` + ident(a.name) + ` NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = ` + pg.QuoteLiteral(ident(a.of)) + `::regrole AND member = ` + pg.QuoteLiteral(ident(a.name)) + `::regrole) THEN
    GRANT ` + ident(a.of) + ` TO ` + ident(a.name) + `;
  END IF;
  IF NOT pg_has_role(current_user, ` + name + `, ` + maySet + `) THEN
    GRANT ` + ident(a.name) + ` TO CURRENT_USER;
  END IF;
END $krowoc$`
}

// enforce writes what the API needs to run under the policies.
func (w *writer) enforce(tables []Table) {
	var writers []string
	for _, a := range w.apiRoles() {
		w.add("GRANT USAGE ON SCHEMA " + Schema + " TO " + ident(a.name))
		if a.writes {
			writers = append(writers, ident(a.name))
		}
	}
	w.callers = w.apiIdentifiers()
	for _, t := range tables {
		for _, c := range t.Lookups {
			w.function(t.Name, c.SQL)
		}
		for _, p := range w.apiPolicies(t) {
			w.add("CREATE POLICY " + p.name + " ON " + ident(t.Name) + " FOR " + string(p.operation) + " TO " + strings.Join(writers, ", ") + p.clause)
		}
		for _, a := range w.apiRoles() {
			w.apiGrants(t, a)
		}
	}
	w.add(comment(digest(tables, w.Options)))
}

type apiPolicy struct {
	name      string
	operation Operation
	clause    string
}

// apiPolicies returns the policies of a table for the roles that write.
func (w *writer) apiPolicies(t Table) []apiPolicy {
	list := []apiPolicy{{PolicyPrefix + "api_select", Select, " USING (true)"}}
	for _, c := range t.Links {
		call := "(" + w.function(t.Name, c.SQL) + ")"
		list = append(list, apiPolicy{PolicyPrefix + "api_insert", Insert, " WITH CHECK " + call}, apiPolicy{PolicyPrefix + "api_delete", Delete, " USING " + call})
	}
	return list
}

// apiGrants writes what a role of the API may do with a table.
func (w *writer) apiGrants(t Table, a apiRole) {
	privileges := []string{string(Select)}
	if a.writes {
		for _, op := range operations[1:] {
			if t.grants[op]&a.who != 0 || (len(t.Links) > 0 && op != Update) {
				privileges = append(privileges, string(op))
			}
		}
		for _, sequence := range w.sequences[t.Name] {
			w.add("GRANT USAGE ON SEQUENCE " + sequence + " TO " + ident(a.name))
		}
	}
	w.add("GRANT " + strings.Join(privileges, ", ") + " ON TABLE " + ident(t.Name) + " TO " + ident(a.name))
}

// digestNote begins the comment on the Postgres schema that tells for which rules the API can run under its policies.
const digestNote = "Access rules that krowoc serve enforces: "

// digestSQL reads the comment.
const digestSQL = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1 AND starts_with(obj_description(oid, 'pg_namespace'), $2)"

func comment(digest string) string {
	return "COMMENT ON SCHEMA " + Schema + " IS " + pg.QuoteLiteral(digestNote+digest)
}

// digest returns a hash of everything that the rules need. It does not depend on a database, or on the issuers of an environment, whose claims the
// API does not use.
func digest(tables []Table, o Options) string {
	o = Options{Anonymous: o.Anonymous, Authenticated: o.Authenticated}
	w := &writer{Options: o.withDefaults(), functions: map[string]bool{}}
	sum := sha256.New()
	for _, sql := range w.statements(tables) {
		sum.Write([]byte(sql + "\n"))
	}
	for _, t := range tables {
		for _, c := range append(t.Lookups, t.Links...) {
			sum.Write([]byte(c.SQL + "\n"))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// digest reads the comment with the digest.
func (r *reader) digest(ctx context.Context) error {
	return r.query(ctx, digestSQL, []any{Schema, digestNote}, func(row []string) {
		r.list = append(r.list, object{
			order: digestOrder, create: []string{comment(strings.TrimPrefix(row[0], digestNote))},
			drop: []string{"COMMENT ON SCHEMA " + Schema + " IS NULL"}, replaces: true,
		})
	})
}
