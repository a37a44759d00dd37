package sdl

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// ReadFS reads the files of a schema: name is one file, a folder that is searched for *.graphql files at any depth, or a glob
// pattern. The sources are sorted by name.
func ReadFS(fsys fs.FS, name string) ([]Source, error) {
	op := "read the schema " + name
	name = path.Clean(name)
	names, err := files(fsys, name)
	if err != nil {
		return nil, readFault(op, name, err)
	}
	if len(names) == 0 {
		return nil, fault.New(fault.NotFound, op, "no .graphql files found", "Write your types in schema.graphql.")
	}
	slices.Sort(names)
	sources := make([]Source, len(names))
	for i, n := range names {
		text, err := fs.ReadFile(fsys, n)
		if err != nil {
			return nil, readFault(op, n, err)
		}
		sources[i] = Source{Name: n, Text: string(text)}
	}
	return sources, nil
}

// ParseFS is Parser.ParseFS without a check of what Postgres can evaluate.
func ParseFS(fsys fs.FS, name string) (*schema.Schema, diag.List) {
	return Parser{}.ParseFS(fsys, name)
}

// ParseFS reads and parses the files of a schema, as ReadFS and Parse do. Files that cannot be read are a mistake as well.
func (p Parser) ParseFS(fsys fs.FS, name string) (*schema.Schema, diag.List) {
	sources, err := ReadFS(fsys, name)
	if err != nil {
		return nil, diag.List{{Severity: diag.Error, Code: "unreadable", Position: diag.Position{File: name}, Message: err.Error(), Remedy: fault.HintOf(err)}}
	}
	return p.Parse(sources...)
}

func files(fsys fs.FS, name string) ([]string, error) {
	if strings.ContainsAny(name, "*?[") {
		return fs.Glob(fsys, name)
	}
	info, err := fs.Stat(fsys, name)
	if err != nil || !info.IsDir() {
		return []string{name}, err
	}
	var names []string
	err = fs.WalkDir(fsys, name, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(p) == ".graphql" {
			names = append(names, p)
		}
		return err
	})
	return names, err
}

func readFault(op, name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &fault.Error{Code: fault.NotFound, Op: op, Message: fmt.Sprintf("%q does not exist", name), Hint: "Create it, or set schema in krowoc.yaml.", Err: err}
	case errors.Is(err, fs.ErrPermission):
		return &fault.Error{Code: fault.Invalid, Op: op, Message: fmt.Sprintf("permission denied for %q", name), Hint: "Check the permissions of the file.", Err: err}
	case errors.Is(err, path.ErrBadPattern):
		return &fault.Error{Code: fault.Invalid, Op: op, Message: "invalid glob pattern", Hint: "Write a pattern such as schema/*.graphql.", Err: err}
	}
	return fault.Wrap(op, err)
}
