package takeover

import (
	"context"
	"os"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// driftKey matches the key in krowoc.yaml, in the base or in the block of an environment.
var driftKey = regexp.MustCompile(`(?m)^\s*drift\s*:`)

const ignoresGrants = `
# The baseline has no grants to roles: roles belong to the server, not to the database.
drift:
  ignore: [grants]
`

// ignoreDrift adds grants to drift.ignore if the imported database has grants to roles, which no migration makes. Otherwise the first
// `krowoc migrate drift` after the import would report them. built is the database that the baseline builds.
func ignoreDrift(ctx context.Context, a *app.App, built *pgxpool.Pool, live *catalog.Catalog, exclude []string, result *Schema) error {
	const grants = "grants"
	if slices.Contains(a.Config.Drift.Ignore, grants) {
		return nil
	}
	now, err := catalog.Read(ctx, built, catalog.Options{Exclude: exclude})
	if err != nil {
		return err
	}
	if !catalog.GrantsDiffer(now, live) {
		return nil
	}
	text, err := os.ReadFile(a.Config.File)
	if err != nil || driftKey.Match(text) {
		result.IgnoreByHand = []string{grants}
		return nil //nolint:nilerr // the user edits the file
	}
	result.Ignored = []string{grants}
	return fault.Wrap("write drift.ignore to "+a.Relative(a.Config.File), atomicfile.Write(a.Config.File, append(text, ignoresGrants...), 0o644))
}
