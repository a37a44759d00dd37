package app

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/compose"
	"github.com/krowoc/krowoc/internal/generate/golang"
	"github.com/krowoc/krowoc/internal/generate/jsonschema"
	"github.com/krowoc/krowoc/internal/generate/markdown"
	"github.com/krowoc/krowoc/internal/generate/pydantic"
	"github.com/krowoc/krowoc/internal/generate/sqlfile"
	"github.com/krowoc/krowoc/internal/generate/tsclient"
	"github.com/krowoc/krowoc/internal/generate/typescript"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema"
)

// Targets returns all generators. Those that need the API share it as long as the schema is the same.
func (a *App) Targets() []generate.Target {
	api := a.sharedAPI()
	types := func(s *schema.Schema) (*ast.Schema, error) {
		shared, err := api(s)
		if err != nil {
			return nil, err
		}
		return shared.Schema(), nil
	}
	return []generate.Target{
		golang.Target(),
		typescript.Target(),
		tsclient.Target(types),
		pydantic.Target(),
		jsonschema.Target(types),
		apiTarget(api),
		sqlfile.Target(),
		markdown.Target(),
		compose.Target(a.Stack().Compose()),
	}
}

// APISchema returns the API of a schema.
func (a *App) APISchema(s *schema.Schema) (*ast.Schema, error) {
	api, err := a.API(s)
	if err != nil {
		return nil, err
	}
	return api.Schema(), nil
}

// sharedAPI returns a function that creates the API of a schema, once per schema.
func (a *App) sharedAPI() func(*schema.Schema) (*graph.API, error) {
	var lock sync.Mutex
	apis := map[*schema.Schema]func() (*graph.API, error){}
	return func(s *schema.Schema) (*graph.API, error) {
		lock.Lock()
		once := apis[s]
		if once == nil {
			once = sync.OnceValues(func() (*graph.API, error) { return a.API(s) })
			apis[s] = once
		}
		lock.Unlock()
		return once()
	}
}

// apiTarget writes the API as SDL, for code generators of clients.
func apiTarget(shared func(*schema.Schema) (*graph.API, error)) generate.Target {
	return generate.Target{
		Name: "graphql", Out: "api.graphql", Doc: "The GraphQL API as SDL, for Apollo, Relay and code generators",
		Files: func(in generate.Input) ([]generate.File, error) {
			api, err := shared(in.Schema)
			if err != nil {
				return nil, err
			}
			return []generate.File{{Content: []byte("\n" + strings.TrimRight(api.SDL(), "\n") + "\n")}}, nil
		},
	}
}

// GenerateJobs returns the configured targets, or those with the given names. A target that is not configured is written to its default
// path.
func (a *App) GenerateJobs(names []string) ([]generate.Job, error) {
	const op = "generate"
	targets := a.Targets()
	find := func(name string) (generate.Target, error) {
		i := slices.IndexFunc(targets, func(t generate.Target) bool { return t.Name == name })
		if i < 0 {
			var all []string
			for _, t := range targets {
				all = append(all, t.Name)
			}
			return generate.Target{}, fault.New(fault.Invalid, op, fmt.Sprintf("unknown target %q", name), "use "+strings.Join(all, ", "))
		}
		return targets[i], nil
	}
	var jobs []generate.Job
	configured := map[string]bool{}
	for _, g := range a.Config.Generate {
		t, err := find(g.Target)
		if err != nil {
			return nil, err
		}
		configured[t.Name] = true
		if len(names) == 0 || slices.Contains(names, t.Name) {
			jobs = append(jobs, generate.Job{Target: t, Out: a.Config.Path(cmp.Or(g.Out, t.Out))})
		}
	}
	for _, name := range names {
		t, err := find(name)
		if err != nil {
			return nil, err
		}
		if !configured[name] {
			jobs = append(jobs, generate.Job{Target: t, Out: a.Config.Path(t.Out)})
		}
	}
	return jobs, nil
}

// Generate returns the changes of generated files that are necessary to match the schema.
func (a *App) Generate(jobs []generate.Job) ([]generate.Change, error) {
	s, err := a.Schema()
	if err != nil {
		return nil, err
	}
	return generate.Plan(generate.Input{Project: a.Config.Project, Schema: s}, jobs)
}

// Relative returns a path relative to the project's folder, with forward slashes.
func (a *App) Relative(path string) string {
	if rel, err := filepath.Rel(a.Config.Root, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}
