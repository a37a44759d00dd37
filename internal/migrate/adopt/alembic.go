package adopt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

var (
	alembicRevision = regexp.MustCompile(`(?m)^revision\b[^=]*=\s*['"]([^'"]+)['"]`)
	alembicDown     = regexp.MustCompile(`(?m)^down_revision\b[^=]*=\s*(?:['"]([^'"]+)['"]|(None)|(.+))`)
	alembicMessage  = regexp.MustCompile(`^(?:[0-9a-zA-Z-]+_)?(.*)\.py$`)
)

// revision is one Alembic revision.
type revision struct{ id, down, name string }

// ReadAlembic reads the revisions of an Alembic project; dir contains alembic.ini. Alembic's offline mode generates their SQL
// (https://alembic.sqlalchemy.org/en/latest/offline.html).
func ReadAlembic(ctx context.Context, dir string) ([]Migration, error) {
	const op = "read the migrations of alembic"
	if _, err := os.Stat(filepath.Join(dir, "alembic.ini")); err != nil {
		return nil, &fault.Error{Code: fault.NotFound, Op: op, Message: dir + " has no alembic.ini", Hint: "pass the folder that contains it", Err: err}
	}
	revisions, err := revisionsOf(dir)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	var list []Migration
	for _, r := range revisions {
		base := r.down
		if base == "" {
			base = "base"
		}
		up, err := runAlembic(ctx, dir, "upgrade", base+":"+r.id)
		if err != nil {
			return nil, err
		}
		down, err := runAlembic(ctx, dir, "downgrade", r.id+":"+base)
		if err != nil {
			return nil, err
		}
		list = append(list, Migration{Origin: r.id, Name: r.name, up: up, down: down})
	}
	return list, nil
}

// revisionsOf lists the revisions from the first to the last.
func revisionsOf(dir string) ([]revision, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "versions", "*.py"))
	if err != nil {
		return nil, err
	}
	after := map[string]revision{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		id, down := alembicRevision.FindSubmatch(text), alembicDown.FindSubmatch(text)
		if id == nil || down == nil {
			continue
		}
		r := revision{id: string(id[1]), down: string(down[1])}
		if m := alembicMessage.FindStringSubmatch(filepath.Base(file)); m != nil {
			r.name = m[1]
		}
		other, twice := after[r.down]
		if twice || len(down[3]) > 0 {
			return nil, fault.New(fault.Conflict, "", fmt.Sprintf("the revision history is not linear: see %s and %s", r.id, other.id),
				"squash branches and merges in Alembic first")
		}
		after[r.down] = r
	}
	var list []revision
	for r, ok := after[""]; ok; r, ok = after[r.id] {
		list = append(list, r)
	}
	if len(list) == 0 || len(list) != len(after) {
		return nil, fault.New(fault.Invalid, "", "no chain of revisions begins with one whose down_revision is None and includes all others", "check the history with `alembic history`")
	}
	return list, nil
}

// runAlembic returns the SQL of a step without the statements for Alembic's version table.
func runAlembic(ctx context.Context, dir, command, step string) (string, error) {
	cmd := exec.CommandContext(ctx, "alembic", command, step, "--sql")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fault.New(fault.Unavailable, "run alembic", "alembic is not in PATH, and its migrations are Python", "activate the project's Python environment and retry")
	case err != nil:
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", &fault.Error{Code: fault.Invalid, Op: "run alembic " + command + " " + step + " --sql", Message: lines[len(lines)-1],
			Hint: "migrations that query the database cannot be generated as SQL; rewrite them or import them by hand", Err: err}
	}
	var kept []string
	for statement := range strings.SplitSeq(string(out), ";\n") {
		if !strings.Contains(statement, "alembic_version") {
			kept = append(kept, statement)
		}
	}
	return strings.Join(kept, ";\n"), nil
}
