package dev

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/migrate"
)

// followBranch switches to the database of the current git branch and reports whether it did. A new branch gets a copy of the previous
// branch's database, or an empty one if that database has migrations that do not exist on the new branch.
func (s *session) followBranch(ctx context.Context) (switched bool, err error) {
	if s.branches == nil {
		return false, nil
	}
	began := s.now()
	s.pool.Reset()
	branch, err := s.branches.Follow(ctx)
	if err != nil || branch == "" {
		return false, err
	}
	s.pool.Reset()
	if !s.hasMigrations() {
		s.info("dev", "switched to the database of branch "+branch+" "+since(began, s.now()))
		return true, nil
	}
	migrator, err := s.Project.Migrator(s.pool, nil)
	if err != nil {
		return true, err
	}
	status, err := migrator.Status(ctx)
	if err != nil {
		return true, err
	}
	if slices.ContainsFunc(status, func(m migrate.Status) bool { return m.State == migrate.NoFile || m.State == migrate.Other }) {
		s.info("dev", "rebuilding the database: the previous branch applied migrations that do not exist on this branch")
		if err := s.branches.Reset(ctx); err != nil {
			return true, err
		}
		s.pool.Reset()
	}
	s.info("dev", "switched to the database of branch "+branch+" "+since(began, s.now()))
	return true, nil
}

// gitSettles is how long git may take, after it has written the files of another branch, until HEAD names that branch.
const gitSettles = 500 * time.Millisecond

// gitIsWriting reports whether git is changing files at the moment. It writes the files of a branch, then the index, and HEAD last:
// without a pause after the index, the files of the new branch would change the database of the old one.
func (s *session) gitIsWriting() bool {
	if s.branches == nil {
		return false
	}
	dir := filepath.Dir(s.branches.HeadFile())
	if _, err := os.Stat(filepath.Join(dir, "index.lock")); err == nil {
		return true
	}
	index, err := os.Stat(filepath.Join(dir, "index"))
	if err != nil {
		return false
	}
	age := s.now().Sub(index.ModTime())
	return age >= 0 && age < gitSettles
}
