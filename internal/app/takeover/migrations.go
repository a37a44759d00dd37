// Package takeover imports the schema of an existing database, and the migrations of another tool, into a project.
package takeover

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/adopt"
)

// Import is an import of the migrations of another tool.
type Import struct {
	Tool   adopt.Tool
	From   string             // the folder of its migrations
	Table  string             // in which it records what is applied, where that has another name than usual
	Report func(done, of int) // called as the migrations are read, where that takes time
}

// ImportMigrations writes the migrations of another tool as the project's own. It returns the paths, and what people must know about them.
// It writes nothing if the record of a database does not fit; db may be nil.
func ImportMigrations(ctx context.Context, a *app.App, db *app.Database, o Import) (paths, notes []string, err error) {
	dir := a.Config.Path(a.Config.Migrations.Dir)
	if names, err := migrate.SourceNames(os.DirFS(dir), a.Config.Migrations.Dir, a.Logger); err == nil && len(names) > 0 {
		return nil, nil, fault.New(fault.Conflict, "import migrations", a.Config.Migrations.Dir+" already has migrations, such as "+names[0],
			"import into an empty folder: move the existing files, or set migrations.dir in krowoc.yaml")
	}
	var list []adopt.Migration
	if o.Tool == adopt.Alembic {
		list, err = adopt.ReadAlembic(ctx, o.From, o.Table, o.Report)
	} else {
		list, err = adopt.Read(o.Tool, os.DirFS(o.From), os.DirFS(filepath.Dir(o.From)))
	}
	if err != nil {
		return nil, nil, err
	}
	if db != nil {
		steps := adopt.Steps(list)
		applied, _, err := adopt.Applied(ctx, db.Pool, o.Tool, o.Table, steps)
		if err == nil {
			_, err = versionsOf(applied, steps)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	paths, err = migrate.Write(dir, adopt.Drafts(a.SQLParser(), o.Tool, list), a.Now())
	return paths, adopt.Notes(list), err
}

// versionsOf returns the versions of applied migrations, all of which must be in the history.
func versionsOf(applied []string, steps []adopt.Step) (list []int64, err error) {
	for _, origin := range applied {
		i := slices.IndexFunc(steps, func(s adopt.Step) bool { return s.Origin == origin })
		if i < 0 {
			return nil, fault.New(fault.Conflict, recordOp, "the database has "+origin+", which was not imported", "this checkout is probably older than the database or on another branch: update it and import again")
		}
		list = append(list, steps[i].Version)
	}
	return list, nil
}

const recordOp = "record the applied migrations"

// Recorded is the state of another tool's migrations in a database.
type Recorded struct {
	Known    bool    `json:"known"`    // whether the database has the tool's table of applied migrations
	Applied  int     `json:"applied"`  // migrations that the tool has applied
	Recorded []int64 `json:"recorded"` // versions that were newly recorded
}

// RecordMigrations records in a database which of the imported migrations the other tool has applied. table is where that tool records it,
// if the table has another name than usual.
func RecordMigrations(ctx context.Context, a *app.App, db *app.Database, tool adopt.Tool, table string) (Recorded, error) {
	result := Recorded{Recorded: []int64{}}
	steps, err := adopt.Imported(os.DirFS(a.Config.Path(a.Config.Migrations.Dir)), tool)
	if err != nil {
		return result, err
	}
	if len(steps) == 0 {
		return result, fault.New(fault.NotFound, recordOp, "no migration was imported from "+string(tool), "import the files first")
	}
	applied, known, err := adopt.Applied(ctx, db.Pool, tool, table, steps)
	if err != nil || !known {
		return result, err
	}
	result.Known, result.Applied = true, len(applied)
	list, err := versionsOf(applied, steps)
	if err != nil {
		return result, err
	}
	m, err := a.Migrator(db.Pool, nil)
	if err != nil {
		return result, err
	}
	recorded, err := m.Record(ctx, list)
	result.Recorded = append(result.Recorded, recorded...)
	return result, err
}
