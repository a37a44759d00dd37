package dev

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/seed"
)

// loadSchema reads the schema and, unless the migrations have failed, changes the tables to match it. It returns whether the schema is
// usable. If not, the session keeps the previous one.
func (s *session) loadSchema(ctx context.Context, migrated bool) bool {
	parsed, mistakes := celsql.Parser().ParseFS(os.DirFS(s.Root), s.Schema)
	if err := mistakes.Err("check " + path.Base(s.Schema)); err != nil {
		s.fail("schema", err)
		return false
	}
	if len(mistakes) > 0 {
		s.emit(Event{Part: "schema", Level: slog.LevelWarn, Text: "warnings", Mistakes: mistakes})
	}
	if s.syncer != nil && migrated {
		if err := s.syncTables(ctx, parsed); err != nil {
			s.tolerate("schema", s.explainViolation(ctx, parsed, err))
			return false
		}
	}
	s.schema = parsed
	return true
}

// migrateUp applies the pending migrations.
func (s *session) migrateUp(ctx context.Context) error {
	if !s.hasMigrations() {
		return nil
	}
	migrator, err := s.Project.Migrator(s.pool, s.reportMigration)
	if err != nil {
		return err
	}
	if err := s.undoUnsaved(ctx, migrator); err != nil {
		return err
	}
	began := s.now()
	applied, err := migrator.Up(ctx)
	if err != nil || s.syncer == nil || s.now().Sub(began) < worthCopying {
		return err
	}
	status, err := migrator.Status(ctx)
	s.copyable = len(status) == len(applied)
	return err
}

// hasMigrations reports whether the folder of migrations exists. A new project may have only a schema.
func (s *session) hasMigrations() bool {
	_, err := os.Stat(s.Migrations)
	return s.syncer == nil || !errors.Is(err, fs.ErrNotExist)
}

func (s *session) reportMigration(e migrate.Event) {
	switch e.Kind {
	case migrate.Waiting:
		s.info("migrate", fmt.Sprintf("waiting for the migration lock, held by %s (pid %d)", e.Holder.Application, e.Holder.PID))
	case migrate.Blocked:
		for _, b := range e.Blockers {
			s.info("migrate", fmt.Sprintf("%s is waiting for %s (pid %d, %s)", e.File, b.Application, b.PID, b.State))
		}
	case migrate.Retrying:
		s.info("migrate", fmt.Sprintf("%s: %v; retrying", e.File, e.Err))
	case migrate.Done:
		s.info("migrate", fmt.Sprintf("%s (%.1f ms)", e.File, float64(e.Duration.Microseconds())/1000))
	}
}

// loadSeeds loads the fixtures, unless the same ones were already loaded into the same tables. A restart therefore keeps manual changes
// to seeded rows.
func (s *session) loadSeeds(ctx context.Context) error {
	if _, err := os.Stat(s.Seeds); errors.Is(err, fs.ErrNotExist) || len(s.Project.SeedSets()) == 0 {
		return nil
	}
	digest, err := s.seedDigest(ctx)
	if err != nil {
		return err
	}
	if before, err := os.ReadFile(s.digestPath()); err == nil && string(before) == digest {
		return nil
	}
	began := s.now()
	summary, err := s.Project.Seed(ctx, s.pool, s.schema)
	if err != nil {
		return err
	}
	s.info("seed", fmt.Sprintf("%s %s", summary, since(began, s.now())))
	return fault.Wrap("record the loaded seeds", atomicfile.Write(s.digestPath(), []byte(digest), 0o644))
}

func (s *session) digestPath() string { return filepath.Join(s.StateDir, "seeds.digest") }

// seedDigest is a hash of the fixtures and of the state of the tables. It includes the time at which each migration was applied, so that
// new and recreated tables are seeded.
func (s *session) seedDigest(ctx context.Context) (string, error) {
	digest, err := seed.Digest(seed.Folder(s.Seeds), s.Project.SeedSets(), nil)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, digest, s.DatabaseURL)
	err = s.writeTables(ctx, sum)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// writeTables writes what identifies the state of the tables: when each migration was applied, and the unsaved changes.
func (s *session) writeTables(ctx context.Context, w io.Writer) error {
	if s.hasMigrations() {
		migrator, err := s.Project.Migrator(s.pool, nil)
		if err != nil {
			return err
		}
		status, err := migrator.Status(ctx)
		if err != nil {
			return err
		}
		for _, m := range status {
			fmt.Fprintln(w, m.Version, m.AppliedAt.UnixNano())
		}
	}
	if s.syncer == nil {
		return nil
	}
	unsaved, err := sync.Read(ctx, s.pool)
	fmt.Fprintf(w, "%q", unsaved)
	return err
}

// serve starts the API. Without a valid schema it only reports that; the API starts when the schema is fixed. If the port is in use, it
// reports the process that uses it and takes another port.
func (s *session) serve(ctx context.Context) error {
	if s.schema == nil {
		s.warn("api", "not started: the schema is invalid")
		return nil
	}
	api, err := s.Project.API(s.Address, s.pool, s.schema, s.logger("api"))
	if err != nil {
		s.fail("api", err)
		return nil
	}
	err = api.Start(ctx)
	if fault.CodeOf(err) == fault.Conflict {
		s.warn("api", err.Error()+": using another port")
		if api, err = s.apiElsewhere(); err == nil {
			err = api.Start(ctx)
		}
	}
	if err != nil {
		return err
	}
	s.api = api
	return nil
}

// apiElsewhere returns the API on a free port of the same host.
func (s *session) apiElsewhere() (API, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "choose another port", "server.address is not host:port")
	}
	return s.Project.API(net.JoinHostPort(host, "0"), s.pool, s.schema, s.logger("api"))
}
