package adopt

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// record is the table in which a tool records applied migrations. In the queries, %[1]s is the table.
type record struct {
	table  string
	ids    string // the IDs that are applied, or only the last one
	failed string // the IDs of those that are neither applied nor pending; empty where the tool does not record them
	repair string // how to repair them
}

const atlasIDs, atlasFailed = "SELECT version FROM %[1]s WHERE applied = total AND type & 2 > 0", "SELECT version FROM %[1]s WHERE applied < total AND type & 2 > 0"

// records are the tables of each tool; the first that exists counts.
var records = map[Tool][]record{
	GolangMigrate: {{"schema_migrations", "SELECT version::text FROM %[1]s LIMIT 1", "SELECT version::text FROM %[1]s WHERE dirty",
		"repair the database by hand, then tell golang-migrate with `migrate force VERSION`"}},
	Alembic: {{"alembic_version", "SELECT version_num FROM %[1]s ORDER BY 1", "", ""}},
	Dbmate:  {{"schema_migrations", "SELECT version FROM %[1]s", "", ""}},
	Prisma: {{"_prisma_migrations", "SELECT migration_name FROM %[1]s WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
		`SELECT DISTINCT migration_name FROM %[1]s m WHERE finished_at IS NULL AND rolled_back_at IS NULL
			AND NOT EXISTS (SELECT FROM %[1]s o WHERE o.migration_name = m.migration_name AND o.finished_at IS NOT NULL AND o.rolled_back_at IS NULL) ORDER BY 1`,
		"resolve them with `prisma migrate resolve`, and run `prisma migrate deploy` until it succeeds"}},
	Atlas: {
		{"atlas_schema_revisions.atlas_schema_revisions", atlasIDs, atlasFailed, "finish them with `atlas migrate apply`"},
		{"atlas_schema_revisions", atlasIDs, atlasFailed, "finish them with `atlas migrate apply`"},
	},
	Flyway: {{"flyway_schema_history", `SELECT coalesce(version, 'R:' || description) FROM %[1]s f WHERE success AND type NOT IN ('UNDO_SQL', 'SCHEMA')
		AND (version IS NULL OR NOT EXISTS (SELECT FROM %[1]s u WHERE u.version = f.version AND u.type = 'UNDO_SQL' AND u.installed_rank > f.installed_rank))`,
		"SELECT coalesce(version, description) FROM %[1]s WHERE NOT success ORDER BY installed_rank", "repair the database by hand, then run `flyway repair`"}},
}

// recordName returns the name of a tool's table without its Postgres schema. table is what the project calls it, or empty.
func recordName(tool Tool, table string) string {
	if table == "" {
		table = records[tool][0].table
	}
	return table[strings.LastIndexByte(table, '.')+1:]
}

// Applied returns the tool's IDs of the migrations that a database has applied. list has all migrations, in order. table is the tool's
// table where it has another name than usual, optionally with a Postgres schema and a dot. known is false if the database does not have it.
// A migration that failed is a conflict.
func Applied(ctx context.Context, db *pgxpool.Pool, tool Tool, table string, list []Step) (applied []string, known bool, err error) {
	op := "find out what " + string(tool) + " has applied"
	for _, r := range records[tool] {
		name := quoted(r.table)
		if table != "" {
			name = quoted(table)
		}
		if there, err := exists(ctx, db, name); err != nil {
			return nil, false, pg.Fault(op, err)
		} else if !there {
			continue
		}
		if r.failed != "" {
			failed, err := ids(ctx, db, fmt.Sprintf(r.failed, name))
			if err != nil {
				return nil, false, pg.Fault(op, err)
			}
			if len(failed) > 0 {
				return nil, false, fault.New(fault.Conflict, op, "the database has migrations that failed halfway: "+strings.Join(failed, ", "), r.repair+"; then retry")
			}
		}
		found, err := ids(ctx, db, fmt.Sprintf(r.ids, name))
		if err != nil {
			return nil, false, pg.Fault(op, err)
		}
		if tool == GolangMigrate || tool == Alembic {
			found, err = upTo(list, found)
		}
		return found, true, fault.Wrap(op, err)
	}
	if table != "" {
		return nil, false, fault.New(fault.NotFound, op, "the database has no table "+table, "check --table")
	}
	return nil, false, nil
}

// upTo is for tools that store only the last version, or one for each branch of the history: all before it are applied, too.
func upTo(list []Step, last []string) ([]string, error) {
	applied := map[string]bool{}
	var add func(i int)
	at := func(id string) int { return slices.IndexFunc(list, func(s Step) bool { return s.Origin == id }) }
	add = func(i int) {
		if i < 0 || applied[list[i].Origin] {
			return
		}
		applied[list[i].Origin] = true
		if list[i].After == nil {
			add(i - 1)
		}
		for _, id := range list[i].After {
			add(at(id)) // -1 for the base
		}
	}
	for _, id := range last {
		i := at(id)
		if i < 0 {
			return nil, fault.New(fault.Conflict, "", fmt.Sprintf("the database is at version %s, which has no file in the folder", id),
				"update this checkout, or switch to the branch that has the file")
		}
		add(i)
	}
	var ordered []string
	for i, s := range list {
		if applied[s.Origin] {
			ordered = append(ordered, s.Origin)
		} else if i < len(applied) { // a later one is applied
			return nil, fault.New(fault.Conflict, "", fmt.Sprintf("the database has only some branches of the history: %s is missing", s.Origin),
				"bring it to the merged revision with `alembic upgrade head`, and retry")
		}
	}
	return ordered, nil
}

// ids returns what a query selects, a text for each row.
func ids(ctx context.Context, db *pgxpool.Pool, sql string) ([]string, error) {
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func quoted(table string) string {
	if schema, name, ok := strings.Cut(table, "."); ok {
		return pg.QuoteIdent(schema) + "." + pg.QuoteIdent(name)
	}
	return pg.QuoteIdent(table)
}

func exists(ctx context.Context, db *pgxpool.Pool, table string) (there bool, err error) {
	return there, db.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there)
}
