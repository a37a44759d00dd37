// Package verify tests that migrations can be rolled back. It applies each one to a scratch database with rows, rolls it
// back, and compares the database with its earlier state.
package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Options configure Run. Database and FS are required.
type Options struct {
	Database func(context.Context) (db *pgxpool.Pool, drop func() error, err error) // creates an empty scratch database
	FS       fs.FS                                                                  // rooted at the folder of migrations
	Dir      string                                                                 // its name in errors
	Table    string                                                                 // of the applied versions

	// Only names the files to verify; the others are only applied. Nil is all.
	Only map[string]bool

	// MakeRoles creates roles that migrations use and the server does not have. Roles belong to the server, not to a database.
	MakeRoles bool

	// Parser reads the conditions of constraints; nil is one without a cache folder.
	Parser *sqltext.Parser

	// Rows is the number of rows to insert into each empty table; 0 is 3.
	Rows int

	Report    func(File) // called for each verified file; may be nil
	Now       func() time.Time
	Logger    *slog.Logger
	LookupEnv func(string) (string, bool)
}

// Result is the result of Run.
type Result struct {
	OK    bool   `json:"ok"`
	Files []File `json:"files"`
}

// File is the result for one migration.
type File struct {
	Version    int64          `json:"version"`
	File       string         `json:"file"`
	OK         bool           `json:"ok"`
	Ignored    string         `json:"ignored,omitempty"` // why the file asks not to be verified; it is only applied
	DurationMs float64        `json:"durationMs"`        // of up, down and up
	Findings   []Finding      `json:"findings,omitempty"`
	Locks      []migrate.Lock `json:"locks,omitempty"`     // taken by up that block readers or writers
	Rewritten  []string       `json:"rewritten,omitempty"` // tables that up rewrote

	path  string // with the folder, for diagnostics
	stops bool   // it cannot be applied at all, so later files cannot be verified
}

// verifier is one run.
type verifier struct {
	Options
	db       *pgxpool.Pool
	drop     func() error // nil until there is a database
	skipGo   bool         // only the SQL is verified, so migrations in Go are left out
	reader   *catalog.Reader
	migrator *migrate.Migrator
	before   *catalog.Catalog             // state after the previous file; nil is unknown
	status   []migrate.Status             // all files
	applied  int64                        // the version of the database when tables are filled
	future   future                       // what later files demand of rows, once a file has failed on them
	refused  map[string][sha256.Size]byte // the state in which a table has refused all rows
}

// Run verifies the migrations in order. The result contains their problems. The error tells why they could not be verified.
func Run(ctx context.Context, o Options) (result Result, err error) {
	v, err := newVerifier(ctx, o, true)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, v.drop()) }()
	if v.status, err = v.migrator.Status(ctx); err != nil {
		return Result{}, err
	}
	return v.files(ctx)
}

// files verifies migrations in order, up to one that cannot be applied.
func (v *verifier) files(ctx context.Context) (Result, error) {
	result := Result{OK: true, Files: []File{}}
	previous := int64(0)
	for _, s := range v.status {
		if v.Only != nil && !v.Only[s.File] {
			if err := v.skip(ctx, s); err != nil {
				return result, err
			}
			previous = s.Version
			continue
		}
		v.applied = previous
		f, err := v.one(ctx, s, previous)
		if err != nil {
			return result, fault.Wrap(op, err)
		}
		result.Files = append(result.Files, f)
		result.OK = result.OK && f.OK
		v.Report(f)
		if f.stops {
			break // later files depend on it
		}
		previous = s.Version
		if !f.has(NotRestored, NotRepeated, ColumnOrder) {
			continue
		}
		if err := v.restart(ctx, s.Version); err != nil {
			return result, err
		}
	}
	return result, nil
}

// skip applies a migration without verifying it, and if the generated rows break it, without rows.
func (v *verifier) skip(ctx context.Context, s migrate.Status) error {
	_, err := v.up(ctx, s.Version)
	v.before = nil
	if err != nil && ctx.Err() == nil {
		return v.restart(ctx, s.Version)
	}
	return err
}

const op = "verify the migrations"

// Build applies all migrations to a scratch database without verifying them, and reads its catalog.
func Build(ctx context.Context, o Options) (c *catalog.Catalog, err error) {
	db, drop, err := BuildDatabase(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return catalog.Read(ctx, db, CatalogOptions(o.Table))
}

// CatalogOptions are the options with which Build reads a catalog, for comparisons. versions is the table of applied versions: its owner is
// the role that migrates.
func CatalogOptions(versions string) catalog.Options {
	return catalog.Options{Exclude: migrate.InternalTables(versions), Owners: migrate.VersionsTable(versions)}
}

// BuildDatabase applies all migrations to a scratch database without verifying them. It returns the database and the function
// that drops it.
func BuildDatabase(ctx context.Context, o Options) (*pgxpool.Pool, func() error, error) {
	v, err := newVerifier(ctx, o, false)
	if err != nil {
		return nil, nil, err
	}
	status, err := v.migrator.Status(ctx)
	if err == nil && len(status) > 0 {
		_, err = v.up(ctx, status[len(status)-1].Version)
	}
	if err != nil {
		return nil, nil, errors.Join(err, v.drop())
	}
	return v.db, v.drop, nil
}

func newVerifier(ctx context.Context, o Options, skipGo bool) (*verifier, error) {
	if o.Database == nil || o.FS == nil {
		return nil, fault.New(fault.Invalid, op, "a database and a folder are required")
	}
	if o.Rows == 0 {
		o.Rows = 3
	}
	if o.Parser == nil {
		o.Parser = sqltext.NewParser("")
	}
	if o.Report == nil {
		o.Report = func(File) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &verifier{Options: o, skipGo: skipGo, refused: map[string][sha256.Size]byte{}}
	return v, v.restart(ctx, 0)
}

// restart continues with a new database, migrated to a version. After an incomplete rollback the old database would give later
// files false findings.
func (v *verifier) restart(ctx context.Context, version int64) error {
	if v.drop != nil {
		if err := v.drop(); err != nil {
			return err
		}
		v.drop = func() error { return nil }
	}
	db, drop, err := v.Database(ctx)
	if err != nil {
		return err
	}
	v.db, v.drop, v.before = db, drop, nil
	v.reader = catalog.NewReader(db, CatalogOptions(v.Table))
	v.migrator, err = migrate.New(migrate.Options{
		DB: db, FS: v.FS, Dir: v.Dir, Table: v.Table, Locks: true, Logger: v.Logger, LookupEnv: v.LookupEnv, AllowMissing: true, SkipGo: v.skipGo,
		RecordSums: func(migrate.Sums) error { return nil },
	})
	if err == nil && version > 0 {
		_, err = v.up(ctx, version)
	}
	if err != nil {
		return errors.Join(err, drop())
	}
	return nil
}

// missingRole matches Postgres's message about a missing role.
var missingRole = regexp.MustCompile(`^role "(.+)" does not exist$`)

// up applies the migrations up to a version.
func (v *verifier) up(ctx context.Context, version int64) ([]migrate.Result, error) {
	for {
		results, err := v.migrator.UpTo(ctx, version)
		var server *pgconn.PgError
		if !v.MakeRoles || !errors.As(err, &server) {
			return results, err
		}
		role := missingRole.FindStringSubmatch(server.Message)
		if role == nil {
			return results, err
		}
		if _, err := v.db.Exec(ctx, "CREATE ROLE "+pg.QuoteIdent(role[1])); err != nil {
			return results, pg.Fault("create role "+role[1], err)
		}
	}
}

// state is the content of a database at one moment.
type state struct {
	catalog *catalog.Catalog
	rows    rowCounts
	files   map[string]uint32 // relfilenode by table
}

// file verifies one migration, with generated rows or on empty tables, and leaves it applied if possible.
func (v *verifier) file(ctx context.Context, s migrate.Status, withRows bool) (f File, err error) {
	f = v.newFile(s)
	before, err := v.prepare(ctx, withRows)
	if err != nil {
		return f, err
	}
	began := v.Now()
	defer func() {
		f.DurationMs = float64(v.Now().Sub(began).Microseconds()) / 1000
		f.OK = !slices.ContainsFunc(f.Findings, func(x Finding) bool { return !x.isWarning() })
	}()
	results, err := v.up(ctx, s.Version)
	if err != nil {
		return f, f.blame(ctx, UpFails, err)
	}
	f.Locks = blocking(results)
	up, err := v.catalog(ctx)
	if err != nil {
		return f, err
	}
	files, err := v.relfilenodes(ctx)
	if err != nil {
		return f, err
	}
	f.Rewritten = rewritten(before.files, files)
	if _, err := v.migrator.Down(ctx, 1); err != nil {
		v.before = up
		kind := DownFails
		if fault.CodeOf(err) == fault.Conflict && !errors.As(err, new(*migrate.StatementError)) {
			kind = Irreversible
		}
		return f, f.blame(ctx, kind, err)
	}
	down, err := v.catalog(ctx)
	if err != nil {
		return f, err
	}
	rows, err := v.countRows(ctx, down)
	if err != nil {
		return f, err
	}
	f.compare(NotRestored, "rolling back does not restore the original schema", before.catalog, down)
	for _, change := range before.rows.changes(rows) {
		f.add(Finding{Kind: Rows}, change)
	}
	if _, err = v.up(ctx, s.Version); err != nil {
		return f, f.blame(ctx, NotRepeated, err)
	}
	if v.before, err = v.catalog(ctx); err != nil {
		return f, err
	}
	f.compare(NotRepeated, "applying the file again after a rollback gives a different schema", up, v.before)
	return f, nil
}

func (v *verifier) catalog(ctx context.Context) (*catalog.Catalog, error) {
	return v.reader.Read(ctx)
}

// prepare fills the empty tables, if there are to be rows, and returns the state of the database.
func (v *verifier) prepare(ctx context.Context, withRows bool) (s state, err error) {
	if s.catalog = v.before; s.catalog == nil {
		if s.catalog, err = v.catalog(ctx); err != nil {
			return s, err
		}
	}
	if withRows {
		if err := v.fill(ctx, s.catalog); err != nil {
			return s, err
		}
	}
	if s.rows, err = v.countRows(ctx, s.catalog); err != nil {
		return s, err
	}
	s.files, err = v.relfilenodes(ctx)
	return s, err
}

// relfilenodes returns the file node of each table. It changes when Postgres rewrites the table.
func (v *verifier) relfilenodes(ctx context.Context) (map[string]uint32, error) {
	rows, err := v.db.Query(ctx, `SELECT c.oid::regclass::text, c.relfilenode FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname NOT IN ('information_schema', '`+own.Schema+`') AND n.nspname NOT LIKE 'pg\_%'`)
	if err != nil {
		return nil, pg.Fault("list the files of tables", err)
	}
	defer rows.Close()
	files := map[string]uint32{}
	for rows.Next() {
		var name string
		var node uint32
		if err := rows.Scan(&name, &node); err != nil {
			return nil, pg.Fault("list the files of tables", err)
		}
		files[name] = node
	}
	return files, pg.Fault("list the files of tables", rows.Err())
}

func rewritten(before, after map[string]uint32) []string {
	var list []string
	for name, node := range after {
		if had, there := before[name]; there && had != node {
			list = append(list, name)
		}
	}
	return list
}

// blocking returns the locks that block other sessions: ShareLock and stronger block writers, AccessExclusiveLock also readers.
func blocking(results []migrate.Result) (list []migrate.Lock) {
	for _, r := range results {
		for _, l := range r.Locks {
			switch l.Mode {
			case "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock":
				list = append(list, l)
			}
		}
	}
	return list
}
