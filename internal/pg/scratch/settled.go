package scratch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/atomicfile"
)

// Settled remembers, in a folder of the user's cache, that files agree with one another. The name of its file is a hash of all that this
// depends on, so that it is never outdated, and two commands at once only write the same. The zero value remembers nothing.
type Settled struct{ path string }

// maxSettled is the number of results that are kept.
const maxSettled = 200

// SettledIn returns the memory of a comparison in the folder dir. write writes what was compared, and how.
func SettledIn(dir string, write func(io.Writer) error) (Settled, error) {
	sum := sha256.New()
	if err := write(sum); err != nil {
		return Settled{}, err
	}
	return Settled{filepath.Join(dir, hex.EncodeToString(sum.Sum(nil)))}, nil
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
	if atomicfile.Write(m.path, text, 0o644) == nil {
		forgetOldest(dir)
	}
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
