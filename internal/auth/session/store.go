package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// row is a session as the database has it, with its tokens decrypted.
type row struct {
	id          string
	issuer      string
	uid         string
	method      string // password, otp, or the name of a provider
	access      string
	refresh     string
	accessUntil time.Time
	until       time.Time
}

// Info is a session as its owner sees it.
type Info struct {
	ID        string    `json:"id"`
	Method    string    `json:"method"` // password, otp, or the name of a provider
	Address   string    `json:"address"`
	UserAgent string    `json:"userAgent"`
	Started   time.Time `json:"startedAt"`
	Seen      time.Time `json:"seenAt"` // within a minute
	Current   bool      `json:"current"`
}

// store reads and writes the table.
type store struct {
	pool *pgxpool.Pool
	keys *Keyring
	log  *slog.Logger
}

// errNone is the error of a session that does not exist, or no longer.
var errNone = errors.New("there is no such session")

// digest is what the table has in place of a ticket.
func digest(ticket []byte) [sha256.Size]byte { return sha256.Sum256(ticket) }

const columns = "id::text, issuer, uid, method, access, refresh, access_until, until"

func (s store) scan(from pgx.Row) (r row, err error) {
	var access, refresh []byte
	switch err = from.Scan(&r.id, &r.issuer, &r.uid, &r.method, &access, &refresh, &r.accessUntil, &r.until); {
	case errors.Is(err, pgx.ErrNoRows):
		return r, errNone
	case err != nil:
		return r, failed("read a session", err)
	}
	return r, s.unseal(&r, access, refresh)
}

func (s store) unseal(r *row, access, refresh []byte) error {
	for _, t := range []struct {
		sealed  []byte
		purpose string
		into    *string
	}{{access, "access " + r.id, &r.access}, {refresh, "refresh " + r.id, &r.refresh}} {
		text, err := s.keys.open(t.sealed, t.purpose)
		if err != nil {
			s.log.Error("a session cannot be read: its user has to log in again", "uid", r.uid, "error", err)
			return errNone
		}
		*t.into = string(text)
	}
	return nil
}

// failed is the fault of a statement that has failed.
func failed(op string, err error) error {
	return pg.Fault(op, own.Denied(err, "SELECT, INSERT, UPDATE, DELETE", own.SessionsTable))
}

// byTicket returns the session of a ticket, and notes in the same round trip that it is in use. It does not wait for a process that has
// locked the row to refresh it.
func (s store) byTicket(ctx context.Context, ticket [sha256.Size]byte, now time.Time) (row, error) {
	const query = `WITH seen AS (UPDATE ` + own.SessionsTable + ` SET seen_at = $2 WHERE id = (
	SELECT id FROM ` + own.SessionsTable + ` WHERE ticket = $1 AND seen_at < $2::timestamptz - interval '1 minute' FOR UPDATE SKIP LOCKED))
SELECT ` + columns + ` FROM ` + own.SessionsTable + ` WHERE ticket = $1 AND until > $2`
	return s.scan(s.pool.QueryRow(ctx, query, ticket[:], now))
}

// locked returns a session whose row stays locked until the transaction ends.
func (s store) locked(ctx context.Context, tx pgx.Tx, id string) (row, error) {
	return s.scan(tx.QueryRow(ctx, "SELECT "+columns+" FROM "+own.SessionsTable+" WHERE id = $1 FOR UPDATE", id))
}

// add adds a session, and removes those that are over.
func (s store) add(ctx context.Context, r row, ticket [sha256.Size]byte, info Info) error {
	_, err := s.pool.Exec(ctx, `WITH over AS (DELETE FROM `+own.SessionsTable+` WHERE until <= $9)
INSERT INTO `+own.SessionsTable+` (id, ticket, issuer, uid, method, access, refresh, access_until, address, user_agent, started_at, seen_at, until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $10, $11, $9, $9, $12)`, r.id, ticket[:], r.issuer, r.uid, info.Method,
		s.keys.seal([]byte(r.access), "access "+r.id), s.keys.seal([]byte(r.refresh), "refresh "+r.id), r.accessUntil, info.Started, info.Address, info.UserAgent, r.until)
	return failed("start a session", err)
}

// renew replaces the tokens of a session.
func (s store) renew(ctx context.Context, tx pgx.Tx, r row) error {
	_, err := tx.Exec(ctx, "UPDATE "+own.SessionsTable+" SET access = $2, refresh = $3, access_until = $4, until = $5 WHERE id = $1", r.id,
		s.keys.seal([]byte(r.access), "access "+r.id), s.keys.seal([]byte(r.refresh), "refresh "+r.id), r.accessUntil, r.until)
	return failed("refresh a session", err)
}

// end ends the sessions that match a condition, and returns their ids.
func end(ctx context.Context, tx pgx.Tx, condition string, args ...any) ([]string, error) {
	rows, _ := tx.Query(ctx, "DELETE FROM "+own.SessionsTable+" WHERE "+condition+" RETURNING id::text", args...)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, failed("end sessions", err)
}

// list lists the sessions of a user, the newest first.
func (s store) list(ctx context.Context, uid, current string, now time.Time) ([]Info, error) {
	rows, _ := s.pool.Query(ctx, "SELECT id::text, method, address, user_agent, started_at, seen_at, id::text = $2 FROM "+own.SessionsTable+
		" WHERE uid = $1 AND until > $3 ORDER BY started_at DESC LIMIT 100", uid, current, now)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Info])
	return list, failed("list sessions", err)
}
