package dev

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"

	"github.com/jackc/pgx/v5/pgxpool"
)

// syncTables changes the tables to match a schema, unless they are known to match.
func (s *session) syncTables(ctx context.Context, types *schema.Schema) error {
	digest, err := s.tablesDigest(ctx, types)
	if err != nil {
		return err
	}
	path := filepath.Join(s.StateDir, "tables.digest")
	before, err := os.ReadFile(path)
	if err == nil && string(before) == digest {
		return nil
	}
	began, sync := s.now(), s.syncer.Sync
	isNew := err != nil
	if isNew {
		sync = s.syncNew
	}
	done := s.while("schema", "still creating the tables of the schema in scratch databases, which later changes reuse,")
	if s.schema != nil { // the tables match it, so that they may be copied
		s.prepared(ctx, s.schema)
	}
	statements, err := sync(ctx, s.pool, types)
	done()
	if err != nil {
		return err
	}
	for _, sql := range statements {
		line, _, more := strings.Cut(sql, "\n")
		if more {
			line += " …"
		}
		s.info("schema", line)
	}
	if isNew && s.mayCopy() {
		s.background.Go(func() { s.prepared(ctx, types) }) // the rest of the start hardly uses Postgres
	}
	if len(statements) > 0 {
		s.info("schema", fmt.Sprintf("applied to the database, but not saved: `krowoc migrate save NAME` writes the migration %s", since(began, s.now())))
		s.generate(types)
	}
	if digest, err = s.tablesDigest(ctx, types); err != nil {
		return err
	}
	return fault.Wrap("record the state of the tables", atomicfile.Write(path, []byte(digest), 0o644))
}

// worthCopying is how long migrations must take for a copy of their result to be worth its time, which is a tenth of that, before the session
// is up. A save does not notice the time in which fewer are run again.
const worthCopying = 500 * time.Millisecond

// mayCopy reports whether the database is worth copying for the first saved change, and nobody knows of it yet.
func (s *session) mayCopy() bool { return s.Watch && s.copyable && s.api == nil }

func (s *session) syncNew(ctx context.Context, pool *pgxpool.Pool, types *schema.Schema) ([]string, error) {
	return s.syncer.SyncNew(ctx, pool, types, s.mayCopy())
}

// prepareDelay is how long a session waits after its start before it prepares for the first saved change. The first requests come first.
const prepareDelay = 100 * time.Millisecond

// prepareSync builds in the background what the first saved change needs.
func (s *session) prepareSync(ctx context.Context, types *schema.Schema) {
	select {
	case <-ctx.Done():
	case <-time.After(prepareDelay):
		s.prepared(ctx, types)
	}
}

// prepared builds what the first change of a schema needs. A failure has no effect: that change tries again.
func (s *session) prepared(ctx context.Context, types *schema.Schema) {
	if err := s.syncer.Prepare(ctx, s.pool, types); err != nil && ctx.Err() == nil {
		s.emit(Event{Part: "schema", Level: slog.LevelDebug, Text: "preparing for changes: " + err.Error()})
	}
}

// closeSyncer closes the syncer. It takes at most half of the time that is left, because Postgres and the services must still stop.
func (s *session) closeSyncer(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/2)
	defer cancel()
	return s.syncer.Close(ctx)
}

// tablesDigest is a hash of a schema and of the state of the tables.
func (s *session) tablesDigest(ctx context.Context, types *schema.Schema) (string, error) {
	sum := sha256.New()
	if err := sdl.Print(sum, types); err != nil {
		return "", err
	}
	err := s.writeTables(ctx, sum)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// undoUnsaved undoes the unsaved changes before new migrations are applied, which may contain them. The tables are compared with the
// schema again afterwards. It undoes nothing when the migrations are refused, because nothing would make the changes again.
func (s *session) undoUnsaved(ctx context.Context, migrator *migrate.Migrator) error {
	if s.syncer == nil {
		return nil
	}
	unsaved, err := sync.Read(ctx, s.pool)
	if err != nil || len(unsaved) == 0 {
		return err
	}
	pending, err := migrator.CheckUp(ctx)
	if err != nil || pending == 0 {
		return err
	}
	s.info("migrate", "undoing the unsaved changes before applying new migrations")
	return sync.Undo(ctx, s.pool)
}

// generate writes the models of the schema.
func (s *session) generate(types *schema.Schema) {
	written, err := s.Project.Generate(types)
	if s.tolerate("generate", err) && len(written) > 0 {
		s.info("generate", strings.Join(written, ", "))
	}
}
