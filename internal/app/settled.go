package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// Settled remembers, in the user's cache folder, that files agree with one another. The name of its file is a hash of all that this depends
// on, so that it is never outdated, and two commands at once only write the same.
type Settled struct{ path string }

// maxSettled is the number of results that are kept.
const maxSettled = 200

// Settled returns the memory of a comparison on a server. write writes what was compared, and how. It remembers nothing where there is no
// cache folder.
func (a *App) Settled(ctx context.Context, s *scratch.Server, write func(io.Writer) error) (Settled, error) {
	cache, err := local.CacheDir(a.Env)
	if err != nil {
		return Settled{}, nil //nolint:nilerr // everything works without
	}
	program, err := program()
	if err != nil {
		return Settled{}, nil //nolint:nilerr // everything works without
	}
	server, err := s.Identity(ctx)
	if err != nil {
		return Settled{}, err
	}
	sum := sha256.New()
	// A migration may create partitions for the days to come.
	fmt.Fprintf(sum, "%q\n", []string{program, a.Version, server, a.Now().UTC().Format(time.DateOnly), a.Config.Migrations.Table})
	if err := write(sum); err != nil {
		return Settled{}, err
	}
	return Settled{filepath.Join(cache, "settled", hex.EncodeToString(sum.Sum(nil)))}, nil
}

// program identifies the running program, of which a build without a version differs from the next one.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano()), nil
}

// Recall returns what Remember was given.
func (m Settled) Recall() (notes []string, known bool) {
	text, err := os.ReadFile(m.path)
	if m.path == "" || err != nil || json.Unmarshal(text, &notes) != nil {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(m.path, now, now) // the oldest ones go first
	return notes, true
}

// Remember remembers that the comparison has found nothing to do, and notes about it. A failure has no effect.
func (m Settled) Remember(notes []string) {
	if m.path == "" {
		return
	}
	dir := filepath.Dir(m.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return
	}
	part, err := os.CreateTemp(dir, "part-")
	if err != nil {
		return
	}
	_, err = part.Write(text)
	if closed := part.Close(); err != nil || closed != nil || os.Rename(part.Name(), m.path) != nil {
		_ = os.Remove(part.Name())
	}
	forgetOldest(dir)
}

// forgetOldest removes the results that were not used for the longest time.
func forgetOldest(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) <= maxSettled {
		return
	}
	used := func(e os.DirEntry) time.Time {
		info, err := e.Info()
		if err != nil {
			return time.Time{} // another command has removed it
		}
		return info.ModTime()
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return used(a).Compare(used(b)) })
	for _, e := range entries[:len(entries)-maxSettled] {
		_ = os.Remove(filepath.Join(dir, e.Name()))
	}
}
