package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/fault"
)

// vacant rejects a folder with existing files, unless they may be overwritten and are all fixtures.
func vacant(dir, name string, overwrite bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0):
		return nil
	case err != nil:
		return &fault.Error{Code: fault.Invalid, Op: op, Message: name + " is not a readable folder", Hint: "Name a folder with --out.", Err: err}
	case !overwrite:
		return fault.New(fault.Conflict, op, name+" is not empty", "Name another folder with --out, or replace the fixtures in it with --yes")
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.Type().IsRegular() || (ext != ".yaml" && ext != ".yml") {
			return fault.New(fault.Conflict, op, fmt.Sprintf("%s contains %s, which is not a fixture", name, e.Name()), "A dump replaces only folders of fixtures. Name another one with --out.")
		}
	}
	return nil
}

// replaced replaces a folder. It fills a temporary folder and then renames it. After an error, the old folder is unchanged.
func replaced(dir string, fill func(staging string) error) (err error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil { //nolint:gosec // fixtures are source files
		return err
	}
	work, err := os.MkdirTemp(parent, ".krowoc-dump-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	staging, old := filepath.Join(work, "new", filepath.Base(dir)), filepath.Join(work, "old")
	if err := os.MkdirAll(staging, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	if err := fill(staging); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(staging, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}
