// Package scaffold creates the files of a new project from templates. Plan returns the files, so that a command can show them, and
// Write writes them.
package scaffold

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/krowoc/krowoc/internal/fault"
)

// Options describe a new project.
type Options struct {
	Name     string // of the project and its folder
	Template string // minimal or prompts
	Frontend string // react or none
	CI       string // github, gitlab or none
	Module   string // path of the Go module; "" generates no Go models
	Version  string // of the krowoc that creates the project, such as 1.2.3; dev for one without a version
	Commit   string // from which that was built, or ""

	// Existing is the folder if it has files already; nil for a new project. If it has a schema, migrations or seeds, those of the
	// template are left out.
	Existing fs.FS
}

// Has reports whether a file or folder exists already.
func (o Options) Has(name string) bool {
	if o.Existing == nil {
		return false
	}
	_, err := fs.Stat(o.Existing, name)
	return err == nil
}

// started reports whether the folder has files that a template would add.
func (o Options) started() bool {
	return o.Has("schema.graphql") || o.Has("schema") || o.Has("migrations") || o.Has("seeds")
}

// The choices, with the default first.
var (
	Templates = []string{"minimal", "prompts"}
	Frontends = []string{"none", "react"}
	CIs       = []string{"github", "gitlab", "none"}
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// Validate checks the options.
func (o Options) Validate() error {
	const op = "create a project"
	if !nameForm.MatchString(o.Name) {
		return fault.New(fault.Invalid, op, fmt.Sprintf("invalid project name %q", o.Name), "use lower-case letters, digits, - and _, for example my-shop")
	}
	for _, choice := range []struct {
		flag, value string
		of          []string
	}{{"--template", o.Template, Templates}, {"--frontend", o.Frontend, Frontends}, {"--ci", o.CI, CIs}} {
		if !slices.Contains(choice.of, choice.value) {
			return fault.New(fault.Invalid, op, fmt.Sprintf("unknown value %q for %s", choice.value, choice.flag), "use "+strings.Join(choice.of, " or "))
		}
	}
	return nil
}

// Example is the type that the files of the template mention.
func (o Options) Example() string {
	return map[string]string{"minimal": "Note", "prompts": "Prompt"}[o.Template]
}

// Pin is the version of Krowoc that the pipeline installs: the one that has created the project, so that a release does not break it.
func (o Options) Pin() string {
	version, _, _ := strings.Cut(o.Version, "+") // what is built from a changed tree cannot be installed
	if version == "" || version == "dev" {
		return cmp.Or(o.Commit, "latest")
	}
	return "v" + strings.TrimPrefix(version, "v")
}

// People reports whether the schema is that of a template, which has a type User for people.
func (o Options) People() bool { return !o.started() }

// Plural is the name of the list of that type in the API.
func (o Options) Plural() string { return strings.ToLower(o.Example()) + "s" }

// State is the enum field of that type that the front end changes; First and Second are two of its values.
func (o Options) State() string {
	return map[string]string{"minimal": "status", "prompts": "visibility"}[o.Template]
}

// First is the default value of State.
func (o Options) First() string {
	return map[string]string{"minimal": "OPEN", "prompts": "PRIVATE"}[o.Template]
}

// Second is another value of State.
func (o Options) Second() string {
	return map[string]string{"minimal": "DONE", "prompts": "PUBLIC"}[o.Template]
}

// Required is the required fields of a create in addition to the title, in TypeScript.
func (o Options) Required() string {
	return map[string]string{"prompts": `, body: title, category: "WRITING"`}[o.Template]
}

// File is a file of a project.
type File struct {
	Path    string // relative to the project folder, with slashes
	Content []byte
}

// Sources are the sources of the files.
type Sources struct {
	Templates fs.FS  // package templates
	Platform  fs.FS  // the prompt platform
	Schema    []byte // JSON Schema of krowoc.yaml, for editors
	Types     string // definitions of the schema language, for editors
}

// Plan returns the files of a project, sorted by path.
func Plan(o Options, s Sources) ([]File, error) {
	parts := []fs.FS{sub(s.Templates, "common")}
	switch {
	case o.started():
	case o.Template == "prompts":
		parts = append(parts, s.Platform)
	default:
		parts = append(parts, sub(s.Templates, o.Template))
	}
	if o.Frontend == "react" {
		parts = append(parts, sub(s.Templates, "react"))
	}
	if o.CI != "none" {
		parts = append(parts, sub(s.Templates, "ci/"+o.CI))
	}
	files := []File{{".vscode/krowoc.schema.json", s.Schema}, {".vscode/krowoc.graphql", []byte(s.Types)}}
	if o.started() && !o.Has("schema.graphql") && !o.Has("schema") {
		files = append(files, File{"schema.graphql", []byte("# The types of the project. `krowoc schema import` writes the types of an existing database.\n")})
	}
	if o.Module != "" {
		files = append(files, File{"go.mod", []byte("module " + o.Module + "\n\ngo 1.26\n\nrequire github.com/jackc/pgx/v5 v5.12.0\n")})
	}
	for _, part := range parts {
		more, err := render(part, o)
		if err != nil {
			return nil, fault.Wrap("create a project", err)
		}
		files = append(files, more...)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

func sub(fsys fs.FS, dir string) fs.FS {
	part, err := fs.Sub(fsys, dir)
	if err != nil {
		return fsys // the folders of our templates are valid
	}
	return part
}

// dotted are files whose names begin with a dot in a project.
var dotted = map[string]bool{"gitignore": true, "env.example": true, "editorconfig": true, "graphqlrc.yml": true, "gitlab-ci.yml": true}

// render returns the files of a part, with its templates executed.
func render(part fs.FS, o Options) ([]File, error) {
	var files []File
	err := fs.WalkDir(part, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(part, name)
		if err != nil {
			return err
		}
		if plain, ok := strings.CutSuffix(name, ".tmpl"); ok {
			t, err := template.New(name).Delims("[[", "]]").Parse(string(content))
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := t.Execute(&b, o); err != nil {
				return err
			}
			name, content = plain, b.Bytes()
		}
		if dotted[name] {
			name = "." + name
		}
		files = append(files, File{name, content})
		return nil
	})
	return files, err
}

// Write writes the files to a folder. It keeps and returns existing files. If a file cannot be written, it removes the files that it
// has written.
func Write(dir string, files []File) (kept []string, err error) {
	var created []string
	defer func() {
		if err != nil {
			err = errors.Join(fault.Wrap("create a project", err), remove(created))
		}
	}()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		folders, err := makeFolders(filepath.Dir(name))
		created = append(created, folders...)
		if err != nil {
			return nil, err
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			kept = append(kept, f.Path)
			continue
		}
		if err != nil {
			return nil, err
		}
		created = append(created, name)
		_, err = file.Write(f.Content)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// makeFolders is os.MkdirAll that returns the folders that it has created.
func makeFolders(dir string) (created []string, err error) {
	if _, err := os.Stat(dir); err == nil {
		return nil, nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if created, err = makeFolders(parent); err != nil {
			return created, err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return created, err
	}
	return append(created, dir), nil
}

// remove removes files and folders, the last first.
func remove(created []string) error {
	var errs []error
	for _, name := range slices.Backward(created) {
		if err := os.Remove(name); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// HasFiles reports whether a folder exists and is not empty.
func HasFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

// NameFor derives the name of a project from the name of its folder.
func NameFor(dir string) string {
	name := regexp.MustCompile(`[^a-z0-9_-]+`).ReplaceAllString(strings.ToLower(path.Base(filepath.ToSlash(dir))), "-")
	return strings.TrimLeft(strings.Trim(name, "-"), "0123456789_-")
}
