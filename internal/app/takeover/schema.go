package takeover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/introspect"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Schema is the result of importing the schema of a database.
type Schema struct {
	Schema   string            `json:"schema"` // the file
	Types    int               `json:"types"`
	Enums    int               `json:"enums"`
	Baseline string            `json:"baseline,omitempty"` // the migration that builds the database; empty if the project already has migrations
	Left     []introspect.Left `json:"left"`
	Differs  []string          `json:"differs"` // statements that `migrate diff` would still write

	// Ignored are the kinds of differences that drift.ignore in krowoc.yaml now leaves out, since the baseline cannot contain them. IgnoreByHand are those
	// that must be added there by hand.
	Ignored      []string `json:"ignored,omitempty"`
	IgnoreByHand []string `json:"ignoreByHand,omitempty"`
}

const importOp = "import the schema"

// ImportSchema writes the schema of a database, and a baseline if the project has no migrations. It checks on scratch databases that both
// match, except for the statements in Differs. It only reads the database.
func ImportSchema(ctx context.Context, a *app.App, s *scratch.Server, url string, overwrite bool) (result Schema, err error) {
	path, err := schemaFile(a, overwrite)
	if err != nil {
		return result, err
	}
	live, err := a.Connect(ctx, url)
	if err != nil {
		return result, err
	}
	defer live.Close()
	exclude := migrate.InternalTables(a.Config.Migrations.Table)
	cur, err := catalog.Read(ctx, live, catalog.Options{Exclude: exclude})
	if err != nil {
		return result, err
	}
	if err := hasTables(cur); err != nil {
		return result, err
	}
	baseline, err := baselineOf(ctx, a, url, live, cur, exclude)
	if err != nil {
		return result, err
	}
	db, drop, err := rebuild(ctx, a, s, baseline)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	text, err := prove(ctx, a, s, db, cur, exclude, &result)
	if err != nil {
		return result, err
	}
	result.Schema = a.Relative(path)
	if baseline != nil {
		paths, err := migrate.Write(a.Config.Path(a.Config.Migrations.Dir), []migrate.Draft{*baseline}, a.Now())
		if err != nil {
			return result, err
		}
		result.Baseline = a.Relative(paths[0])
		if err := ignoreDrift(ctx, a, db, cur, exclude, &result); err != nil {
			return result, err
		}
	}
	return result, fault.Wrap(importOp, os.WriteFile(path, []byte(text), 0o644))
}

// hasTables reports a database without tables in the schema public, as a failed check that names the schemas that have some.
func hasTables(c *catalog.Catalog) error {
	var schemas []string
	for _, t := range c.Tables {
		if t.Schema == "public" {
			return nil
		}
		if !slices.Contains(schemas, t.Schema) {
			schemas = append(schemas, t.Schema)
		}
	}
	const message = "the database has no tables in the schema public"
	if len(schemas) == 0 {
		return fault.New(fault.CheckFailed, importOp, message, "check the name of the database in the URL")
	}
	return fault.New(fault.CheckFailed, importOp, message+"; schemas with tables: "+strings.Join(schemas, ", "),
		"types describe tables in public only: move a table there with ALTER TABLE … SET SCHEMA public")
}

// schemaFile returns the file to write, which must be empty or missing.
func schemaFile(a *app.App, overwrite bool) (string, error) {
	path := a.Config.Path(a.Config.Schema)
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	case err != nil:
		return "", fault.Wrap(importOp, err)
	case info.IsDir():
		path = filepath.Join(path, "schema.graphql")
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(importOp, err)
	}
	if strings.TrimSpace(string(text)) != "" && !overwrite {
		return "", fault.New(fault.Conflict, importOp, a.Relative(path)+" already has types", "overwrite it with --force; git keeps committed content")
	}
	return path, nil
}

// baselineOf returns a migration with pg_dump's output for a database, or nil if the project has migrations.
func baselineOf(ctx context.Context, a *app.App, at string, live *pgxpool.Pool, cur *catalog.Catalog, exclude []string) (*migrate.Draft, error) {
	dir := a.Config.Path(a.Config.Migrations.Dir)
	if names, err := filepath.Glob(filepath.Join(dir, "*.sql")); err != nil || len(names) > 0 {
		return nil, err
	}
	var major int
	if err := live.QueryRow(ctx, "SELECT current_setting('server_version_num')::int / 10000").Scan(&major); err != nil {
		return nil, pg.Fault(importOp, err)
	}
	dump, err := structureOf(ctx, a, at, major, exclude)
	if err != nil {
		return nil, err
	}
	up, down, err := introspect.Baseline(a.SQLParser(), dump, cur)
	if err != nil {
		return nil, fault.Wrap("read the output of pg_dump", err)
	}
	return &migrate.Draft{Name: "baseline", Directives: []string{"baseline"}, Note: "What the database had when its schema was imported.", Up: up, Down: down}, nil
}

// structureOf returns pg_dump's output for the structure of a database.
func structureOf(ctx context.Context, a *app.App, at string, major int, exclude []string) (string, error) {
	const op = "dump the structure of the database"
	tool, err := local.Tool(ctx, a.Env, "pg_dump", major)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme == "" {
		return "", fault.New(fault.Invalid, op, "the database must be given as a URL", "use a URL such as postgres://user@host/database")
	}
	password, _ := u.User.Password() // other users can see arguments, but not the environment
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	args := []string{"--schema-only", "--no-owner", "--no-tablespaces", "--no-publications", "--no-subscriptions", "--no-security-labels",
		"--exclude-schema", own.Schema, "--dbname", u.String()}
	for _, name := range catalog.RecordSchemas() {
		args = append(args, "--exclude-schema", name)
	}
	for _, table := range exclude {
		args = append(args, "--exclude-table", "*."+pg.QuoteIdent(table))
	}
	cmd := exec.CommandContext(ctx, tool, args...)
	if password != "" {
		cmd.Env = append(cmd.Environ(), "PGPASSWORD="+password)
	}
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &fault.Error{Code: fault.Upstream, Op: op, Message: strings.TrimSpace(stderr.String()), Err: err, Hint: "pg_dump locks every table: use a role that can read all tables"}
	}
	return out.String(), nil
}

// prove writes the schema of a scratch database so that both match. It uses SQL where directives would give a different result.
func prove(ctx context.Context, a *app.App, s *scratch.Server, db *pgxpool.Pool, original *catalog.Catalog, exclude []string, result *Schema) (text string, err error) {
	reader := catalog.NewReader(db, catalog.Options{Exclude: exclude})
	cur, err := reader.Read(ctx)
	if err != nil {
		return "", err
	}
	cur.TakeDimensions(original)
	var b *scratch.Builder
	drop := func() error { return nil }
	defer func() { err = errors.Join(err, drop()) }()
	for inSQL := (parts{}); ; {
		written, types, err := write(cur, introspect.Options{Parser: a.SQLParser(), InSQL: inSQL})
		if err != nil {
			return "", err
		}
		if b == nil { // each round has the same tables and enums
			if b, drop, err = s.Builder(ctx, db, types); err != nil {
				drop = func() error { return nil }
				return "", err
			}
		}
		target, err := b.Build(ctx, types)
		if refused := new(ddl.Refused); errors.As(err, &refused) && inSQL.add(written.Behind(refused.Statement)) {
			continue
		}
		if err != nil {
			return "", err
		}
		if inSQL.add(slices.Collect(maps.Keys(introspect.Differing(cur, target.Catalog())))) {
			continue
		}
		plan, err := target.Plan(ctx, db, ddl.PlanOptions{Exclude: exclude, Reader: reader})
		if err != nil {
			return "", err
		}
		result.Left, result.Differs = append([]introspect.Left{}, written.Left...), []string{}
		for _, f := range plan.Files {
			result.Differs = append(result.Differs, f.Up...)
		}
		result.Types, result.Enums = types.StoredTypes(), len(types.Enums)
		return printed(types)
	}
}

// parts are the parts of a schema that are written in SQL.
type parts map[string]bool

// add adds parts and reports whether one of them is new.
func (p parts) add(list []string) (isNew bool) {
	for _, what := range list {
		isNew = isNew || !p[what]
		p[what] = true
	}
	return isNew
}

// write writes the schema of a catalog. What would be a mistake in the words of the language, it writes in SQL, and adds to o.InSQL.
func write(c *catalog.Catalog, o introspect.Options) (introspect.Result, *schema.Schema, error) {
	for {
		written := introspect.Schema(c, o)
		types, mistakes := check(written.Text)
		if len(mistakes) == 0 {
			return written, types, nil
		}
		var keys []string
		for _, m := range mistakes {
			keys = append(keys, written.At(m.Line, m.Column)...)
		}
		if !parts(o.InSQL).add(keys) {
			return written, nil, fault.New(fault.Internal, importOp, "the schema that was written has mistakes:\n"+mistakes.Error(), "this is a bug in krowoc: report it")
		}
	}
}

// check reads a schema and writes its SQL, and returns what cannot be read or written.
func check(text string) (*schema.Schema, diag.List) {
	types, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	mistakes := slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	for _, m := range ddl.Mistakes(types) {
		mistakes = append(mistakes, diag.Diagnostic{Severity: diag.Error, Position: m.Position, Message: m.Message})
	}
	return types, mistakes
}

func printed(s *schema.Schema) (string, error) {
	var b strings.Builder
	err := sdl.Print(&b, s)
	return b.String(), err
}

// RecordBaseline records the project's baseline as applied to a database.
func RecordBaseline(ctx context.Context, a *app.App, db *pgxpool.Pool) ([]int64, error) {
	const op = "record the baseline"
	m, err := a.Migrator(db, nil)
	if err != nil {
		return nil, err
	}
	version, err := m.Baseline(ctx)
	switch {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, fault.New(fault.NotFound, op, "the first migration is not a baseline", "write one from an existing database with `krowoc schema import`")
	}
	cur, err := catalog.Read(ctx, db, catalog.Options{Exclude: migrate.InternalTables(a.Config.Migrations.Table)})
	if err != nil {
		return nil, err
	}
	if len(cur.Tables) == 0 {
		return nil, fault.New(fault.Conflict, op, "the database is empty", "build it with `krowoc migrate up`")
	}
	recorded, err := m.Record(ctx, []int64{version})
	return recorded, fault.Wrap(fmt.Sprintf("%s %d", op, version), err)
}
