package dev

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/fault"
)

// MakeStateDir creates the folder of everything that is not source code. Git ignores it, because it contains a database and its password.
func MakeStateDir(dir string) error {
	const op = "create the folder of the local state"
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // its files are private where they need to be
		return &fault.Error{Code: fault.Invalid, Op: op, Hint: "make the folder writable", Err: err}
	}
	path := filepath.Join(dir, ".gitignore")
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // as above
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = file.WriteString("*\n")
		err = errors.Join(err, file.Close())
	}
	return fault.Wrap(op, err)
}
