// Package seed loads fixtures, which are rows in YAML or CSV files, into the tables of a schema. It first checks all values against the
// schema. It then writes all rows in the order of their references, in one transaction. Rows have stable keys, so that loading the same
// fixtures twice changes nothing.
package seed

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// op is the operation in the faults of this package.
const op = "load the seeds"

// Options configure a load.
type Options struct {
	DB     *pgxpool.Pool // with at least two connections, to generate rows in tables that are in use
	Schema *schema.Schema
	FS     fs.FS            // the seeds folder, with one folder per set
	Dir    string           // name of the seeds folder in messages; empty means "seeds"
	Sets   []string         // folders of FS, loaded together; rows can refer to rows of other sets
	Now    func() time.Time // request.time in defaults, and now in templates

	LookupEnv  func(name string) (string, bool) // env in templates; nil means an empty environment
	RandomSeed uint64                           // the same seed gives the same fake values and generated rows

	DryRun bool      // report the changes without making them
	Prune  bool      // delete rows that an earlier load of these sets inserted and that are no longer in the fixtures
	Reset  ResetMode // empty the tables first

	Generate []Count // rows to generate in addition to those in the files
	// Report receives the progress of generated rows, from any goroutine; it may be nil.
	Report func(maker.Progress)
	// Parser reads the conditions of constraints, which generated rows must satisfy; nil means a parser without a cache.
	Parser *sqltext.Parser

	Environment string // the name of the environment, for messages and for AllowProtected
	Protected   bool   // reject the load, unless AllowProtected and Confirmed are both set
	// AllowProtected must be the name of the environment, as typed by the user.
	AllowProtected string
	Confirmed      bool
}

// Load loads the fixtures, then generates the requested rows, and returns the changes. It returns all mistakes in the fixtures at once, as
// a fault that wraps a diag.List. A row that Postgres rejects is also a diag.List. After an error in the fixtures, the database is
// unchanged. After an error with generated rows, it contains the fixtures.
func Load(ctx context.Context, o Options) (Summary, error) {
	if err := o.validate(); err != nil {
		return Summary{}, err
	}
	if err := o.consent(); err != nil {
		return Summary{}, err
	}
	f, err := o.read(ctx)
	if err != nil {
		return Summary{}, err
	}
	summary, err := o.write(ctx, f)
	if err != nil || o.DryRun || f.generation == nil {
		return summary, err
	}
	if summary.Generated, err = o.make(ctx, f); err != nil {
		return summary, err
	}
	summary.SQL, err = o.afterwards(ctx, f)
	return summary, err
}

// Check reads, checks and links the fixtures like Load, but without a database. It returns the same errors.
func Check(ctx context.Context, o Options) error {
	if o.Now == nil { // mistakes do not depend on the time
		o.Now = func() time.Time { return time.Time{} }
	}
	_, err := o.read(ctx)
	return err
}

func (o *Options) validate() error {
	if o.DB == nil || o.Schema == nil || o.FS == nil || o.Now == nil {
		return fault.New(fault.Internal, op, "seed.Options needs DB, Schema, FS and Now")
	}
	if o.Dir == "" {
		o.Dir = "seeds"
	}
	return nil
}

// consent rejects a protected environment, unless its name was given and the load was confirmed.
func (o *Options) consent() error {
	if !o.Protected || (o.Environment != "" && o.AllowProtected == o.Environment && o.Confirmed) {
		return nil
	}
	message := fmt.Sprintf("the database belongs to the environment %q, which is protected", o.Environment)
	if o.AllowProtected != "" && o.AllowProtected != o.Environment {
		message += fmt.Sprintf(", and %q is not its name", o.AllowProtected)
	}
	return fault.New(fault.Forbidden, op, message, fmt.Sprintf(
		"Seeds overwrite the rows they name. If that is what you want, say so twice: --allow-protected %s --yes", o.Environment))
}
