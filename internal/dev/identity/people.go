package identity

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// People is the directory of users that are the rows of a type. The type has a key of one field and a field email; the fields name, role or
// roles, createdAt, and a field of the enum with @tiers are used if they exist.
type People struct {
	typeName string

	mu   sync.Mutex
	pool *pgxpool.Pool // nil until the API has a schema
	of   *schema.Schema
}

// NewPeople returns the directory of the users of a type. It has none before Use.
func NewPeople(typeName string) *People { return &People{typeName: typeName} }

// Use sets the database and schema that contain the users.
func (p *People) Use(pool *pgxpool.Pool, s *schema.Schema) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pool, p.of = pool, s
}

// source is the table of users and the columns to select.
type source struct {
	pool                       *pgxpool.Pool
	table                      string
	key, email                 string // quoted columns
	name, roles, tier, created string // expressions
	nameColumn                 string // quoted, or ""
	tiers                      *schema.Enum
}

func (p *People) source() (source, error) {
	const op = "find users"
	p.mu.Lock()
	pool, types := p.pool, p.of
	p.mu.Unlock()
	if pool == nil {
		return source{}, fault.New(fault.Unavailable, op, "the API is not ready yet")
	}
	t := types.Type(p.typeName)
	if t == nil || !t.Stored() || len(t.Key) != 1 || columnOf(t, "email") == "" {
		return source{}, fault.New(fault.Invalid, op, "the schema has no type "+p.typeName+" with a key of one field and a field email",
			"add such a type, `type "+p.typeName+" @table { email: String! @unique, name: String! }`, or set dev.auth.users in krowoc.yaml to the type that contains the users")
	}
	s := source{pool: pool, table: pg.QuoteIdent(t.Table), key: pg.QuoteIdent(t.Key[0].Column), email: columnOf(t, "email"),
		name: "''", roles: "'{}'::text[]", tier: "''", created: "now()", nameColumn: columnOf(t, "name"), tiers: types.Tiers()}
	if s.nameColumn != "" {
		s.name = s.nameColumn
	}
	if role := columnOf(t, "role"); role != "" {
		s.roles = "ARRAY[" + role + "::text]"
	}
	if roles := columnOf(t, "roles"); roles != "" {
		s.roles = roles + "::text[]"
	}
	for _, f := range t.Fields {
		if s.tiers != nil && f.Type.Enum == s.tiers && !f.Type.List {
			s.tier = pg.QuoteIdent(f.Column) + "::text"
		}
	}
	if created := columnOf(t, "createdAt"); created != "" {
		s.created = created
	}
	return s, nil
}

// columnOf returns the quoted column of a field, or "".
func columnOf(t *schema.Type, field string) string {
	if f := t.Field(field); f != nil && f.Column != "" {
		return pg.QuoteIdent(f.Column)
	}
	return ""
}

// selectWhere returns the users that match a condition.
func (p *People) selectWhere(ctx context.Context, condition string, args ...any) ([]User, error) {
	const op = "find users"
	s, err := p.source()
	if err != nil {
		return nil, err
	}
	condition = strings.NewReplacer("{key}", s.key, "{email}", s.email, "{name}", s.name).Replace(condition)
	rows, err := s.pool.Query(ctx, fmt.Sprintf("SELECT %s::text, %s::text, coalesce(%s::text, ''), %s, coalesce(%s, ''), %s::timestamptz FROM %s WHERE %s",
		s.key, s.email, s.name, s.roles, s.tier, s.created, s.table, condition), args...)
	if err != nil {
		return nil, pg.Fault(op, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (User, error) {
		var u User
		var created *time.Time
		err := row.Scan(&u.ID, &u.Email, &u.Name, &u.Roles, &u.Tier, &created)
		if created != nil {
			u.Created = *created
		}
		for i, r := range u.Roles {
			u.Roles[i] = strings.ToLower(r)
		}
		if s.tiers != nil {
			u.Tier = s.tiers.NameOf(u.Tier)
		}
		return u, err
	})
	return list, pg.Fault(op, err)
}

// List returns users whose name or e-mail address contains a text.
func (p *People) List(ctx context.Context, search string, limit int) ([]User, error) {
	return p.selectWhere(ctx, "position(lower($1) in lower({email}::text || ' ' || coalesce({name}::text, ''))) > 0 ORDER BY {name}, {email} LIMIT $2", search, limit)
}

// ByID returns a user.
func (p *People) ByID(ctx context.Context, id string) (User, error) {
	return one(p.selectWhere(ctx, "{key}::text = $1", id))
}

// ByEmail returns a user.
func (p *People) ByEmail(ctx context.Context, email string) (User, error) {
	return one(p.selectWhere(ctx, "lower({email}::text) = lower($1)", email))
}

func one(list []User, err error) (User, error) {
	switch {
	case err != nil:
		return User{}, err
	case len(list) == 0:
		return User{}, fault.New(fault.NotFound, "find a user", "no user matches")
	}
	return list[0], nil
}

// Create adds a user. Required fields other than email and name must have a default.
func (p *People) Create(ctx context.Context, u User) (User, error) {
	const op = "add a user"
	s, err := p.source()
	if err != nil {
		return u, err
	}
	columns, values, args := []string{s.email}, []string{"$1"}, []any{u.Email}
	if s.nameColumn != "" {
		columns, values, args = append(columns, s.nameColumn), append(values, "$2"), append(args, u.Name)
	}
	var given bool // the database generates the key
	err = s.pool.QueryRow(ctx, `SELECT atthasdef OR attidentity <> '' FROM pg_attribute WHERE attrelid = $1::regclass AND quote_ident(attname) = quote_ident($2)`,
		s.table, sqltext.Unquote(s.key)).Scan(&given)
	if err != nil {
		return u, pg.Fault(op, err)
	}
	if !given {
		columns, values, args = append(columns, s.key), append(values, fmt.Sprintf("$%d", len(args)+1)), append(args, uuid.NewString())
	}
	err = s.pool.QueryRow(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) RETURNING %s::text", s.table, strings.Join(columns, ", "),
		strings.Join(values, ", "), s.key), args...).Scan(&u.ID)
	if err != nil {
		return u, pg.Fault(op, err)
	}
	return p.ByID(ctx, u.ID)
}

// SetEmail changes the e-mail address of a user.
func (p *People) SetEmail(ctx context.Context, id, email string) error {
	const op = "change an e-mail address"
	s, err := p.source()
	if err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, fmt.Sprintf("UPDATE %s SET %s = $2 WHERE %s::text = $1", s.table, s.email, s.key), id, email)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.NotFound, op, "no user matches")
	}
	return pg.Fault(op, err)
}
