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

// quietPeriod is how long the files must stay unchanged before the session reacts: an editor writes a file in several steps, and a branch
// switch writes many files.
const quietPeriod = 40 * time.Millisecond

// changes are the kinds of files that a burst of file events touched.
type changes struct{ schema, migrations, seeds, branch, config bool }

func (c changes) isAny() bool { return c != changes{} }

// union returns the changes in either set.
func (c changes) union(d changes) changes {
	return changes{c.schema || d.schema, c.migrations || d.migrations, c.seeds || d.seeds, c.branch || d.branch, c.config || d.config}
}

// everything stands for lost events. It excludes the configuration, which would only cause a needless warning.
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

// watch reacts to changed files until ctx ends. It also restarts Postgres when it exits unexpectedly.
func (s *session) watch(ctx context.Context, watcher *fsnotify.Watcher) error {
	var pending changes
	quiet := time.NewTimer(0)
	<-quiet.C
	if s.branches != nil {
		if err := watcher.Add(filepath.Dir(s.branches.HeadFile())); err != nil {
			return fault.Wrap("watch the git branch", err)
		}
		pending.branch = true // it may have changed since the session started
		quiet.Reset(0)
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

// watchAll watches folders instead of files, since editors replace files, which would end a watch on a file.
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

// watchTree watches a folder and all its subfolders. A missing folder is ignored.
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

// classify returns the kinds of files that an event touched. It starts to watch a new folder.
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
		seeds:      within(s.Seeds, e.Name), // templates can include any file; a digest decides whether a change matters
	}
}

// schemaPath is the file or folder of the schema.
func (s *session) schemaPath() string { return filepath.Join(s.Root, filepath.FromSlash(s.Schema)) }

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// apply updates the session after files have changed.
func (s *session) apply(ctx context.Context, c changes) {
	if c.config {
		s.warn("dev", filepath.Base(s.ConfigPath)+" has changed: stop this session and run `krowoc dev` again to apply it")
	}
	if c == (changes{config: true}) {
		return
	}
	s.clearFailed()
	began, failures := s.now(), s.failures.Load()
	defer func() {
		if s.failures.Load() == failures && ctx.Err() == nil {
			s.emit(Event{Part: "dev", Level: slog.LevelDebug, Text: "applied the changed files", Reloaded: true})
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

// replaceSchema makes the API serve the loaded schema.
func (s *session) replaceSchema(ctx context.Context, began time.Time) {
	switch {
	case s.api == nil:
		if s.tolerate("api", s.serve(ctx)) && s.api != nil {
			s.tolerate("dev", s.announce())
		}
	case s.tolerate("api", s.api.Replace(s.schema)):
		s.info("api", "serving the new schema "+since(began, s.now()))
	}
}
