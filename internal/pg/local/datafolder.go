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

// systemDataDir contains the data of root's projects in folders that the server's account cannot enter, such as /root.
const systemDataDir = "/var/lib/krowoc"

// dataFolder is the server's data folder, locked against other krowoc processes.
type dataFolder struct {
	path    string // of the data; the configured path may be a link to it
	link    string // the configured path, if it must become a link to path
	major   int    // the major version that created the data; 0 without data
	remove  bool   // remove the folder when it is closed
	account *account
	lock    *fileLock // nil for an ephemeral folder, which no other process knows
}

// openDataFolder locks the data folder at dir and reads its state. If dir is empty, it creates a temporary folder in base.
func openDataFolder(dir, base string, a *account) (*dataFolder, error) {
	if dir == "" {
		path, err := makeTemporary(base, a)
		return &dataFolder{path: path, remove: true, account: a}, explainDisk("create a data folder", err)
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

// makeTemporary creates a folder in base that the account can enter. Root's TMPDIR may be closed to the account.
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

// open finds the data and the version that created it.
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

// relocate chooses a folder that the account can enter. The configured path becomes a link to it. The name of the folder is random, because
// the link may move with the project.
func (d *dataFolder) relocate() error {
	if err := makeFolder(systemDataDir, d.account); err != nil {
		return fmt.Errorf("user %s cannot enter it, and the data cannot be stored elsewhere: %w", d.account, err)
	}
	temp, err := os.MkdirTemp(systemDataDir, filepath.Base(filepath.Dir(d.path))+"-")
	if err != nil {
		return err
	}
	d.link, d.path = d.path, filepath.Join(temp, "postgres")
	return os.Chmod(temp, 0o755)
}

// adopt uses an existing folder. The server runs as the owner of the folder, since Postgres requires that.
func (d *dataFolder) adopt() error {
	if err := d.readMajor(); err != nil || d.major == 0 || d.account == nil {
		return err
	}
	owner, err := ownerOf(d.path)
	if err != nil {
		return err
	}
	if d.account = owner; !owner.canEnter(d.path) {
		return fault.New(fault.Forbidden, "enter "+d.path, "the server runs as user "+owner.name+", who cannot enter the folder",
			"give others permission to enter the folders above it, or move it to an accessible folder and replace it with a link")
	}
	return nil
}

// readMajor reads the major version that created the data. It rejects a folder with other content.
func (d *dataFolder) readMajor() error {
	text, err := os.ReadFile(filepath.Join(d.path, "PG_VERSION"))
	if err == nil {
		d.major, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err
	}
	if entries, readErr := os.ReadDir(d.path); readErr == nil && len(entries) == 0 {
		return os.Remove(d.path) // remove an empty folder, since the copy is renamed to its path
	}
	if errors.Is(err, os.ErrNotExist) {
		return fault.New(fault.Conflict, "read "+d.path, "it contains files other than Postgres's data",
			"move it away, or choose another folder")
	}
	return err
}

// fill copies the template to the folder. The folder appears only when it is complete.
func (d *dataFolder) fill(ctx context.Context, template string) error {
	if d.remove {
		return copyTree(ctx, template, d.path, d.account)
	}
	return d.fillWith(func(fresh string) error { return copyTree(ctx, template, fresh, d.account) })
}

// fillWith creates the folder with the files that make writes.
func (d *dataFolder) fillWith(make func(fresh string) error) error {
	fresh := d.path + ".new"
	if err := os.RemoveAll(fresh); err != nil { // left over from a process that was killed
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
	_ = os.Remove(d.link) // a link with a missing target
	if err := os.Symlink(d.path, d.link); err != nil {
		return err
	}
	return d.noteOrigin(d.link)
}

// close releases the folder, and removes it if it is temporary.
func (d *dataFolder) close() {
	if d.remove {
		_ = os.RemoveAll(d.path)
	}
	if d.link != "" {
		_ = os.Remove(filepath.Dir(d.path)) // empty after a failed start
	}
	d.lock.unlock()
}

// file returns the path of a file in the folder.
func (d *dataFolder) file(name string) string { return filepath.Join(d.path, name) }
