// Package takeover imports the schema of an existing database, and the migrations of another tool, into a project.
package takeover

import (
	"context"
	"maps"
	"os"
	"slices"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/adopt"
)

// ImportMigrations writes the migrations of another tool as the project's own, and returns the paths.
func ImportMigrations(ctx context.Context, a *app.App, tool adopt.Tool, from string) ([]string, error) {
	dir := a.Config.Path(a.Config.Migrations.Dir)
	if names, err := migrate.SourceNames(os.DirFS(dir), a.Config.Migrations.Dir, a.Logger); err == nil && len(names) > 0 {
		return nil, fault.New(fault.Conflict, "import migrations", a.Config.Migrations.Dir+" already has migrations, such as "+names[0],
			"import into an empty folder: move the existing files, or set migrations.dir in krowoc.yaml")
	}
	var list []adopt.Migration
	var err error
	if tool == adopt.Alembic {
		list, err = adopt.ReadAlembic(ctx, from)
	} else {
		list, err = adopt.Read(tool, os.DirFS(from))
	}
	if err != nil {
		return nil, err
	}
	return migrate.Write(dir, adopt.Drafts(a.SQLParser(), tool, list), a.Now())
}

// Recorded is the state of another tool's migrations in a database.
type Recorded struct {
	Known    bool    `json:"known"`    // whether the database has the tool's table of applied migrations
	Applied  int     `json:"applied"`  // migrations that the tool has applied
	Recorded []int64 `json:"recorded"` // versions that were newly recorded
}

// RecordMigrations records in a database which of the imported migrations the other tool has applied.
func RecordMigrations(ctx context.Context, a *app.App, db *app.Database, tool adopt.Tool) (Recorded, error) {
	const op = "record the applied migrations"
	result := Recorded{Recorded: []int64{}}
	versions, err := adopt.Imported(os.DirFS(a.Config.Path(a.Config.Migrations.Dir)), tool)
	if err != nil {
		return result, err
	}
	if len(versions) == 0 {
		return result, fault.New(fault.NotFound, op, "no migration was imported from "+string(tool), "import the files first")
	}
	origins := slices.SortedFunc(maps.Keys(versions), func(x, y string) int { return int(versions[x] - versions[y]) })
	applied, known, err := adopt.Applied(ctx, db.Pool, tool, origins)
	if err != nil || !known {
		return result, err
	}
	result.Known, result.Applied = true, len(applied)
	var list []int64
	for _, origin := range applied {
		v, ok := versions[origin]
		if !ok {
			return result, fault.New(fault.Conflict, op, "the database has "+origin+", which was not imported", "this checkout is probably older than the database or on another branch: update it and import again")
		}
		list = append(list, v)
	}
	m, err := a.Migrator(db.Pool, nil)
	if err != nil {
		return result, err
	}
	recorded, err := m.Record(ctx, list)
	result.Recorded = append(result.Recorded, recorded...)
	return result, err
}
