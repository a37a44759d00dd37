package change

import (
	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/manifest"
)

// Persist returns the manifest of the operations in the files that match patterns. Mistakes are a diag.List within the error.
func Persist(a *app.App, patterns []string) (manifest.Manifest, error) {
	const op = "collect the operations of clients"
	if len(patterns) == 0 {
		return manifest.Manifest{}, fault.New(fault.Invalid, op, "no files are named", "name patterns such as 'web/src/**/*.tsx', or set ci.operations")
	}
	files, err := operationFiles(a, patterns)
	if err != nil {
		return manifest.Manifest{}, err
	}
	s, err := a.Schema()
	if err != nil {
		return manifest.Manifest{}, err
	}
	api, err := a.APISchema(s)
	if err != nil {
		return manifest.Manifest{}, err
	}
	sources, err := readSources(a, files)
	if err != nil {
		return manifest.Manifest{}, err
	}
	list, mistakes := manifest.Collect(api, sources)
	if err := mistakes.Err(op); err != nil {
		return manifest.Manifest{}, err
	}
	if len(list) == 0 {
		return manifest.Manifest{}, fault.New(fault.NotFound, op, "the files have no operations", "write them in .graphql files, or in gql`…` and graphql(`…`) of TypeScript")
	}
	return manifest.New(list), nil
}
