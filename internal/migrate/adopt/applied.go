package adopt

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// record is the table in which a tool records applied migrations, and a query for their IDs.
type record struct{ table, sql string }

// records are the tables of the tools that store a row for each migration.
var records = map[Tool][]record{
	Dbmate: {{"schema_migrations", "SELECT version FROM schema_migrations"}},
	Prisma: {{"_prisma_migrations", "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"}},
	Atlas: {
		{"atlas_schema_revisions.atlas_schema_revisions", "SELECT version FROM atlas_schema_revisions.atlas_schema_revisions WHERE applied = total AND type & 2 > 0"},
		{"atlas_schema_revisions", "SELECT version FROM atlas_schema_revisions WHERE applied = total AND type & 2 > 0"},
	},
	Flyway: {{"flyway_schema_history", `SELECT coalesce(version, 'R:' || description) FROM flyway_schema_history WHERE success AND type <> 'UNDO_SQL'
		AND (version IS NULL OR NOT EXISTS (SELECT FROM flyway_schema_history u WHERE u.version = flyway_schema_history.version AND u.type = 'UNDO_SQL' AND u.installed_rank > flyway_schema_history.installed_rank))`}},
}

// Applied returns the tool's IDs of the migrations that a database has applied. list has the IDs of all migrations, in order.
// known is false if the database does not have the tool's table.
func Applied(ctx context.Context, db *pgxpool.Pool, tool Tool, list []string) (applied []string, known bool, err error) {
	op := "find out what " + string(tool) + " has applied"
	switch tool {
	case GolangMigrate:
		return upTo(ctx, db, op, "schema_migrations", `SELECT version::text || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM schema_migrations LIMIT 1`, list)
	case Alembic:
		return upTo(ctx, db, op, "alembic_version", "SELECT version_num FROM alembic_version", list)
	}
	for _, r := range records[tool] {
		if there, err := exists(ctx, db, r.table); err != nil {
			return nil, false, pg.Fault(op, err)
		} else if !there {
			continue
		}
		rows, err := db.Query(ctx, r.sql)
		if err != nil {
			return nil, false, pg.Fault(op, err)
		}
		applied, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return applied, true, pg.Fault(op, err)
	}
	return nil, false, nil
}

// upTo is for tools that store only the last version.
func upTo(ctx context.Context, db *pgxpool.Pool, op, table, sql string, list []string) ([]string, bool, error) {
	there, err := exists(ctx, db, table)
	if !there || err != nil {
		return nil, false, pg.Fault(op, err)
	}
	var last string
	if err := db.QueryRow(ctx, sql).Scan(&last); errors.Is(err, pgx.ErrNoRows) {
		return nil, true, nil
	} else if err != nil {
		return nil, false, pg.Fault(op, err)
	}
	for i, origin := range list {
		if origin == last {
			return list[:i+1], true, nil
		}
	}
	if _, err := strconv.ParseInt(last, 10, 64); err != nil && table == "schema_migrations" {
		return nil, false, fault.New(fault.Conflict, op, "the last migration failed halfway: version "+last, "repair it with golang-migrate first")
	}
	return nil, false, fault.New(fault.Conflict, op, fmt.Sprintf("the database is at version %s, which has no file in the folder", last),
		"update this checkout, or switch to the branch that has the file")
}

func exists(ctx context.Context, db *pgxpool.Pool, table string) (there bool, err error) {
	return there, db.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there)
}
