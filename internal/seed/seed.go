// Package seed loads fixtures, rows that a team writes in YAML, into the tables of a schema. Every value is
// checked against the schema before the first row is written; then all rows are written in the order of
// their references, in one transaction. Rows are found again by a stable key, so that loading the same
// fixtures twice changes nothing.
package seed

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// op is what a fault of this package says was being done.
const op = "load the seeds"

// Options say which fixtures to load, and where.
type Options struct {
	DB     pg.Beginner
	Schema *schema.Schema
	FS     fs.FS            // the seeds folder: one folder for each set
	Dir    string           // what messages call that folder; empty is "seeds"
	Sets   []string         // folders of FS, loaded as one: a row of any may refer to a row of any other
	Now    func() time.Time // the request.time of defaults, and the now of templates

	LookupEnv  func(name string) (string, bool) // the env of templates; nil is an empty environment
	RandomSeed uint64                           // what templates fake is the same for the same seed

	Environment string // the name of the environment, for messages and for AllowProtected
	Protected   bool   // refuse, unless AllowProtected and Confirmed both consent
	// AllowProtected is the environment's name, typed out by the person who seeds it.
	AllowProtected string
	Confirmed      bool
}

// Load loads the fixtures and says what that changed. Mistakes in the fixtures come back all at once, as a
// fault that wraps a diag.List; so does a row that Postgres refuses. After any error the database is as it
// was before.
func Load(ctx context.Context, o Options) (Summary, error) {
	if err := o.validate(); err != nil {
		return Summary{}, err
	}
	if err := o.consent(); err != nil {
		return Summary{}, err
	}
	now := o.Now()
	all, err := o.read(ctx, now)
	if err != nil {
		return Summary{}, err
	}
	return write(ctx, o.DB, all, now)
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
