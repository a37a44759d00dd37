// Package revocation tells all replicas of the server which sessions, tokens of users, API keys and keys of issuers no longer count. They are rows of a table,
// which each replica polls: an answer from memory is then never older than a second, without a message bus and without a query per request.
package revocation

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Kind is the kind of what is revoked.
type Kind string

// The kinds. The value of each is its identifier.
const (
	Session Kind = "session"
	Key     Kind = "key" // an API key
	KID     Kind = "kid" // a key with which an issuer signs tokens
	UID     Kind = "uid" // the tokens of a user that were issued before
)

// Revocation is one row.
type Revocation struct {
	Kind  Kind
	Value string
}

// keep is how long revocations of sessions, users and API keys are kept. What has been revoked lives on in two places: in the memory of servers for
// a minute, and in access tokens until they expire, which Supabase Auth limits to 7 days. A revoked key of an issuer is kept for good.
const keep = 8 * 24 * time.Hour

// DB is a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Revoke revokes something. All readers know it a second after the transaction has been committed. Until the transaction ends, other
// revocations wait (see the trigger of the table), so call Revoke as its last statement.
func Revoke(ctx context.Context, db DB, kind Kind, value string) error {
	const insert = `WITH old AS (DELETE FROM ` + own.RevocationsTable + ` WHERE kind <> 'kid' AND at < now() - $3::interval)
		INSERT INTO ` + own.RevocationsTable + ` (kind, value, at) VALUES ($1, $2, clock_timestamp())` // now() is the begin of the transaction
	_, err := db.Exec(ctx, insert, kind, value, keep)
	return pg.Fault("revoke the "+string(kind), own.Denied(err, "INSERT, DELETE", own.RevocationsTable))
}
