// Package seed loads fixtures, rows that a team writes in YAML or CSV, into the tables of a schema. Every value is
// checked against the schema before the first row is written; then all rows are written in the order of
// their references, in one transaction. Rows are found again by a stable key, so that loading the same
// fixtures twice changes nothing.
package seed

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// op is what a fault of this package says was being done.
const op = "load the seeds"

// Options say which fixtures to load, and where.
type Options struct {
	DB     *pgxpool.Pool // of two connections or more, where rows are made in tables that are in use
	Schema *schema.Schema
	FS     fs.FS            // the seeds folder: one folder for each set
	Dir    string           // what messages call that folder; empty is "seeds"
	Sets   []string         // folders of FS, loaded as one: a row of any may refer to a row of any other
	Now    func() time.Time // the request.time of defaults, and the now of templates

	LookupEnv  func(name string) (string, bool) // the env of templates; nil is an empty environment
	RandomSeed uint64                           // what is faked and made is the same for the same seed

	DryRun bool      // changes nothing, and says what would change
	Prune  bool      // deletes rows that an earlier load has inserted for these sets and that they no longer have
	Reset  ResetMode // empties the tables first

	Generate []Count // rows to make beside those that the files ask for
	// Report is told how far the rows that are made have come, from any goroutine; it may be nil.
	Report func(maker.Progress)

	Environment string // the name of the environment, for messages and for AllowProtected
	Protected   bool   // refuse, unless AllowProtected and Confirmed both consent
	// AllowProtected is the environment's name, typed out by the person who seeds it.
	AllowProtected string
	Confirmed      bool
}

// Load loads the fixtures and says what that changed; then it makes the rows that are asked for. Mistakes in the fixtures come back all
// at once, as a fault that wraps a diag.List; so does a row that Postgres refuses. After an error with the fixtures the database is as
// it was before; after one with the rows that are made, it has the fixtures.
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

// Check reads, checks and links the fixtures as Load does, without a database. Its error is what Load's would be.
func Check(ctx context.Context, o Options) error {
	if o.Now == nil { // no mistake depends on the time
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

// consent refuses a protected environment unless its name was given and the intent confirmed.
func (o *Options) consent() error {
	if !o.Protected || o.Environment != "" && o.AllowProtected == o.Environment && o.Confirmed {
		return nil
	}
	message := fmt.Sprintf("the environment %q is protected", o.Environment)
	if o.AllowProtected != "" && o.AllowProtected != o.Environment {
		message += fmt.Sprintf(", and %q is not its name", o.AllowProtected)
	}
	return fault.New(fault.Forbidden, op, message, fmt.Sprintf(
		"Seeds overwrite the rows they name. If that is what you want, say so twice: --allow-protected %s --yes", o.Environment))
}
