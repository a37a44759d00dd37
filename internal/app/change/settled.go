package change

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// settled remembers, in the user's cache folder, for which files a diff has found nothing to do. The name of its file is a hash of
// all that the result depends on, so that it is never outdated, and two commands at once only write the same.
type settled struct{ path string }

// maxSettled is the number of results that are kept.
const maxSettled = 200

// settledFor returns the memory of a diff. It remembers nothing where there is no cache folder.
func settledFor(ctx context.Context, a *app.App, s *scratch.Server, o ddl.PlanOptions) (settled, error) {
	cache, err := local.CacheDir(a.Env)
	if err != nil {
		return settled{}, nil //nolint:nilerr // the diff works without
	}
	program, err := program()
	if err != nil {
		return settled{}, nil //nolint:nilerr // the diff works without
	}
	server, err := s.Identity(ctx)
	if err != nil {
		return settled{}, err
	}
	sum := sha256.New()
	// A migration may create partitions for the days to come.
	fmt.Fprintf(sum, "%q\n", []string{program, a.Version, server, a.Now().UTC().Format(time.DateOnly), a.Config.Migrations.Table})
	fmt.Fprintf(sum, "%t %q %t %t\n", o.AllowDrop, o.Exclude, o.Plain, o.Keep != nil)
	if err := a.WriteSources(sum); err != nil {
		return settled{}, err
	}
	return settled{filepath.Join(cache, "settled", hex.EncodeToString(sum.Sum(nil)))}, nil
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

// recall returns the plan that was remembered.
func (m settled) recall() (plan ddl.Plan, known bool) {
	text, err := os.ReadFile(m.path)
	if m.path == "" || err != nil || json.Unmarshal(text, &plan.Left) != nil {
		return ddl.Plan{}, false
	}
	now := time.Now()
	_ = os.Chtimes(m.path, now, now) // the oldest ones go first
	return plan, true
}

// remember remembers a plan that has nothing to do. A failure has no effect.
func (m settled) remember(plan ddl.Plan) {
	if m.path == "" || len(plan.Files) > 0 || len(plan.Drops) > 0 {
		return
	}
	dir := filepath.Dir(m.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return
	}
	text, err := json.Marshal(plan.Left)
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
