package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// File is a migration to write.
type File struct {
	Suffix        string // appended to the requested name; empty for the first file
	NoTransaction bool
	Note          string // what the user has to do in the file
	Up, Down      []string

	steps []step
}

// Plan contains the migrations that change one database into another, and back.
type Plan struct {
	Files []File
	// Left lists the objects that only the database has and that stay because AllowDrop is not set.
	Left []string
	// Drops lists the objects that only the database has and that the files drop with their data.
	Drops []Drop
	// LeftOut lists the changes that the files do not contain, because Postgres refuses them or their rollback. Only a plan for a partial
	// target leaves something out.
	LeftOut []LeftOut
}

// Options configure a plan.
type Options struct {
	AllowDrop bool // allow drops of tables, columns and enum values
	// Keep is what AllowDrop must not drop: the result of the migrations, for a plan that undoes additions to it.
	Keep *catalog.Catalog
	// Plain is for a database without other users. Each file can then run in one transaction.
	Plain bool

	former  map[string]string  // the old names of renamed tables and columns
	written written            // the SQL of parts of want, as the schema writes it
	types   *schema.Schema     // of want; nil without a schema
	oneWay  map[object]Refused // the enums whose new values Postgres does not let a rollback remove
	apart   map[string]bool    // the tables, by tableKey, whose columns get a statement each, to find the one that Postgres refuses
}

// mayDropColumn, mayDropTable and mayDropEnum report whether the plan may drop something that only the database has.
func (o Options) mayDropColumn(t *catalog.Table, column string) bool {
	if o.Keep == nil || !o.AllowDrop {
		return o.AllowDrop
	}
	kept := o.Keep.Table(t.Schema, t.Name)
	return kept == nil || kept.Column(column) == nil
}

func (o Options) mayDropTable(t *catalog.Table) bool {
	return o.AllowDrop && (o.Keep == nil || o.Keep.Table(t.Schema, t.Name) == nil)
}

func (o Options) mayDropEnum(e *catalog.Enum) bool {
	return o.AllowDrop && (o.Keep == nil || enumOf(o.Keep, e.Schema, e.Name) == nil)
}

// mayRebuild reports whether the plan may remove the enum values that want does not have.
func (o Options) mayRebuild(e, want *catalog.Enum) bool {
	if o.Keep == nil || !o.AllowDrop {
		return o.AllowDrop
	}
	kept := enumOf(o.Keep, e.Schema, e.Name)
	return kept == nil || !slices.ContainsFunc(kept.Values, func(v string) bool { return !slices.Contains(want.Values, v) })
}
