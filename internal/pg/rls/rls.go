// Package rls writes access rules as row-level security of Postgres, for clients that reach the database without the API: policies, grants of
// columns, and views and triggers for what neither can say. It compares what a database has with what the rules need.
//
// Owners of tables are not subject to policies, so that the API works as before, unless it takes roles of its own (Options.Enforce). Rules that
// look at other rows are functions with the rights of the owner: in a policy, a subquery would be subject to the policies of the other table.
package rls

import (
	"fmt"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Schema is the Postgres schema of the functions.
const Schema = "krowoc_auth"

// PolicyPrefix begins the names of the policies of this package.
const PolicyPrefix = "krowoc_"

// Row is the alias of the row in conditions.
const Row = "krowoc_row"

// What conditions can use of the caller. As subqueries they are evaluated once per statement.
const (
	UID         = "(SELECT " + Schema + ".uid())"
	UIDAsUUID   = "(SELECT " + Schema + ".uid_as_uuid())"
	UIDAsNumber = "(SELECT " + Schema + ".uid_as_number())"
	Roles       = "(SELECT " + Schema + ".roles())"
	Tier        = "(SELECT " + Schema + ".tier())"
	Now         = "now()"
)

// UIDAs returns UID as a value of another text type, which may compare in another way.
func UIDAs(dataType string) string { return "(SELECT " + Schema + ".uid()::" + dataType + ")" }

// LoggedInWithin returns the condition that the caller has logged in no longer ago than d, which has whole seconds.
func LoggedInWithin(d time.Duration) string {
	return fmt.Sprintf("(SELECT %s.logged_in_at() >= now() - interval '%d seconds')", Schema, int64(d.Seconds()))
}

// Operation is a command that policies and grants are for.
type Operation string

// The operations.
const (
	Select Operation = "SELECT"
	Insert Operation = "INSERT"
	Update Operation = "UPDATE"
	Delete Operation = "DELETE"
)

var operations = []Operation{Select, Insert, Update, Delete}

// Condition is a condition on Row.
type Condition struct {
	SQL       string // "" is always, "false" never
	Elsewhere bool   // it looks at rows of this or another table
}

// Who is a set of the roles of Postgres that a grant is for.
type Who int

// The roles.
const (
	Anonymous Who = 1 << iota
	Authenticated
)

// Table is what the rules allow with the rows of a table.
type Table struct {
	Name, Type string
	Policies   map[Operation][]Condition // one must hold; none is nobody
	Columns    []Column
	After      string      // the condition on rows that somebody has inserted or deleted, once the statement has done so; "" is always
	Lookups    []Condition // that statements of the API look up for fields
	Links      []Condition // under which the API writes a row of an implied join table; one must hold

	grants map[Operation]Who
}

// Grant notes that a role may do something with some rows.
func (t *Table) Grant(op Operation, w Who) {
	if t.grants == nil {
		t.grants = map[Operation]Who{}
	}
	t.grants[op] |= w
}

// Has reports whether the table has a column.
func (t *Table) Has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == column })
}

// hides reports whether callers may read some columns in some rows only, or only with a role of the claims.
func (t *Table) hides() bool {
	return len(t.Policies[Select]) > 0 && slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Sometimes })
}

// Column is what the rules allow with a column, in rows with which they allow it.
type Column struct {
	Name, Field string
	Grants      map[Operation]Who    // who may read it in all of these rows, or set it
	Exposed     bool                 // some field of the API shows it; the view has no other columns
	Sometimes   bool                 // others may read it in some of these rows: Shown tells in which
	Shown       Condition            // of reading an exposed column, for everybody
	Checks      map[Operation]string // the conditions on rows in which callers set it, for those that depend on the row or on claims
	Refused     []Operation          // such writes that cannot be checked, and are granted to nobody
}

// Options name what a project has in its own way. The zero value is what Supabase has.
type Options struct {
	Anonymous, Authenticated string    // roles; the default is anon and authenticated
	Roles                    []string  // paths of the claims with the caller's roles; the first that exists counts
	Tiers                    []string  // paths of the claims with the caller's tier; the first that exists counts
	Subjects                 []Subject // the issuers whose users have a UUID for an ID instead of the claim sub
	Enforce                  bool      // the API runs its statements under the policies, too
	Remove                   bool      // plan to remove everything
}

// Subject is how an issuer names itself in the claim iss, where the ID of its users is a UUID (version 5) of sub. All Subjects are
// mutually exclusive.
type Subject struct {
	Issuer    string // the claim itself
	Namespace string // the UUID of the names; empty is the UUID (version 5) of the claim as an URL
	Pattern   string // in place of Issuer: a regular expression for the claims of many tenants
}

// defaultRoles are the claims that issuers use for roles.
func defaultRoles() []string { return []string{"app_metadata.roles", "roles"} }

// defaultTiers are the claims that issuers use for the tier.
func defaultTiers() []string { return []string{"app_metadata.tier", "tier"} }

func (o Options) withDefaults() Options {
	if o.Anonymous == "" {
		o.Anonymous = "anon"
	}
	if o.Authenticated == "" {
		o.Authenticated = "authenticated"
	}
	if len(o.Roles) == 0 {
		o.Roles = defaultRoles()
	}
	if len(o.Tiers) == 0 {
		o.Tiers = defaultTiers()
	}
	return o
}

// names returns the roles of a set.
func (o Options) names(w Who) (list []string) {
	if w&Anonymous != 0 {
		list = append(list, o.Anonymous)
	}
	if w&Authenticated != 0 && o.Authenticated != o.Anonymous {
		list = append(list, o.Authenticated)
	}
	return list
}

// identifiers returns the roles as SQL.
func (o Options) identifiers() (list []string) {
	for _, role := range o.names(Anonymous | Authenticated) {
		list = append(list, ident(role))
	}
	return list
}

// Note tells what clients of the database must do in another way, because no policy or grant can express a rule of a field.
type Note struct {
	Type       string      `json:"type"`
	Table      string      `json:"table"`
	Fields     []string    `json:"fields"`
	View       string      `json:"view,omitempty"`       // to read instead of the table; it shows null for hidden fields
	Operations []Operation `json:"operations,omitempty"` // for which clients use the API instead
}

// Notes lists the notes on tables.
func Notes(tables []Table) []Note {
	list := []Note{}
	for _, t := range tables {
		if t.hides() {
			list = append(list, t.viewNote())
		}
		for i, c := range t.Columns {
			n := Note{Type: t.Type, Table: t.Name, Fields: []string{c.Field}, Operations: t.refused(c)}
			isNext := i > 0 && t.Columns[i-1].Field == c.Field // of the same reference
			if len(n.Operations) > 0 && !isNext {
				list = append(list, n)
			}
		}
	}
	return list
}

// viewNote says to read the view of a table.
func (t Table) viewNote() Note {
	n := Note{Type: t.Type, Table: t.Name, View: ViewName(t.Name)}
	for _, c := range t.Columns {
		if c.Sometimes && !slices.Contains(n.Fields, c.Field) {
			n.Fields = append(n.Fields, c.Field)
		}
	}
	return n
}

// refused returns the writes of a column that no grant can express, as far as the rules of the type allow them at all.
func (t Table) refused(c Column) (list []Operation) {
	for _, op := range c.Refused {
		if len(t.Policies[op]) > 0 {
			list = append(list, op)
		}
	}
	return list
}

func ident(name string) string { return sqltext.Ident(name) }
