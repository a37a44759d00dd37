package change

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/diff"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Radius is everything that a schema change affects.
type Radius struct {
	Since      string            `json:"since"`
	Changes    []diff.Change     `json:"changes"`
	SQL        []string          `json:"sql"`        // statements of the migrations for the change
	Locks      []lint.Finding    `json:"locks"`      // dangerous statements in them
	Operations []BrokenOperation `json:"operations"` // stored operations that were valid and no longer are
	Models     []ModelChange     `json:"models"`
	Rules      []diff.Change     `json:"rules"` // the changes of access rules in Changes
	Seeds      []string          `json:"seeds"` // fixture files with rows of a changed type
}

// BrokenOperation is an operation that the API accepted and now rejects.
type BrokenOperation struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// ModelChange lists the fields of a generated model that differ.
type ModelChange struct {
	Type    string   `json:"type"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Changed []string `json:"changed,omitempty"`
}

// Diagnostics returns the operations that the API now rejects, each with its position and the reason.
func (b Radius) Diagnostics() (list []diag.Diagnostic) {
	for _, o := range b.Operations {
		list = append(list, diag.Diagnostic{Position: diag.Position{File: o.File, Line: o.Line, Column: o.Column}, Message: o.Message})
	}
	return list
}

// Breaking counts the changes and operations that break.
func (b Radius) Breaking() int {
	n := len(b.Operations)
	for _, c := range b.Changes {
		if c.Worst() == diff.Breaking {
			n++
		}
	}
	return n
}

// RadiusSince compares the schema with that of a git revision. operations are file patterns for GraphQL operations, in which ** matches
// any folders.
func RadiusSince(ctx context.Context, a *app.App, s *scratch.Server, revision string, operations []string) (b Radius, err error) {
	after, err := a.Schema()
	if err != nil {
		return b, err
	}
	before, err := schemaAt(ctx, a, revision)
	if err != nil {
		return b, err
	}
	b = Radius{Since: revision, Changes: append([]diff.Change{}, diff.Compare(before, after)...), SQL: []string{}, Locks: []lint.Finding{},
		Operations: []BrokenOperation{}, Models: append([]ModelChange{}, modelChanges(before, after)...), Rules: []diff.Change{}, Seeds: []string{}}
	for _, c := range b.Changes {
		if strings.Contains(c.Kind, "rule") {
			b.Rules = append(b.Rules, c)
		}
	}
	if len(b.Changes) == 0 {
		return b, nil
	}
	if err := sqlOf(ctx, a, s, before, after, &b); err != nil {
		return b, err
	}
	if b.Operations, err = brokenOperations(a, before, after, operations); err != nil {
		return b, err
	}
	b.Seeds, err = affectedSeeds(a, b.Changes)
	return b, err
}

// schemaAt reads the schema of a revision.
func schemaAt(ctx context.Context, a *app.App, revision string) (*schema.Schema, error) {
	files, err := git.Archive(ctx, a.Config.Root, revision, filepath.ToSlash(a.Config.Schema))
	if err != nil {
		return nil, err
	}
	var sources []sdl.Source
	for _, f := range files {
		if path.Ext(f.Name) == ".graphql" {
			sources = append(sources, sdl.Source{Name: revision + ":" + f.Name, Text: string(f.Text)})
		}
	}
	types, mistakes := sdl.Parse(sources...)
	return types, mistakes.Err("read the schema at " + revision)
}

// sqlOf finds the migrations that change one schema into the other, and the dangerous statements in them.
func sqlOf(ctx context.Context, a *app.App, s *scratch.Server, before, after *schema.Schema, b *Radius) (err error) {
	db, drop, err := a.MigratedDatabase(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	old, dropOld, err := s.Copy(ctx, db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropOld()) }()
	if _, err := ddl.NewTarget(ctx, old, before); err != nil {
		return err
	}
	target, dropTarget, err := s.Target(ctx, db, after)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropTarget()) }()
	plan, err := target.Plan(ctx, old, ddl.PlanOptions{})
	if err != nil {
		return err
	}
	drafts := Drafts("change", plan)
	for _, d := range drafts {
		b.SQL = append(b.SQL, d.Text())
	}
	return lintDrafts(a, drafts, b)
}

func lintDrafts(a *app.App, drafts []migrate.Draft, b *Radius) (err error) {
	dir, err := os.MkdirTemp("", "krowoc-diff-")
	if err != nil {
		return fault.Wrap("lint the change", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := migrate.Write(dir, drafts, a.Now()); err != nil {
		return err
	}
	options, err := a.LintOptions(nil, 0)
	if err != nil {
		return err
	}
	options.FS = os.DirFS(dir)
	result, err := lint.Run(options)
	for _, f := range result.Findings {
		if f.Lock != "" || f.Severity != lint.Info {
			b.Locks = append(b.Locks, f)
		}
	}
	return err
}

// affectedSeeds returns the fixture files with rows of changed types.
func affectedSeeds(a *app.App, changes []diff.Change) ([]string, error) {
	types := map[string]bool{}
	for _, c := range changes {
		if c.Worst() != diff.Safe {
			name, _, _ := strings.Cut(c.Path, ".")
			types[name] = true
		}
	}
	files := []string{}
	root := a.Config.Path(a.Config.Seeds.Dir)
	if _, err := os.Stat(root); err != nil {
		return files, nil //nolint:nilerr // a project without seeds
	}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		isYAML := path.Ext(name) == ".yaml" || path.Ext(name) == ".yml"
		if err != nil || d.IsDir() || !isYAML {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if key, _, ok := strings.Cut(line, ":"); ok && types[strings.TrimSpace(key)] && !strings.HasPrefix(key, " ") {
				files = append(files, path.Join(a.Config.Seeds.Dir, name))
				return nil
			}
		}
		return nil
	})
	return files, fault.Wrap("read the seeds", err)
}
