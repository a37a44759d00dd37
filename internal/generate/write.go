package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/fault"
)

// Job is a target with its output folder or file.
type Job struct {
	Target Target
	Out    string // a folder, or a file; absolute
}

// Change is a difference between a file on disk and its generated content.
type Change struct {
	Target string
	Path   string // absolute
	Old    []byte // nil for a file that does not exist
	New    []byte // nil for a file to remove
	State  string // "", or why it is not written: "edited" or "foreign"
}

// Plan generates the files of all jobs and returns the differences from the files on disk.
func Plan(in Input, jobs []Job) ([]Change, error) {
	made := make([][]Change, len(jobs))
	paths := make([][]string, len(jobs))
	var group errgroup.Group
	for i, job := range jobs {
		group.Go(func() (err error) {
			made[i], paths[i], err = job.plan(in)
			return fault.Wrap("generate "+job.Target.Name, err)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	owner := map[string]string{}
	for i, job := range jobs {
		for _, path := range paths[i] {
			if other, twice := owner[path]; twice {
				return nil, fault.New(fault.Conflict, "generate "+job.Target.Name, fmt.Sprintf("%q and %q both write %s", other, job.Target.Name, path), "set a different `out` for one of them in krowoc.yaml")
			}
			owner[path] = job.Target.Name
		}
	}
	return slices.Concat(made...), nil
}

// plan generates the files of one job and compares them with the files on disk. It also returns the paths of all its files.
func (job Job) plan(in Input) (changes []Change, paths []string, err error) {
	in.Out = job.Out
	files, err := job.Target.Files(in)
	if err != nil {
		return nil, nil, err
	}
	compared := make([]*Change, len(files))
	wanted := map[string]bool{}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		path := filepath.Join(job.Out, filepath.FromSlash(file.Name))
		paths, wanted[path] = append(paths, path), true
		group.Go(func() (err error) {
			compared[i], err = compare(job.Target.Name, path, mark(job.Target.Name, path, file.Content))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for _, c := range compared {
		if c != nil {
			changes = append(changes, *c)
		}
	}
	left, err := leftovers(job, wanted)
	return append(changes, left...), paths, err
}

func compare(target, path string, content []byte) (*Change, error) {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Change{Target: target, Path: path, New: content}, nil
	}
	if err != nil {
		return nil, err
	}
	if bytes.Equal(old, content) || bytes.Equal(bytes.ReplaceAll(old, []byte("\r\n"), []byte("\n")), content) {
		return nil, nil
	}
	return &Change{Target: target, Path: path, Old: old, New: content, State: stateOf(target, path, old)}, nil
}

func stateOf(target, path string, old []byte) string {
	return map[state]string{pristine: "", edited: "edited", foreign: "foreign"}[inspect(target, path, old)]
}

// leftovers are files that the target generated before and no longer generates.
func leftovers(job Job, wanted map[string]bool) ([]Change, error) {
	entries, err := os.ReadDir(job.Out)
	if err != nil {
		return nil, nil //nolint:nilerr // not a folder: a file, or not generated yet
	}
	var out []Change
	for _, e := range entries {
		path := filepath.Join(job.Out, e.Name())
		if _, known := comments[filepath.Ext(path)]; !known || !e.Type().IsRegular() || wanted[path] {
			continue
		}
		old, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if inspect(job.Target.Name, path, old) == pristine {
			out = append(out, Change{Target: job.Target.Name, Path: path, Old: old})
		}
	}
	return out, nil
}

// Write applies all changes, or none of them if one fails. Without force it fails if a file was edited or not generated.
func Write(changes []Change, force bool) (err error) {
	const op = "write generated files"
	if refused := refusals(changes); len(refused) > 0 && !force {
		return fault.New(fault.Conflict, op, strings.Join(refused, "; "),
			"move your changes to another file, or overwrite this one with --force")
	}
	var staged []string
	done := 0
	defer func() {
		for _, path := range staged {
			_ = os.Remove(path) // those that were not moved into place
		}
		if err != nil {
			err = errors.Join(fault.Wrap(op, err), restore(changes[:done]))
		}
	}()
	for _, c := range changes {
		if c.New == nil {
			continue
		}
		path, err := stage(c)
		if err != nil {
			return err
		}
		staged = append(staged, path)
	}
	next := 0
	for i, c := range changes {
		done = i + 1
		if c.New == nil {
			err = os.Remove(c.Path)
		} else {
			err = os.Rename(staged[next], c.Path)
			next++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func refusals(changes []Change) []string {
	why := map[string]string{"edited": "was edited by hand", "foreign": "was not generated by krowoc"}
	var out []string
	for _, c := range changes {
		if c.State != "" {
			out = append(out, fmt.Sprintf("%q %s", filepath.Base(c.Path), why[c.State]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// stage writes the new content to a temporary file in the same folder.
func stage(c Change) (path string, err error) {
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(c.Path), ".krowoc-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(c.New)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), err
}

// restore reverts changes.
func restore(changes []Change) error {
	var errs []error
	for _, c := range changes {
		if c.Old == nil {
			if err := os.Remove(c.Path); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
			continue
		}
		errs = append(errs, os.WriteFile(c.Path, c.Old, 0o644))
	}
	return errors.Join(errs...)
}
