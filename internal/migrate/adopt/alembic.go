package adopt

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

const alembicOp = "read the migrations of alembic"

// ReadAlembic reads the revisions of an Alembic project in the order in which Alembic runs them; dir contains alembic.ini or pyproject.toml.
// Alembic's offline mode generates their SQL (https://alembic.sqlalchemy.org/en/latest/offline.html): one start of Python for all of them.
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
	done := 0
	run := alembic{dir: dir, table: recordName(Alembic, table), report: func() { done++; report(done, 2*len(revisions)) }}
	up, down, err := run.steps(ctx, head)
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

// parentsOf returns the revisions that a revision needs, or nil if that is the one before it in the list alone.
func parentsOf(r revision, i int, list []alembicStep) []string {
	parents := r.parents()
	isRoot := len(parents) == 0
	followsPrevious := (len(parents) == 1) && (i > 0) && (list[i-1].id == parents[0])
	switch {
	case (isRoot && i == 0) || followsPrevious:
		return nil
	case isRoot:
		return []string{alembicBase}
	}
	return parents
}

// alembicBase is what a revision follows that has no other before it.
const alembicBase = "base"

// alembic runs Alembic in a folder.
type alembic struct {
	dir, table string
	report     func() // called for each revision of both directions
}

// alembicStep is the SQL of one revision.
type alembicStep struct{ id, sql string }

// alembicRunning is the comment above the SQL of a revision: the direction, from revisions, to revisions.
var alembicRunning = regexp.MustCompile(`^-- Running (upgrade|downgrade) (.*?) ?-> ?(.*?)\s*$`)

// steps returns the SQL of every revision in both directions.
func (a alembic) steps(ctx context.Context, head string) (up, down []alembicStep, err error) {
	spans := []string{"base:" + head, head + ":base"}
	commands, err := alembicCommands(spans[0], spans[1])
	if err != nil {
		return nil, nil, err
	}
	for _, command := range commands {
		moreUp, moreDown, err := a.run(ctx, command)
		if err != nil {
			return nil, nil, err
		}
		up, down = append(up, moreUp...), append(down, moreDown...)
	}
	return up, down, nil
}

// run runs one command and reads the SQL that it writes.
func (a alembic) run(ctx context.Context, command []string) (up, down []alembicStep, err error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the user's own Alembic
	cmd.Dir = a.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, nil, fault.Wrap("run alembic", err)
	}
	up, down, readErr := readSteps(out, a.report)
	if err := errors.Join(readErr, cmd.Wait()); err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, alembicFault(err, stderr.String(), up, down)
	}
	for _, list := range [][]alembicStep{up, down} {
		for i := range list {
			list[i].sql = a.clean(list[i].sql)
		}
	}
	return up, down, nil
}

// alembicFault describes a failure of Alembic after some revisions.
func alembicFault(err error, stderr string, up, down []alembicStep) error {
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	message, direction := lines[len(lines)-1], "upgrade"
	list := up
	if len(down) > 0 {
		list, direction = down, "downgrade"
	}
	if n := len(list); n > 0 {
		message = "revision " + list[n-1].id + ": " + message
	}
	return &fault.Error{Code: fault.Invalid, Op: "run alembic " + direction + " --sql", Message: message,
		Hint: "migrations that query the database cannot be generated as SQL; rewrite them or import them by hand", Err: err}
}

// readSteps splits the output of Alembic at the comments above each revision.
func readSteps(out io.Reader, report func()) (up, down []alembicStep, err error) {
	lines := bufio.NewReader(out)
	list := &up
	for {
		line, err := lines.ReadString('\n')
		if m := alembicRunning.FindStringSubmatch(line); m != nil {
			id := m[3]
			if list = &up; m[1] == "downgrade" {
				id, list = m[2], &down
			}
			id, _, _ = strings.Cut(id, ",") // a message may follow
			*list = append(*list, alembicStep{id: strings.TrimSpace(id)})
			report()
		} else if n := len(*list); n > 0 {
			(*list)[n-1].sql += line
		}
		if errors.Is(err, io.EOF) {
			return up, down, nil
		} else if err != nil {
			return up, down, err
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
