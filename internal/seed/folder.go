package seed

import (
	"io/fs"
	"os"
	"strings"
)

// Folder returns the files of a seeds folder. A symbolic link, of a file or of any folder on the way to it, cannot lead outside of it.
func Folder(dir string) fs.FS { return folder(dir) }

type folder string

// within opens the folder for one operation, so that there is nothing to close. Open files stay valid.
func within[T any](f folder, op, name string, do func(fsys fs.FS) (T, error)) (T, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		var none T
		return none, &fs.PathError{Op: op, Path: name, Err: err}
	}
	defer func() { _ = root.Close() }()
	return do(root.FS())
}

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	return within(f, "open", name, func(fsys fs.FS) (fs.File, error) { return fsys.Open(name) })
}

// ReadFile implements fs.ReadFileFS.
func (f folder) ReadFile(name string) ([]byte, error) {
	return within(f, "read", name, func(fsys fs.FS) ([]byte, error) { return fs.ReadFile(fsys, name) })
}

// ReadDir implements fs.ReadDirFS.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	return within(f, "readdir", name, func(fsys fs.FS) ([]fs.DirEntry, error) { return fs.ReadDir(fsys, name) })
}

// Stat implements fs.StatFS.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	return within(f, "stat", name, func(fsys fs.FS) (fs.FileInfo, error) { return fs.Stat(fsys, name) })
}

// leadsOutside reports whether an error is that of a symbolic link that leads outside. The package os does not export its error.
func leadsOutside(err error) bool {
	return err != nil && strings.Contains(err.Error(), "path escapes from parent")
}

// outside returns the problem of a symbolic link that leads outside.
func outside(name string) *problem {
	return wrong("outside", "copy the file into the seeds folder; links within it must be relative", "%q leads outside the seeds folder through a symbolic link", name)
}
