package dev

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"

	"github.com/fsnotify/fsnotify"
)

// quietPeriod is how long the files must be quiet before a change is acted on: an editor writes a file in several steps, and a branch
// switch writes many files.
const quietPeriod = 40 * time.Millisecond

// changes is what a burst of file events touched.
type changes struct{ schema, migrations, seeds, branch, config bool }

func (c changes) isAny() bool { return c != changes{} }

// union is what either touched.
func (c changes) union(d changes) changes {
	return changes{c.schema || d.schema, c.migrations || d.migrations, c.seeds || d.seeds, c.branch || d.branch, c.config || d.config}
}

// everything is what may have been touched where events were lost; the configuration is not looked at for that.
var everything = changes{schema: true, migrations: true, seeds: true, branch: true}

// newWatcher watches the project's files.
func (s *session) newWatcher() (*fsnotify.Watcher, error) {
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		if err = s.watchAll(watcher); err != nil {
			err = errors.Join(err, watcher.Close())
		}
	}
	return watcher, fault.Wrap("watch the project's files", err)
}

// watch acts on saved files until ctx ends. Postgres is watched over as well: when it ends by itself, it is
// started again.
func (s *session) watch(ctx context.Context, watcher *fsnotify.Watcher) error {
	var pending changes
	quiet := time.NewTimer(0)
	<-quiet.C
	if s.branches != nil {
		if err := watcher.Add(filepath.Dir(s.branches.HeadFile())); err != nil {
			return fault.Wrap("watch the branch of git", err)
		}
		pending.branch = true // it may be another since the session began
		quiet.Reset(0)
	}
	if s.syncAfterStart && s.schema != nil {
		s.tolerate("schema", s.syncTables(ctx, s.schema))
	}
	look, clock := time.NewTicker(clockPeriod), newClock(s.Now)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			if leap := clock.leap(); leap != 0 {
				s.afterLeap(ctx, leap)
				pending = pending.union(everything)
				quiet.Reset(quietPeriod)
			}
		case e := <-watcher.Events:
			if c := s.classify(watcher, e); c.isAny() {
				pending = pending.union(c)
				quiet.Reset(quietPeriod)
			}
		case err := <-watcher.Errors:
			s.warn("dev", "watching files: "+err.Error())
			pending = pending.union(everything) // events were lost
			quiet.Reset(quietPeriod)
		case <-quiet.C:
			if s.gitIsWriting() {
				quiet.Reset(quietPeriod)
				continue
			}
			s.apply(ctx, pending)
			pending = changes{}
		case r := <-s.requests():
			s.handle(ctx, r)
		case <-s.restarted:
			s.tolerate("dev", s.publish(s.currentState()))
		case <-s.postgres.exited():
			if err := s.restartPostgres(ctx); err != nil {
				return err
			}
		}
	}
}

// watchAll watches folders rather than files: editors replace a file, and a watch on it would be lost.
func (s *session) watchAll(w *fsnotify.Watcher) error {
	for _, root := range []string{s.ConfigPath, s.schemaPath(), s.Migrations, s.Seeds} {
		if info, err := os.Stat(root); err == nil && !info.IsDir() {
			root = filepath.Dir(root)
			if err := w.Add(root); err != nil {
				return err
			}
			continue
		}
		if err := watchTree(w, root); err != nil {
			return err
		}
	}
	return nil
}

// watchTree watches a folder and all below it; one that does not exist has nothing to watch.
func watchTree(w *fsnotify.Watcher, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			return w.Add(path)
		}
		return nil
	})
}

// classify says what an event touches. A folder that appears is watched from now on.
func (s *session) classify(w *fsnotify.Watcher, e fsnotify.Event) changes {
	if e.Op == fsnotify.Chmod {
		return changes{}
	}
	if info, err := os.Stat(e.Name); err == nil && info.IsDir() && e.Has(fsnotify.Create) {
		if err := watchTree(w, e.Name); err != nil {
			s.warn("dev", "watching "+e.Name+": "+err.Error())
		}
	}
	schemaPath := s.schemaPath()
	isSchemaFile := e.Name == schemaPath || filepath.Ext(e.Name) == ".graphql"
	return changes{
		config:     e.Name == s.ConfigPath,
		branch:     s.branches != nil && e.Name == s.branches.HeadFile(),
		schema:     isSchemaFile && within(schemaPath, e.Name),
		migrations: within(s.Migrations, e.Name) && filepath.Ext(e.Name) == ".sql",
		seeds:      within(s.Seeds, e.Name), // templates embed files of any kind; a digest tells whether one of them matters
	}
}

// schemaPath is the file or the folder of the schema.
func (s *session) schemaPath() string { return filepath.Join(s.Root, filepath.FromSlash(s.Schema)) }

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// apply brings the session in step with the files that changed.
func (s *session) apply(ctx context.Context, c changes) {
	if c.config {
		s.warn("dev", filepath.Base(s.ConfigPath)+" has changed, which the next session takes over: end this one and run `krowoc dev` again")
	}
	if c == (changes{config: true}) {
		return
	}
	began, failures := s.now(), s.failures.Load()
	defer func() {
		if s.failures.Load() == failures && ctx.Err() == nil {
			s.emit(Event{Part: "dev", Level: slog.LevelDebug, Text: "is in step with the files", Reloaded: true})
		}
	}()
	switched, err := s.followBranch(ctx)
	if !s.tolerate("dev", err) {
		return
	}
	if switched {
		c = everything
	}
	if c.migrations && !s.tolerate("migrate", s.migrateUp(ctx)) {
		return
	}
	tablesChanged := c.migrations && s.syncer != nil
	reloaded := (c.schema || tablesChanged) && s.loadSchema(ctx, true)
	if reloaded && (c.schema || s.api == nil) {
		s.replaceSchema(ctx, began)
	}
	if (c.seeds || c.migrations || reloaded) && s.schema != nil {
		s.tolerate("seed", s.loadSeeds(ctx))
	}
}

// replaceSchema has the API serve the schema that was loaded.
func (s *session) replaceSchema(ctx context.Context, began time.Time) {
	switch {
	case s.api == nil:
		if s.tolerate("api", s.serve(ctx)) && s.api != nil {
			s.tolerate("dev", s.announce())
		}
	case s.tolerate("api", s.api.Replace(s.schema)):
		s.info("api", "serves the new schema "+since(began, s.now()))
	}
}
