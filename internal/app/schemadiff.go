package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/diff"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// BlastRadius is what a change of the schema reaches.
type BlastRadius struct {
	Since      string            `json:"since"`
	Changes    []diff.Change     `json:"changes"`
	SQL        []string          `json:"sql"`        // migrations that make the change
	Locks      []lint.Finding    `json:"locks"`      // what is dangerous in them
	Operations []BrokenOperation `json:"operations"` // stored operations that were right and are not any more
	Models     []ModelChange     `json:"models"`
	Rules      []diff.Change     `json:"rules"` // of Changes, those of who may do what
	Seeds      []string          `json:"seeds"` // files of fixtures that name a changed type
}

// BrokenOperation is an operation that the API refuses now.
type BrokenOperation struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// ModelChange says which fields of a generated model are other.
type ModelChange struct {
	Type    string   `json:"type"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Changed []string `json:"changed,omitempty"`
}

// Breaking counts the changes and operations that break.
func (b BlastRadius) Breaking() int {
	n := len(b.Operations)
	for _, c := range b.Changes {
		if c.Worst() == diff.Breaking {
			n++
		}
	}
	return n
}

// SchemaDiff compares the schema with that of a revision of git. operations are patterns of files with GraphQL operations, in
// which ** stands for any folders.
func (a *App) SchemaDiff(ctx context.Context, s *scratch.Server, revision string, operations []string) (b BlastRadius, err error) {
	after, err := a.Schema()
	if err != nil {
		return b, err
	}
	before, err := a.schemaAt(ctx, revision)
	if err != nil {
		return b, err
	}
	b = BlastRadius{Since: revision, Changes: append([]diff.Change{}, diff.Compare(before, after)...), SQL: []string{}, Locks: []lint.Finding{},
		Operations: []BrokenOperation{}, Models: append([]ModelChange{}, modelChanges(before, after)...), Rules: []diff.Change{}, Seeds: []string{}}
	for _, c := range b.Changes {
		if strings.Contains(c.Kind, "rule") {
			b.Rules = append(b.Rules, c)
		}
	}
	if len(b.Changes) == 0 {
		return b, nil
	}
	if err := a.sqlOf(ctx, s, before, after, &b); err != nil {
		return b, err
	}
	if b.Operations, err = a.brokenOperations(before, after, operations); err != nil {
		return b, err
	}
	b.Seeds, err = a.affectedSeeds(b.Changes)
	return b, err
}

// schemaAt reads the schema of a revision.
func (a *App) schemaAt(ctx context.Context, revision string) (*schema.Schema, error) {
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

// sqlOf finds the migrations that make one schema of the other, and what is dangerous in them.
func (a *App) sqlOf(ctx context.Context, s *scratch.Server, before, after *schema.Schema, b *BlastRadius) (err error) {
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
	return a.lintDrafts(drafts, b)
}

func (a *App) lintDrafts(drafts []migrate.Draft, b *BlastRadius) (err error) {
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

// brokenOperations returns the operations that the API of the old schema takes and that of the new one does not.
func (a *App) brokenOperations(before, after *schema.Schema, patterns []string) ([]BrokenOperation, error) {
	broken := []BrokenOperation{}
	files, err := a.operationFiles(patterns)
	if err != nil || len(files) == 0 {
		return broken, err
	}
	was, err := a.apiSchema(before)
	if err != nil {
		return nil, err
	}
	is, err := a.apiSchema(after)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(a.Config.Path(filepath.FromSlash(file)))
		if err != nil {
			return nil, fault.Wrap("read the operations", err)
		}
		if len(mistakesOf(was, string(text))) > 0 {
			continue // it was wrong before
		}
		for _, m := range mistakesOf(is, string(text)) {
			b := BrokenOperation{File: file, Message: m.Message}
			if len(m.Locations) > 0 {
				b.Line, b.Column = m.Locations[0].Line, m.Locations[0].Column
			}
			broken = append(broken, b)
		}
	}
	return broken, nil
}

func mistakesOf(api *ast.Schema, text string) gqlerror.List {
	_, err := gqlparser.LoadQueryWithRules(api, text, nil)
	return err
}

// operationFiles returns the files that patterns name, below the project's folder.
func (a *App) operationFiles(patterns []string) (files []string, err error) {
	var matchers []*regexp.Regexp
	for _, p := range patterns {
		expression := strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\?`, `[^/]`).Replace(regexp.QuoteMeta(path.Clean(filepath.ToSlash(p))))
		matchers = append(matchers, regexp.MustCompile("^"+expression+"$"))
	}
	if len(matchers) == 0 {
		return nil, nil
	}
	err = fs.WalkDir(os.DirFS(a.Config.Root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == ".krowoc"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		if slices.ContainsFunc(matchers, func(m *regexp.Regexp) bool { return m.MatchString(name) }) {
			files = append(files, name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fault.New(fault.NotFound, "read the operations", "no file fits "+strings.Join(patterns, ", "), "patterns are relative to the folder of krowoc.yaml; ** stands for any folders")
	}
	return files, err
}

// modelChanges compares the fields of the generated models.
func modelChanges(before, after *schema.Schema) (changes []ModelChange) {
	was := map[string]map[string]string{}
	for _, t := range shape.Of(before) {
		was[t.Name] = modelFields(t)
	}
	for _, t := range shape.Of(after) {
		old, there := was[t.Name]
		delete(was, t.Name)
		if !there {
			changes = append(changes, ModelChange{Type: t.Name, Added: []string{"*"}})
			continue
		}
		c := ModelChange{Type: t.Name}
		fields := modelFields(t)
		for _, f := range t.Fields {
			switch text, known := old[f.Name]; {
			case !known:
				c.Added = append(c.Added, f.Name)
			case text != fields[f.Name]:
				c.Changed = append(c.Changed, f.Name)
			}
		}
		for name := range old {
			if _, kept := fields[name]; !kept {
				c.Removed = append(c.Removed, name)
			}
		}
		slices.Sort(c.Removed)
		if c.Added != nil || c.Changed != nil || c.Removed != nil {
			changes = append(changes, c)
		}
	}
	for _, t := range shape.Of(before) {
		if _, gone := was[t.Name]; gone {
			changes = append(changes, ModelChange{Type: t.Name, Removed: []string{"*"}})
		}
	}
	return changes
}

// modelFields describes the fields of a model: two that are described alike are generated alike.
func modelFields(t shape.Type) map[string]string {
	fields := map[string]string{}
	for _, f := range t.Fields {
		c := f.Constraints()
		text, _ := json.Marshal([]any{f.Leaf.Type.Name(), f.List(), f.Nullable, f.NullableElements(), f.Optional, f.Fixed, c}) // plain values
		fields[f.Name] = string(text)
	}
	return fields
}

// affectedSeeds returns the files of fixtures that have rows of types that changed.
func (a *App) affectedSeeds(changes []diff.Change) ([]string, error) {
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
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml" {
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
