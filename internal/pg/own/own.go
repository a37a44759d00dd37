// Package own manages the Postgres schema "krowoc", which contains Krowoc's own tables in the database of a project. Numbered migrations in
// the binary create it. Commands that may change tables apply them, in one transaction. The production server never applies them and only
// compares versions.
//
// A migration is additive: the previous release also works with the new schema, so that an older and a newer binary can run at the same
// time. A database that is newer than the binary is therefore accepted.
package own

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// Schema is the name of the schema. It is left out when databases are compared, dumped or imported.
const Schema = "krowoc"

// The tables of the schema.
const (
	APIKeysTable     = Schema + ".api_keys"
	ChangesTable     = Schema + ".changes"
	ErrorCountsTable = Schema + ".error_counts"
	ErrorsTable      = Schema + ".errors"
	IdempotencyTable = Schema + ".idempotency_keys"
	LeaseTable       = Schema + ".migration_lease"
	MigrationsTable  = Schema + ".migrations"
	OutboxTable      = Schema + ".outbox"
	ProgressTable    = Schema + ".migration_progress"
	RevocationsTable = Schema + ".revocations"
	SessionsTable    = Schema + ".sessions"
	SeedsTable       = Schema + ".seeds"
	UnsavedTable     = Schema + ".unsaved"
	versionsTable    = Schema + ".versions"
)

// NoteChanges is the function of the triggers that write ChangesTable, and EmptyChanges removes its old rows.
const (
	NoteChanges  = Schema + ".note_changes"
	EmptyChanges = Schema + ".empty_changes"
)

// BlindIndex is the function that hashes a text with a secret of the database.
const BlindIndex = Schema + ".blind_index"

// LegacyTables returns the names of the tables that earlier releases created in users' schemas. A database to which the migrations of this
// package have not been applied may still have them.
func LegacyTables() []string {
	return []string{"krowoc_migration_lease", "krowoc_migration_progress", "krowoc_seeds", "krowoc_unsaved"}
}

// DB reads a database: a pool, a connection or a transaction.
type DB interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// migration is one file.
type migration struct {
	version int
	name    string // of the file, without its extension
	sql     string
}

//go:embed migrations/*.sql
var files embed.FS

// migrations lists the files by version. Versions count from 1 without gaps.
func migrations() []migration {
	entries, err := fs.ReadDir(files, "migrations")
	if err != nil {
		panic(err) // they are in the binary
	}
	list := make([]migration, len(entries))
	for i, e := range entries {
		text, err := fs.ReadFile(files, "migrations/"+e.Name())
		number, _, _ := strings.Cut(e.Name(), "_")
		version, notNumber := strconv.Atoi(number)
		if err != nil || notNumber != nil || version != i+1 {
			panic(fmt.Sprintf("own: %s is not migration %d", e.Name(), i+1)) // a test checks this
		}
		list[i] = migration{version, strings.TrimSuffix(e.Name(), ".sql"), string(text)}
	}
	return list
}

// Latest returns the version that this binary needs.
func Latest() int { return len(migrations()) }

// Version returns the version of the schema in a database, or 0.
func Version(ctx context.Context, db DB) (int, error) {
	version, err := readVersion(ctx, db)
	var f *fault.Error
	if err = pg.Fault("read the version of the schema "+Schema, err); errors.As(err, &f) && f.Code == fault.Forbidden {
		f.Hint = "grant the role of the service: USAGE ON SCHEMA " + Schema + "; SELECT ON " + versionsTable
	}
	return version, err
}

// Denied adds to the refusal of a right on a table of this package the rights that the role of the command needs. Other errors stay
// as they are.
func Denied(err error, rights, table string) error {
	var server *pgconn.PgError
	if !isDenied(err) || !errors.As(err, &server) {
		return err
	}
	return &fault.Error{Code: fault.Forbidden, Message: server.Message, Hint: "grant the role of the command: " + rights + " ON " + table, Err: err, Private: true}
}

// readVersion returns the version, or 0. It ignores a foreign table with the same name.
func readVersion(ctx context.Context, db DB) (version int, err error) {
	const isOurs = `SELECT count(*) = 3 FROM pg_attribute WHERE attrelid = to_regclass('` + versionsTable + `')
		AND (attname, atttypid) IN (('version', 'int4'::regtype), ('name', 'text'::regtype), ('applied_at', 'timestamptz'::regtype))`
	var exists bool
	if err = db.QueryRow(ctx, isOurs).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	err = db.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM "+versionsTable).Scan(&version)
	return version, err
}

// Check returns a Conflict if the schema of the database is older than this binary requires. It also returns the version. It only needs the
// permission to read the version.
func Check(ctx context.Context, db DB) (version int, err error) {
	version, err = Version(ctx, db)
	if err != nil || version >= Latest() {
		return version, err
	}
	return version, fault.New(fault.Conflict, "check the schema "+Schema,
		fmt.Sprintf("the database has version %d of the schema %s, but this release needs version %d", version, Schema, Latest()),
		"apply it with `krowoc migrate up`, as a role that may create tables")
}
