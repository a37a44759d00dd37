package scratch

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// keptPrefix begins the names of databases that are kept. DropLeftovers does not drop them.
const keptPrefix = "krowoc_kept_"

// noteTable contains the note of a database that is kept. Nothing reads Krowoc's own schema as a part of a database.
const noteTable = own.Schema + ".kept"

// Keep closes a scratch database and keeps it on the server for a later process, in the place of another one of that name. note tells that
// process what the database contains. After a failure, the caller can still drop the database.
func (s *Server) Keep(ctx context.Context, db *pgxpool.Pool, name, note string) error {
	_, err := db.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+own.Schema+"; DROP TABLE IF EXISTS "+noteTable+
		"; CREATE TABLE "+noteTable+" AS SELECT "+pg.QuoteLiteral(note)+"::text AS note")
	if err != nil {
		return pg.Fault("describe a scratch database", err)
	}
	db.Close()
	return s.exec(ctx, func(*pgx.Conn) []string {
		return []string{
			"DROP DATABASE IF EXISTS " + keptPrefix + name + " WITH (FORCE)",
			"ALTER DATABASE " + pg.QuoteIdent(db.Config().ConnConfig.Database) + " RENAME TO " + keptPrefix + name,
		}
	})
}

// Kept returns the database that Keep has kept under a name, with its note and a function that drops it, or nil. It is then an ordinary
// scratch database: a process that is killed leaves nothing behind that another one would trust.
func (s *Server) Kept(ctx context.Context, name string) (db *pgxpool.Pool, note string, drop func() error, err error) {
	found, err := s.exists(ctx, keptPrefix+name)
	if err != nil || !found {
		return nil, "", nil, err
	}
	to := newName()
	err = s.exec(ctx, func(*pgx.Conn) []string { return []string{"ALTER DATABASE " + keptPrefix + name + " RENAME TO " + to} })
	if err != nil { // somebody is connected to it: create another one
		return nil, "", nil, ctx.Err()
	}
	db, drop, err = s.open(ctx, to)
	if err != nil {
		return nil, "", nil, err
	}
	if err := db.QueryRow(ctx, "SELECT note FROM "+noteTable).Scan(&note); err != nil {
		return nil, "", nil, pg.Fault("read what a scratch database contains", errors.Join(err, drop()))
	}
	return db, note, drop, nil
}

// exists reports whether a database exists.
func (s *Server) exists(ctx context.Context, name string) (found bool, err error) {
	const op = "find scratch databases"
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return false, pg.Fault(op, err)
	}
	found, err = pg.DatabaseExists(ctx, conn, name)
	return found, pg.Fault(op, errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}

// newName returns a name for a scratch database.
func newName() string { return "krowoc_scratch_" + strings.ToLower(rand.Text()[:12]) }
