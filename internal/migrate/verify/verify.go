// Package verify tests that migrations can be rolled back. It applies each one to a scratch database with rows, rolls it
// back, and compares the database with its earlier state.
package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/catalog"
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
