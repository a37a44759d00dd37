package change

import (
	"context"
	"errors"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// Security is the row-level security that the rules of the schema need.
type Security struct {
	Drafts []migrate.Draft // what the migrations lack of it; none if they are in step
	Notes  []rls.Note      // what clients of the database must do in another way
	Others []rls.Other     // policies that are not from the rules
}

// RowLevelSecurity compares the rules of the schema with the row-level security that the migrations make. The draft has run up, down and up on
// a scratch database.
func RowLevelSecurity(ctx context.Context, a *app.App, s *scratch.Server, name string, remove bool) (out Security, err error) {
	types, err := a.Schema()
	if err != nil {
		return out, err
	}
	api, err := graph.New(types, graph.Options{})
	if err != nil {
		return out, err
	}
	tables, err := api.Policies()
	if err != nil {
		return out, err
	}
	db, drop, err := a.MigratedDatabase(ctx, s)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	o := a.RowLevelSecurity()
	o.Remove = remove
	plan, err := rls.Make(ctx, db, tables, o)
	if err != nil {
		return out, err
	}
	if len(plan.Up) > 0 {
		out.Drafts = []migrate.Draft{{Name: name, Up: together(plan.Up), Down: plan.Down}}
	}
	if !remove {
		out.Notes, out.Others = rls.Notes(tables), plan.Others
	}
	return out, nil
}

// together tells lint why one file locks several tables.
func together(statements []string) (list []string) {
	isSecond := false
	for _, sql := range statements {
		if strings.HasSuffix(sql, " ENABLE ROW LEVEL SECURITY") {
			if isSecond {
				sql = "-- +krowoc ignore several-locks: the policies of all tables take effect together\n" + sql
			}
			isSecond = true
		}
		list = append(list, sql)
	}
	return list
}
