package adopt

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

const alembicOp = "read the migrations of alembic"

// ReadAlembic reads the revisions of an Alembic project in the order in which Alembic runs them; dir contains alembic.ini or pyproject.toml.
// Alembic's offline mode generates their SQL (https://alembic.sqlalchemy.org/en/latest/offline.html): one start of Python up, and one down.
// table is where Alembic records the current revision; empty is alembic_version. report is called for each revision of both directions.
func ReadAlembic(ctx context.Context, dir, table string, report func(done, of int)) ([]Migration, error) {
	folders, err := alembicFolders(dir)
	if err != nil {
		return nil, fault.Wrap(alembicOp, err)
	}
	revisions, err := revisionsIn(folders)
	if err != nil {
		return nil, fault.Wrap(alembicOp, err)
	}
	head, err := revisions.head()
	if err != nil {
		return nil, fault.Wrap(alembicOp, err)
	}
	run := alembic{dir: dir, table: recordName(Alembic, table)}
	done := 0
	count := func() { done++; report(done, 2*len(revisions)) }
	up, err := run.steps(ctx, "upgrade", "base:"+head, count)
	if err != nil {
		return nil, err
	}
	down, err := run.steps(ctx, "downgrade", head+":base", count)
	if err != nil {
		return nil, err
	}
	var list []Migration
	for i, s := range up {
		r, known := revisions[s.id]
		if !known {
			return nil, fault.New(fault.Invalid, alembicOp, "alembic has a revision without a file: "+s.id, "check version_locations in alembic.ini")
		}
		m := Migration{Origin: s.id, Name: r.name, up: s.sql, after: parentsOf(r, i, up)}
		if at := slices.IndexFunc(down, func(d alembicStep) bool { return d.id == s.id }); at >= 0 {
			m.down = down[at].sql
		}
		list = append(list, m)
	}
	return list, nil
}

// parentsOf returns the revisions that a revision follows, or nil if that is the one before it in the list alone.
func parentsOf(r revision, i int, list []alembicStep) []string {
	isRoot := len(r.down) == 0
	followsPrevious := (len(r.down) == 1) && (i > 0) && (list[i-1].id == r.down[0])
	switch {
	case (isRoot && i == 0) || followsPrevious:
		return nil
	case isRoot:
		return []string{alembicBase}
	}
	return r.down
}

// alembicBase is what a revision follows that has no other before it.
const alembicBase = "base"

// alembic runs Alembic in a folder.
type alembic struct{ dir, table string }

// alembicStep is the SQL of one revision.
type alembicStep struct{ id, sql string }

// alembicRunning is the comment above the SQL of a revision: from revisions, to revisions.
var alembicRunning = regexp.MustCompile(`^-- Running (?:upgrade|downgrade) (.*?) ?-> ?(.*?)\s*$`)

// steps returns the SQL of every revision in one direction.
func (a alembic) steps(ctx context.Context, command, span string, report func()) ([]alembicStep, error) {
	cmd := exec.CommandContext(ctx, "alembic", command, span, "--sql")
	cmd.Dir = a.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fault.New(fault.Unavailable, "run alembic", "alembic is not in PATH, and its migrations are Python", "activate the project's Python environment and retry")
		}
		return nil, fault.Wrap("run alembic", err)
	}
	list, readErr := readSteps(out, command == "downgrade", report)
	if err := errors.Join(readErr, cmd.Wait()); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		message := lines[len(lines)-1]
		if n := len(list); n > 0 {
			message = "revision " + list[n-1].id + ": " + message
		}
		return nil, &fault.Error{Code: fault.Invalid, Op: "run alembic " + command + " " + span + " --sql", Message: message,
			Hint: "migrations that query the database cannot be generated as SQL; rewrite them or import them by hand", Err: err}
	}
	for i := range list {
		list[i].sql = a.clean(list[i].sql)
	}
	return list, nil
}

// readSteps splits the output of Alembic at the comments above each revision.
func readSteps(out io.Reader, isDown bool, report func()) (list []alembicStep, err error) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if m := alembicRunning.FindStringSubmatch(line); m != nil {
			id := m[2]
			if isDown {
				id = m[1]
			}
			id, _, _ = strings.Cut(id, ",") // a message may follow
			list = append(list, alembicStep{id: strings.TrimSpace(id)})
			report()
		} else if n := len(list); n > 0 {
			list[n-1].sql += line
		}
		if errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return list, err
		}
	}
}

// clean removes the statements for Alembic's own table, and the transaction that it puts around each revision or around all.
func (a alembic) clean(sql string) string {
	own := regexp.MustCompile(`(?i)^(?:CREATE TABLE|DROP TABLE|INSERT INTO|UPDATE|DELETE FROM)\s+(?:[\w"]+\.)?"?` + regexp.QuoteMeta(a.table) + `"?(?:\s|;|$)`)
	var kept []string
	for statement := range strings.SplitSeq(sql, ";\n") {
		if trimmed := strings.TrimSpace(statement); trimmed != "" && !own.MatchString(trimmed) {
			kept = append(kept, statement)
		}
	}
	is := func(i int, word string) bool { return strings.EqualFold(strings.TrimSpace(kept[i]), word) }
	if n := len(kept); n > 0 && is(n-1, "BEGIN") {
		kept = kept[:n-1]
	}
	if n := len(kept); n > 0 && is(n-1, "COMMIT") {
		kept = kept[:n-1]
	}
	if len(kept) > 0 && is(0, "COMMIT") {
		kept = kept[1:]
	}
	if len(kept) == 0 {
		return ""
	}
	return strings.Join(kept, ";\n") + ";\n"
}

// revision is one Alembic revision.
type revision struct {
	id, name string
	down     []string // the revisions that it follows: none for the first, and several for a merge
}

// history has the revisions by their IDs.
type history map[string]revision

// head returns the only revision that no other follows.
func (h history) head() (string, error) {
	followed := map[string]bool{}
	for _, r := range h {
		for _, down := range r.down {
			if _, known := h[down]; !known {
				return "", fault.New(fault.Invalid, "", fmt.Sprintf("%s follows %s, which has no file", r.id, down), "check the history with `alembic history`")
			}
			followed[down] = true
		}
	}
	var heads []string
	for id := range h {
		if !followed[id] {
			heads = append(heads, id)
		}
	}
	slices.Sort(heads)
	switch len(heads) {
	case 1:
		return heads[0], nil
	case 0:
		return "", fault.New(fault.Invalid, "", "no revision is the last one", "check the folder of the revisions, and the history with `alembic history`")
	}
	return "", fault.New(fault.Conflict, "", fmt.Sprintf("the revision history has %d heads: %s", len(heads), strings.Join(heads, ", ")),
		"merge them with `alembic merge heads`, bring the databases to the merged revision, and retry")
}
