// Package migrate applies, rolls back and creates SQL migrations. The file format and the table goose_db_version are goose's, so that
// both tools can take turns on a database; the files are parsed and run here. A file is one message to Postgres and one transaction.
// All checks come before the first statement, any number of processes may start at once, and errors point into the file.
package migrate

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"

	"github.com/krowoc/krowoc/internal/fault"
)

// Options configure a Migrator. DB and FS are required.
type Options struct {
	DB     *pgxpool.Pool    // the database; each operation opens one more connection with the pool's settings
	FS     fs.FS            // rooted at the folder of migrations
	Dir    string           // the folder's name, put before file names in errors; may be empty
	Table  string           // of the applied versions, with a schema or without; empty is goose_db_version
	Report func(Event)      // called as files start and end, one call at a time; may be nil
	Now    func() time.Time // nil is time.Now
	Logger *slog.Logger     // gets warnings about ignored files; nil discards

	// Trace begins the span of a file, whose statements are below it, and returns what ends it; may be nil.
	Trace func(context.Context, Result) (context.Context, func(error))

	// LookupEnv finds the variables that a file substitutes between `-- +goose ENVSUB ON` and OFF; nil finds none.
	LookupEnv func(name string) (string, bool)

	LockTimeout      time.Duration // how long a statement waits for a lock before its file is tried again; 0 is the server's
	StatementTimeout time.Duration // how long a statement may run; 0 is the server's
	LockRetries      int           // how often a file is retried after a lock timeout; 0 is 30, a negative number is never
	LeaseTTL         time.Duration // behind a pooler, how long after its death a process still has the lock; 0 is 30 s

	SkipGo            bool     // leave out migrations in Go, which are refused otherwise when they are pending
	AllowMissing      bool     // also apply files that are older than applied ones
	RollbackOnFailure bool     // a run that fails rolls back the files that it has applied
	Irreversible      bool     // roll back past files without a down section, of which only the record is deleted
	DryRun            bool     // change nothing; the results contain the SQL that would run
	Locks             bool     // results contain the locks that were taken
	Before, After     []string // SQL that is run before the first file and after the last, if there is any to run

	// RecordSums is called with the checksums of the folder after new or changed files were applied, if the folder has a SumFile.
	// If it is nil, such files are refused.
	RecordSums func(Sums) error
}

// Migrator brings a database to a version. It keeps no state between calls and is safe for concurrent use.
type Migrator struct{ o Options }

// New returns a Migrator. It touches neither the database nor the folder.
func New(o Options) (*Migrator, error) {
	if o.DB == nil || o.FS == nil {
		return nil, fault.New(fault.Invalid, "set up migrations", "a database and a folder are required")
	}
	if o.Table = cmp.Or(o.Table, goose.DefaultTablename); !tableName.MatchString(o.Table) {
		return nil, fault.New(fault.Invalid, "set up migrations", fmt.Sprintf("the table name %q is invalid", o.Table),
			"use lower-case letters, digits and underscores, optionally after a Postgres schema and a dot")
	}
	return &Migrator{o.withDefaults()}, nil
}

// withDefaults fills in defaults.
func (o Options) withDefaults() Options {
	report, reporting := o.Report, sync.Mutex{}
	o.Report = func(e Event) {
		reporting.Lock()
		defer reporting.Unlock()
		if report != nil {
			report(e)
		}
	}
	if o.Trace == nil {
		o.Trace = func(ctx context.Context, _ Result) (context.Context, func(error)) { return ctx, func(error) {} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.LookupEnv == nil {
		o.LookupEnv = func(string) (string, bool) { return "", false }
	}
	o.LockRetries = cmp.Or(o.LockRetries, 30)
	o.LeaseTTL = cmp.Or(o.LeaseTTL, 30*time.Second)
	return o
}

// tableName matches names that are valid without quotes, because goose does not quote the name.
var tableName = regexp.MustCompile(`^([a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]*$`)

// Direction is up, to apply, or down, to roll back.
type Direction string

// The directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Result is a migration that was applied or rolled back.
type Result struct {
	Version   int64         `json:"version"`
	File      string        `json:"file"`
	Direction Direction     `json:"direction"`
	Duration  time.Duration `json:"duration"` // nanoseconds
	Empty     bool          `json:"empty,omitempty"`
	Retries   int           `json:"retries,omitempty"` // because of lock timeouts
	Locks     []Lock        `json:"locks,omitempty"`   // with Options.Locks
	SQL       string        `json:"sql,omitempty"`     // of a dry run

	statements []string // of a dry run, for Losses
}

// Lock is a lock on a table or an index, held from the statement that took it to the end of the file.
type Lock struct {
	Line      int    `json:"line"` // of the statement
	Table     string `json:"table"`
	Mode      string `json:"mode"` // as pg_locks has it: AccessExclusiveLock
	statement int
}

// EventKind is the kind of an Event.
type EventKind string

// The kinds of events. Waiting comes first and at most once. Then each file has Started, and Done or Failed.
const (
	Waiting  EventKind = "waiting" // another process holds the lock
	Started  EventKind = "started"
	Blocked  EventKind = "blocked"  // the file waits for other sessions
	Retrying EventKind = "retrying" // it did not get a lock and is retried
	Done     EventKind = "done"     // applied, or rolled back
	Failed   EventKind = "failed"
)

// Event is progress. Holder belongs to Waiting, which has no Result; Blockers to Blocked; Err to Failed and
// Retrying, and After to Retrying.
type Event struct {
	Kind EventKind
	Result
	N, Of    int // this is the Nth file of this run, counted from 1
	Holder   *Holder
	Blockers []Blocker
	Err      error
	After    time.Duration
}

// Up applies every pending migration. The results are the applied files, even if there is an error.
func (m *Migrator) Up(ctx context.Context) ([]Result, error) {
	return m.execute(ctx, "migrate up", func(s state) (plan, error) { return s.up(latest) })
}

// UpTo applies the pending migrations up to and including version, which must have a file.
func (m *Migrator) UpTo(ctx context.Context, version int64) ([]Result, error) {
	return m.execute(ctx, "migrate up", func(s state) (plan, error) { return s.up(version) })
}

// Down rolls back the last steps migrations, in the reverse of the order in which they were applied.
func (m *Migrator) Down(ctx context.Context, steps int) ([]Result, error) {
	return m.execute(ctx, "migrate down", func(s state) (plan, error) { return s.down(steps) })
}

// DownTo rolls back every migration above version, which is 0 for all of them.
func (m *Migrator) DownTo(ctx context.Context, version int64) ([]Result, error) {
	return m.execute(ctx, "migrate down", func(s state) (plan, error) { return s.downTo(version) })
}

// To brings the database to version: down when version is applied, or is 0, and otherwise up.
func (m *Migrator) To(ctx context.Context, version int64) ([]Result, error) {
	return m.execute(ctx, "migrate to", func(s state) (plan, error) {
		if version == 0 || s.isApplied(version) {
			return s.downTo(version)
		}
		return s.up(version)
	})
}

// Redo rolls back the last migration and applies it again.
func (m *Migrator) Redo(ctx context.Context) ([]Result, error) {
	return m.execute(ctx, "migrate redo", func(s state) (plan, error) {
		p, err := s.down(1)
		for _, step := range p {
			p = append(p, planned{file: step.file, direction: Up})
		}
		return p, err
	})
}
