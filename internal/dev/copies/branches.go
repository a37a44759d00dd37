// Package copies keeps copies of a local development database on its server: snapshots, and one database per git branch.
package copies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/pg/clone"
)

// Branches keeps one development database per git branch. The database of the current branch has the project's name, so that its URL
// stays the same. Those of other branches are kept under separate names.
type Branches struct {
	Server clone.Server
	Name   string // of the database of the current branch
	Head   string // the path of git's HEAD file
}

// Branch is a branch that has a database.
type Branch struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
	Size    int64  `json:"size"` // bytes
}

// branchMark separates the names of the database and the branch in the name of another branch's database.
const branchMark = "@branch:"

// HeadFile is the file that changes when the branch does.
func (b *Branches) HeadFile() string { return b.Head }

// current returns the current branch, or the commit of a detached HEAD.
func (b *Branches) current() (string, error) { return git.Branch(b.Head) }

// aside returns the name for the database of a branch that is not the current one.
func (b *Branches) aside(branch string) string {
	name := b.Name + branchMark + branch
	if len(name) <= longestName {
		return name
	}
	sum := sha256.Sum256([]byte(branch))
	return strings.ToValidUTF8(name[:54], "") + hex.EncodeToString(sum[:4])
}

// Follow switches to the database of the current branch, which is its existing database or a copy of the previous branch's. It returns the
// branch if it differs from the previous one. The database of a commit without a branch is not kept: there are too many commits.
func (b *Branches) Follow(ctx context.Context) (branch string, err error) {
	branch, err = b.current()
	if err != nil || branch == "" {
		return "", fault.Wrap("read the current git branch", err)
	}
	before, err := b.Server.Label(ctx, b.Name)
	switch {
	case err != nil || before == branch:
		return "", err
	case before == "":
		return "", b.Server.SetLabel(ctx, b.Name, branch)
	}
	list, err := b.Server.List(ctx, b.aside(branch))
	if err != nil {
		return "", err
	}
	has := func(d clone.Database) bool { return d.Name == b.aside(branch) }
	switch exists, keep := slices.ContainsFunc(list, has), !git.IsCommit(before); {
	case exists:
		err = b.exchange(ctx, before, branch, keep)
	case keep:
		err = b.Server.Copy(ctx, b.Name, b.aside(before))
	}
	if err != nil {
		return "", err
	}
	return branch, b.Server.SetLabel(ctx, b.Name, branch)
}

// exchange replaces the database of one branch by the existing one of another.
func (b *Branches) exchange(ctx context.Context, before, branch string, keep bool) error {
	if err := b.Server.Move(ctx, b.Name, b.aside(before)); err != nil {
		return err
	}
	if err := b.Server.Move(ctx, b.aside(branch), b.Name); err != nil {
		return errors.Join(err, b.Server.Move(context.WithoutCancel(ctx), b.aside(before), b.Name))
	}
	if !keep {
		return b.Server.Drop(ctx, b.aside(before))
	}
	return nil
}

// Reset empties the database.
func (b *Branches) Reset(ctx context.Context) error {
	branch, err := b.current()
	if err == nil {
		err = b.Server.Empty(ctx, b.Name)
	}
	if err != nil {
		return err
	}
	return b.Server.SetLabel(ctx, b.Name, branch)
}

// List returns the branches that have a database.
func (b *Branches) List(ctx context.Context) ([]Branch, error) {
	list, err := b.Server.List(ctx, b.Name)
	if err != nil {
		return nil, err
	}
	current, err := b.Server.Label(ctx, b.Name)
	found := []Branch{}
	for _, d := range list {
		switch name, aside := strings.CutPrefix(d.Name, b.Name+branchMark); {
		case d.Name == b.Name:
			found = append(found, Branch{current, true, d.Size})
		case aside:
			found = append(found, Branch{name, false, d.Size})
		}
	}
	return found, err
}

// Create copies the database for another branch. The database must not have any connections.
func (b *Branches) Create(ctx context.Context, branch string) error {
	const op = "create a database for a branch"
	switch current, err := b.current(); {
	case err != nil:
		return fault.Wrap(op, err)
	case branch == current:
		return fault.New(fault.Invalid, op, branch+" is the current branch and already has one")
	}
	return b.Server.Copy(ctx, b.Name, b.aside(branch))
}

// Delete drops the database of a branch that is not the current one.
func (b *Branches) Delete(ctx context.Context, branch string) error {
	list, err := b.Server.List(ctx, b.aside(branch))
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].Name != b.aside(branch) {
		return fault.New(fault.NotFound, "delete the database of a branch", branch+" has no database, or is the current branch", "list the branches that have one with `krowoc db branch list`")
	}
	return b.Server.Drop(ctx, b.aside(branch))
}
