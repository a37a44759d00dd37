// Package people keeps the rows of people in step with what the issuer of their tokens says when they log in, and reads their roles.
package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// Roles are remembered, so that a person's row is read once in rememberFor.
const (
	rememberFor = 5 * time.Second
	maxRemember = 10_000
)

// Errors of Postgres (appendix A of its documentation).
const (
	notNullViolation = "23502"
	invalidText      = "22P02"
)

// Fields names the type of people and its fields, as auth.people configures them. Type has a key of one field, which is the user ID. Empty
// names are left alone.
type Fields struct{ Type, Email, Name, Avatar, Roles, Tier string }

// Table is the table of people. A nil table keeps no rows.
type Table struct {
	pool    *pgxpool.Pool
	keep    string // upserts a person: $1 is the user ID, then the values of takes
	takes   []func(token.Claims) string
	columns []string // that takes fill
	grants  string   // selects the roles and the tier of a person, null for what comes from the token; empty if both do
	nothing grants   // what nobody's row grants
	known   *lru.LRU[string, grants]
}

// grants are the roles and the tier of a person. A nil field comes from the token.
type grants struct {
	roles []string
	tier  *string
}

// column is a field that a log-in writes.
type column struct {
	key, field string // in krowoc.yaml, and its value there
	value      func(token.Claims) string
}

// New returns the table of people in a schema. An error names the key of krowoc.yaml that is wrong.
func New(pool *pgxpool.Pool, s *schema.Schema, f Fields) (*Table, error) {
	t := s.Type(f.Type)
	if t == nil || !t.Stored() || len(t.Key) != 1 {
		return nil, wrong("type", f.Type, "the schema has no stored type of this name with a key of one field")
	}
	table := &Table{pool: pool, known: lru.NewLRU[string, grants](maxRemember, nil, rememberFor)}
	key := t.Key[0]
	columns, values, changes := []string{pg.QuoteIdent(key.Column)}, []string{"$1"}, []string{}
	for _, c := range []column{{"email", f.Email, emailOf}, {"name", f.Name, nameOf}, {"avatar", f.Avatar, avatarOf}} {
		if c.field == "" {
			continue
		}
		field := t.Field(c.field)
		if field == nil || field.Column == "" {
			return nil, wrong(c.key, c.field, "the type "+f.Type+" has no such field")
		}
		name := pg.QuoteIdent(field.Column)
		table.takes, table.columns = append(table.takes, c.value), append(table.columns, field.Column)
		columns, values = append(columns, name), append(values, fmt.Sprintf("$%d", len(table.takes)+1))
		changes = append(changes, fmt.Sprintf("%s = coalesce(excluded.%[1]s, p.%[1]s)", name))
	}
	onConflict := "NOTHING"
	if len(changes) > 0 {
		onConflict = "UPDATE SET " + strings.Join(changes, ", ")
	}
	from := pg.QuoteIdent(t.Table)
	table.keep = fmt.Sprintf("INSERT INTO %s AS p (%s) VALUES (%s) ON CONFLICT (%s) DO %s", from, strings.Join(columns, ", "), strings.Join(values, ", "), columns[0], onConflict)
	roles, tier, err := grantColumns(t, f)
	if err != nil {
		return nil, err
	}
	if f.Roles != "" {
		table.nothing.roles = []string{}
	}
	if f.Tier != "" {
		table.nothing.tier = new(string)
	}
	if f.Roles+f.Tier != "" {
		table.grants = fmt.Sprintf("SELECT array_remove(%s, NULL), %s FROM %s WHERE %s = $1", roles, tier, from, columns[0])
	}
	return table, nil
}

// grantColumns returns SQL for the roles and the tier of a row, NULL for what no field has.
func grantColumns(t *schema.Type, f Fields) (roles, tier string, err error) {
	roles, tier = "NULL::text[]", "NULL::text"
	if f.Roles != "" {
		field := t.Field(f.Roles)
		if field == nil || field.Column == "" {
			return "", "", wrong("roles", f.Roles, "the type "+f.Type+" has no such field")
		}
		roles = "coalesce(ARRAY[" + pg.QuoteIdent(field.Column) + "::text], '{}')"
		if field.Type.List {
			roles = "coalesce(" + pg.QuoteIdent(field.Column) + "::text[], '{}')"
		}
	}
	if f.Tier != "" {
		field := t.Field(f.Tier)
		if field == nil || field.Column == "" || field.Type.List {
			return "", "", wrong("tier", f.Tier, "the type "+f.Type+" has no such field of one value")
		}
		tier = "coalesce(" + pg.QuoteIdent(field.Column) + "::text, '')"
	}
	return roles, tier, nil
}

func wrong(key, value, why string) error {
	return fault.New(fault.Invalid, "configure people", fmt.Sprintf("auth.people.%s is %q: %s", key, value, why), "name a type and fields of the schema")
}

// Keep makes the row of a person, or changes it to what the claims say. What the claims do not say stays.
func (t *Table) Keep(ctx context.Context, claims token.Claims) error {
	const op = "keep the row of a person"
	if t == nil {
		return nil
	}
	args := []any{claims.Subject}
	for _, take := range t.takes {
		var value *string
		if text := take(claims); text != "" {
			value = &text
		}
		args = append(args, value)
	}
	if _, err := t.pool.Exec(ctx, t.keep, args...); err != nil {
		return t.refusal(op, claims, err)
	}
	return nil
}

// refusal says why the row of a person could not be kept.
func (t *Table) refusal(op string, claims token.Claims, err error) error {
	var refused *pgconn.PgError
	errors.As(err, &refused)
	switch code := fault.CodeOf(pg.Fault(op, err)); {
	case code == fault.Conflict:
		return &fault.Error{Code: fault.Conflict, Op: op, Message: "another account has the same e-mail address", Hint: "log in the way you did before", Err: err}
	case refused != nil && refused.Code == notNullViolation && slices.Contains(t.columns, refused.ColumnName):
		return &fault.Error{Code: fault.Forbidden, Op: op, Message: "the issuer does not say, or has not verified, your " + refused.ColumnName, Hint: "add and verify it there, then log in again", Err: err}
	case refused != nil && refused.Code == invalidText:
		return &fault.Error{Code: fault.Internal, Op: op, Message: "auth.people: the user ID " + claims.Subject + " does not fit the key of the type: " + err.Error(),
			Hint: "set subject: uuid for the issuer " + claims.Issuer, Private: true, Err: err}
	}
	return &fault.Error{Code: fault.Internal, Op: op, Message: "auth.people: " + err.Error(), Private: true, Err: err}
}

// Fill replaces the roles and the tier of a caller by those of the person's row. A person without a row has neither.
func (t *Table) Fill(ctx context.Context, who caller.Caller) (caller.Caller, error) {
	if t == nil || t.grants == "" || who.UID == "" {
		return who, nil
	}
	g, found := t.known.Get(who.UID)
	if !found {
		var err error
		if g, err = t.read(ctx, who.UID); err != nil {
			return who, err
		}
		t.known.Add(who.UID, g)
	}
	if g.roles != nil {
		who.Roles = g.roles
	}
	if g.tier != nil {
		who.Tier = *g.tier
	}
	return who, nil
}

// read reads what the row of a person grants.
func (t *Table) read(ctx context.Context, uid string) (g grants, err error) {
	err = t.pool.QueryRow(ctx, t.grants, uid).Scan(&g.roles, &g.tier)
	if errors.Is(err, pgx.ErrNoRows) {
		return t.nothing, nil
	}
	for i, role := range g.roles {
		g.roles[i] = strings.ToLower(role) // the values of an enum are upper case, and roles are not
	}
	return g, pg.Fault("read the roles of a person", err)
}

func emailOf(c token.Claims) string { return c.Email }

// nameOf returns the name of a person: as the provider has it, or what is before the @ of the e-mail address.
func nameOf(c token.Claims) string {
	before, _, _ := strings.Cut(c.Email, "@")
	return cmp.Or(said(c, "full_name"), said(c, "name"), said(c, "user_name"), before)
}

func avatarOf(c token.Claims) string { return cmp.Or(said(c, "avatar_url"), said(c, "picture")) }

// said returns what a provider says of a person: Supabase has it in user_metadata, OpenID Connect among the claims.
func said(c token.Claims, name string) string {
	metadata, _ := c.All["user_metadata"].(map[string]any)
	for _, claims := range []map[string]any{metadata, c.All} {
		if text, _ := claims[name].(string); text != "" {
			return text
		}
	}
	return ""
}
