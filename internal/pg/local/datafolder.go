package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// systemDataDir holds the data of root's projects that the server's account cannot reach, as under /root.
const systemDataDir = "/var/lib/krowoc"

// dataFolder is the folder that the server works in, locked against every other krowoc.
type dataFolder struct {
	path    string // where the data is; the place that the caller named may be a link to it
	link    string // that place, when it must become a link to path
	major   int    // the major that made the data; 0 while there is none
	remove  bool   // the folder goes when it is closed
	account *account
	lock    *fileLock // nil for an ephemeral folder, whose name nobody else knows
}

// openDataFolder locks the data folder that belongs at dir and says what is in it. An empty dir is a new
// temporary one, in base.
func openDataFolder(dir, base string, a *account) (*dataFolder, error) {
	if dir == "" {
		path, err := makeTemporary(base, a)
		return &dataFolder{path: path, remove: true, account: a}, explainDisk("make a folder for the data", err)
	}
	op := "use the data folder " + dir
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := makeFolder(filepath.Dir(dir), a); err != nil {
		return nil, explainDisk(op, err)
	}
	d := &dataFolder{path: dir, account: a}
	if d.lock, err = tryLock(dir + ".lock"); err != nil {
		return nil, explainDisk(op, err)
	}
	if err := d.open(); err != nil {
		d.close()
		return nil, explainDisk(op, err)
	}
	return d, nil
}

// makeTemporary makes a folder in base that the account can reach, which it may not be able to where root has a TMPDIR.
func makeTemporary(base string, a *account) (string, error) {
	if !a.canEnter(base) {
		base = systemDataDir
		if err := makeFolder(base, a); err != nil {
			return "", err
		}
	}
	path, err := os.MkdirTemp(base, "krowoc-postgres-")
	if err != nil {
		return "", err
	}
	return path, a.own(path)
}

// open finds out where the data is, and who made it.
func (d *dataFolder) open() error {
	real, err := filepath.EvalSymlinks(d.path)
	switch {
	case err == nil:
		link := d.path
		d.path = real
		if err := d.adopt(); err != nil {
			return err
		}
		return d.noteOrigin(link)
	case !errors.Is(err, os.ErrNotExist):
		return err
	case !d.account.canEnter(filepath.Dir(d.path)):
		return d.relocate()
	}
	return nil
}

// relocate chooses a folder that the account can reach and has the place that the caller named become a link
// to it. The name is random: the link may move with the project, and its old place belongs to nobody then.
func (d *dataFolder) relocate() error {
	if err := makeFolder(systemDataDir, d.account); err != nil {
		return fmt.Errorf("user %s cannot reach it, and nothing can be put elsewhere: %w", d.account, err)
	}
	temp, err := os.MkdirTemp(systemDataDir, filepath.Base(filepath.Dir(d.path))+"-")
	if err != nil {
		return err
	}
	d.link, d.path = d.path, filepath.Join(temp, "postgres")
	return os.Chmod(temp, 0o755)
}

// adopt makes use of a folder that is there: by the account that owns it, since Postgres accepts no other.
func (d *dataFolder) adopt() error {
	if err := d.readMajor(); err != nil || d.major == 0 || d.account == nil {
		return err
	}
	owner, err := ownerOf(d.path)
	if err != nil {
		return err
	}
	if d.account = owner; !owner.canEnter(d.path) {
		return fault.New(fault.Forbidden, "enter "+d.path, "the server runs as user "+owner.name+", who cannot reach it",
			"Give others permission to enter the folders above it, or move it to where they may and leave a link.")
	}
	return nil
}

// readMajor reads which major made the data, and refuses a folder that holds something else.
func (d *dataFolder) readMajor() error {
	text, err := os.ReadFile(filepath.Join(d.path, "PG_VERSION"))
	if err == nil {
		d.major, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err
	}
	if entries, readErr := os.ReadDir(d.path); readErr == nil && len(entries) == 0 {
		return os.Remove(d.path) // an empty folder is as good as none, and the copy is renamed to its place
	}
	if errors.Is(err, os.ErrNotExist) {
		return fault.New(fault.Conflict, "read "+d.path, "it holds something other than Postgres's data",
			"Move it away, or choose another folder.")
	}
	return err
}

// fill makes the folder a copy of the template. It appears whole, or not at all.
func (d *dataFolder) fill(ctx context.Context, template string) error {
	if d.remove {
		return copyTree(ctx, template, d.path, d.account)
	}
	return d.fillWith(func(fresh string) error { return copyTree(ctx, template, fresh, d.account) })
}

// fillWith puts a folder in its place that make fills.
func (d *dataFolder) fillWith(make func(fresh string) error) error {
	fresh := d.path + ".new"
	if err := os.RemoveAll(fresh); err != nil { // left by a process that was killed
		return err
	}
	defer os.RemoveAll(fresh)
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	if err := make(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, d.path); err != nil || d.link == "" {
		return err
	}
	_ = os.Remove(d.link) // a link whose target is gone
	if err := os.Symlink(d.path, d.link); err != nil {
		return err
	}
	return d.noteOrigin(d.link)
}

// close lets go of the folder, and removes what nobody wants.
func (d *dataFolder) close() {
	if d.remove {
		_ = os.RemoveAll(d.path)
	}
	if d.link != "" {
		_ = os.Remove(filepath.Dir(d.path)) // empty when the start failed
	}
	d.lock.unlock()
}

// file returns the path of a file in the folder.
func (d *dataFolder) file(name string) string { return filepath.Join(d.path, name) }
