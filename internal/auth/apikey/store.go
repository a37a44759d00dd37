package apikey

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// columns are those of krowoc.api_keys that into reads.
const columns = "id, name, uid, roles, tier, service, operations, types, created_at, expires_at, last_used_at, revoked_at"

func (k *Key) into() []any {
	return []any{&k.ID, &k.Name, &k.UID, &k.Roles, &k.Tier, &k.Service, &k.Operations, &k.Types, &k.Created, &k.Expires, &k.LastUsed, &k.Revoked}
}

func scan(row pgx.CollectableRow) (k Key, err error) { return k, row.Scan(k.into()...) }

// Create creates a key. It returns the secret, which nobody can find out later.
func Create(ctx context.Context, db *pgxpool.Pool, g Grant) (k Key, secret string, err error) {
	if err := g.Check(); err != nil {
		return Key{}, "", err
	}
	secret = newSecret()
	h := hash(sha256.Sum256([]byte(secret)))
	if g.Roles == nil {
		g.Roles = []string{}
	}
	rows, err := db.Query(ctx, `INSERT INTO `+own.APIKeysTable+` (id, hash, name, uid, roles, tier, service, operations, types, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING `+columns,
		h.id(), h[:], g.Name, g.UID, g.Roles, g.Tier, g.Service, g.Operations, g.Types, g.Expires)
	if err == nil {
		k, err = pgx.CollectExactlyOneRow(rows, scan)
	}
	return k, secret, pg.Fault("create an API key", own.Denied(err, "INSERT, SELECT", own.APIKeysTable))
}

// List returns all keys, the newest first.
func List(ctx context.Context, db *pgxpool.Pool) (keys []Key, err error) {
	rows, err := db.Query(ctx, "SELECT "+columns+" FROM "+own.APIKeysTable+" ORDER BY created_at DESC, id")
	if err == nil {
		keys, err = pgx.CollectRows(rows, scan)
	}
	return keys, pg.Fault("list the API keys", own.Denied(err, "SELECT", own.APIKeysTable))
}

// Revoke revokes a key on all replicas. To revoke a key twice changes nothing.
func Revoke(ctx context.Context, db *pgxpool.Pool, id string) (k Key, err error) {
	op := "revoke the API key " + id
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "UPDATE "+own.APIKeysTable+" SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING "+columns, id)
		if err != nil {
			return err
		}
		keys, err := pgx.CollectRows(rows, scan)
		if err != nil {
			return own.Denied(err, "SELECT, UPDATE", own.APIKeysTable)
		}
		if len(keys) == 0 {
			return fault.New(fault.NotFound, "", fmt.Sprintf("no key has the ID %q", id), "`krowoc auth key list` shows the IDs")
		}
		k = keys[0]
		return revocation.Revoke(ctx, tx, revocation.Key, id)
	})
	return k, pg.Fault(op, err)
}

// RevokeOf revokes the keys of a user in a transaction, and returns their IDs. Keys that are revoked already are none of them.
func RevokeOf(ctx context.Context, tx pgx.Tx, uid string) (ids []string, err error) {
	rows, err := tx.Query(ctx, "UPDATE "+own.APIKeysTable+" SET revoked_at = now() WHERE uid = $1 AND revoked_at IS NULL RETURNING id", uid)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	for _, id := range ids {
		if err == nil {
			err = revocation.Revoke(ctx, tx, revocation.Key, id)
		}
	}
	return ids, pg.Fault("revoke the API keys of a user", own.Denied(err, "SELECT, UPDATE", own.APIKeysTable))
}
