package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/pg/clone"
)

// branches keeps a development database for each branch of git. That of the branch which is checked out has the project's name,
// so that nobody needs another URL; the others are set aside under names of their own.
type branches struct {
	server clone.Server
	name   string // of the database of the branch that is checked out
	head   string // git's file that says which that is
}

// Branch is a branch that has a database.
type Branch struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
	Size    int64  `json:"size"` // bytes
}

// branchMark stands between the name of the database and that of the branch for which it is set aside.
const branchMark = "@branch:"

// newBranches returns the databases of a server by branch, or nil where the project does not want them.
func (a *App) newBranches(url string) *branches {
	head := git.HeadFile(a.Config.Root)
	if !a.Config.Dev.Branching || head == "" {
		return nil
	}
	return &branches{clone.Server{URL: url}, a.Config.Project, head}
}

// Head is the file that changes with the branch.
func (b *branches) Head() string { return b.head }

// current returns the branch that is checked out, or the commit where none is.
func (b *branches) current() (string, error) { return git.Branch(b.head) }

// aside is the name under which the database of a branch is set aside.
func (b *branches) aside(branch string) string {
	name := b.name + branchMark + branch
	if len(name) <= 63 {
		return name
	}
	sum := sha256.Sum256([]byte(branch))
	return strings.ToValidUTF8(name[:54], "") + hex.EncodeToString(sum[:4])
}

// Follow makes the database that of the branch which is checked out: the one that it had, or a copy of the one of the branch
// before. It returns the branch when it is another.
func (b *branches) Follow(ctx context.Context) (branch string, err error) {
	branch, err = b.current()
	if err != nil || branch == "" {
		return "", fault.Wrap("read the branch of git", err)
	}
	before, err := b.server.Label(ctx, b.name)
	switch {
	case err != nil || before == branch:
		return "", err
	case before == "":
		return "", b.server.SetLabel(ctx, b.name, branch)
	}
	list, err := b.server.List(ctx, b.aside(branch))
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(list, func(d clone.Database) bool { return d.Name == b.aside(branch) }) {
		if err := b.server.Move(ctx, b.name, b.aside(before)); err != nil {
			return "", err
		}
		if err := b.server.Move(ctx, b.aside(branch), b.name); err != nil {
			return "", errors.Join(err, b.server.Move(context.WithoutCancel(ctx), b.aside(before), b.name))
		}
	} else if err := b.server.Copy(ctx, b.name, b.aside(before)); err != nil {
		return "", err
	}
	return branch, b.server.SetLabel(ctx, b.name, branch)
}

// Reset makes the database an empty one.
func (b *branches) Reset(ctx context.Context) error {
	branch, err := b.current()
	if err == nil {
		err = b.server.Empty(ctx, b.name)
	}
	if err != nil {
		return err
	}
	return b.server.SetLabel(ctx, b.name, branch)
}

// of returns the branches behind an open database.
func (a *App) branchesOf(db *Database) (*branches, error) {
	server, _, err := a.copies(db)
	if err != nil {
		return nil, err
	}
	b := a.newBranches(server.URL)
	if b == nil {
		return nil, fault.New(fault.Invalid, "find the databases of branches", "dev.branching is not set, or this is no repository of git",
			"krowoc.yaml: dev: {branching: true}")
	}
	return b, nil
}

// Branches lists the branches that have a database.
func (a *App) Branches(ctx context.Context, db *Database) ([]Branch, error) {
	b, err := a.branchesOf(db)
	if err != nil {
		return nil, err
	}
	list, err := b.server.List(ctx, b.name)
	if err != nil {
		return nil, err
	}
	current, err := b.server.Label(ctx, b.name)
	found := []Branch{}
	for _, d := range list {
		switch name, aside := strings.CutPrefix(d.Name, b.name+branchMark); {
		case d.Name == b.name:
			found = append(found, Branch{current, true, d.Size})
		case aside:
			found = append(found, Branch{name, false, d.Size})
		}
	}
	return found, err
}

// CreateBranch copies the database for a branch, which has it when it is checked out.
func (a *App) CreateBranch(ctx context.Context, db *Database, branch string) error {
	b, err := a.branchesOf(db)
	if err != nil {
		return err
	}
	if current, err := b.current(); err != nil || branch == current {
		return errors.Join(err, fault.New(fault.Invalid, "make a database for a branch", branch+" is checked out, and has one"))
	}
	db.Reset()
	return b.server.Copy(ctx, b.name, b.aside(branch))
}

// DeleteBranch drops the database of a branch that is not checked out.
func (a *App) DeleteBranch(ctx context.Context, db *Database, branch string) error {
	b, err := a.branchesOf(db)
	if err != nil {
		return err
	}
	list, err := b.server.List(ctx, b.aside(branch))
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].Name != b.aside(branch) {
		return fault.New(fault.NotFound, "delete the database of a branch", branch+" has none that is set aside", "`krowoc db branch list` shows those that there are")
	}
	return b.server.Drop(ctx, b.aside(branch))
}

// ResetBranch makes the database of the branch that is checked out anew: migrations and seeds.
func (a *App) ResetBranch(ctx context.Context, db *Database) error {
	b, err := a.branchesOf(db)
	if err != nil {
		return err
	}
	types, err := a.Schema()
	if err != nil {
		return err
	}
	db.Reset()
	if err := b.Reset(ctx); err != nil {
		return err
	}
	m, err := a.Migrator(db.Pool, nil)
	if err != nil {
		return err
	}
	if _, err := m.Up(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(a.Config.Path(a.Config.Seeds.Dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, err = a.Seed(ctx, db.Pool, types)
	return err
}
