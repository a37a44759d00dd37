package adopt_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/adopt"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// made is a draft without what the test of its directives looks at.
type made struct {
	Version, Name, Origin string
	Up, Down              []string
	NoTransaction         bool
}

func draftsOf(tool adopt.Tool, list []adopt.Migration) []made {
	var out []made
	for i, d := range adopt.Drafts(sqltext.NewParser(""), tool, list) {
		out = append(out, made{d.Version, d.Name, list[i].Origin, d.Up, d.Down, d.NoTransaction})
	}
	return out
}

// Each tool has a layout of its own: names, order, sections, and where it says that there is no transaction.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		tool  adopt.Tool
		files map[string]string
		want  []made
	}{
		{
			"golang-migrate orders versions as numbers, and a down file may be missing", adopt.GolangMigrate,
			map[string]string{
				"10_index.up.sql":      "CREATE INDEX CONCURRENTLY i ON a (id);",
				"000009_init.up.sql":   "BEGIN; CREATE TABLE a (id int); CREATE TABLE b (id int); COMMIT;",
				"000009_init.down.sql": "DROP TABLE b;\n-- then the other\nDROP TABLE a",
				"readme.up.sql":        "SELECT 1",
			},
			[]made{
				{"000009", "init", "9", []string{"CREATE TABLE a (id int)", "CREATE TABLE b (id int)"}, []string{"DROP TABLE b", "-- then the other\nDROP TABLE a"}, false},
				{"10", "index", "10", []string{"CREATE INDEX CONCURRENTLY i ON a (id)"}, nil, true},
			},
		},
		{
			"dbmate has two sections in a file", adopt.Dbmate,
			map[string]string{
				"20240102000000_b.sql": "-- migrate:up transaction:false\nALTER TYPE e ADD VALUE 'x';\n\n-- migrate:down\n",
				"20240101000000_a.sql": "-- a note\n-- migrate:up\nCREATE TYPE e AS ENUM ('a');\n--migrate:down\nDROP TYPE e;\n",
			},
			[]made{
				{"20240101000000", "a", "20240101000000", []string{"CREATE TYPE e AS ENUM ('a')"}, []string{"DROP TYPE e"}, false},
				{"20240102000000", "b", "20240102000000", []string{"ALTER TYPE e ADD VALUE 'x'"}, nil, true},
			},
		},
		{
			"Prisma has a folder for each", adopt.Prisma,
			map[string]string{
				"20240102_second/migration.sql": "CREATE TABLE b ()",
				"20240101_first/migration.sql":  "CREATE TABLE a ()",
				"20240101_first/down.sql":       "DROP TABLE a",
				"migration_lock.toml":           "provider = \"postgresql\"",
			},
			[]made{
				{"20240101", "first", "20240101_first", []string{"CREATE TABLE a ()"}, []string{"DROP TABLE a"}, false},
				{"20240102", "second", "20240102_second", []string{"CREATE TABLE b ()"}, nil, false},
			},
		},
		{
			"folders of Prisma without numbers get numbers in their order", adopt.Prisma,
			map[string]string{"init/migration.sql": "CREATE TABLE a ()", "20240101_x/migration.sql": "CREATE TABLE b ()"},
			[]made{
				{"00001", "x", "20240101_x", []string{"CREATE TABLE b ()"}, nil, false},
				{"00002", "init", "init", []string{"CREATE TABLE a ()"}, nil, false},
			},
		},
		{
			"Atlas may have no name, and no transaction", adopt.Atlas,
			map[string]string{
				"20240101.sql":   "CREATE TABLE a ();",
				"20240102_i.sql": "-- atlas:txmode none\n\nALTER TABLE a ADD id int;",
				"atlas.sum":      "h1:x",
			},
			[]made{
				{"20240101", "atlas", "20240101", []string{"CREATE TABLE a ()"}, nil, false},
				{"20240102", "i", "20240102", []string{"-- atlas:txmode none\n\nALTER TABLE a ADD id int"}, nil, true},
			},
		},
		{
			"Flyway has undo files, and repeatable ones at the end", adopt.Flyway,
			map[string]string{
				"V10__ten.sql":         "CREATE TABLE ten ();",
				"V2__two.sql":          "CREATE TABLE two ();",
				"U2__two.sql":          "DROP TABLE two;",
				"R__all_the_views.sql": "CREATE OR REPLACE VIEW v AS SELECT 1;",
				"beforeMigrate.sql":    "SELECT 1",
			},
			[]made{
				{"2", "two", "2", []string{"CREATE TABLE two ()"}, []string{"DROP TABLE two"}, false},
				{"10", "ten", "10", []string{"CREATE TABLE ten ()"}, nil, false},
				{"11", "all_the_views", "R:all the views", []string{"CREATE OR REPLACE VIEW v AS SELECT 1"}, nil, false},
			},
		},
		{
			"versions of Flyway with dots or underscores get numbers in their order", adopt.Flyway,
			map[string]string{"V1.10__c.sql": "SELECT 3", "V1_2__b.sql": "SELECT 2", "V1__a.sql": "SELECT 1", "U1.2__b.sql": "SELECT -2"},
			[]made{
				{"00001", "a", "1", []string{"SELECT 1"}, nil, false},
				{"00002", "b", "1.2", []string{"SELECT 2"}, []string{"SELECT -2"}, false},
				{"00003", "c", "1.10", []string{"SELECT 3"}, nil, false},
			},
		},
		{
			"what is no SQL is kept as it is", adopt.GolangMigrate,
			map[string]string{"1_x.up.sql": "  SELECT ${schema}.f();\n"},
			[]made{{"1", "x", "1", []string{"SELECT ${schema}.f()"}, nil, false}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list, err := adopt.Read(test.tool, folder(test.files))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, draftsOf(test.tool, list)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		tool  adopt.Tool
		files map[string]string
		code  fault.Code
		text  string
	}{
		{"an unknown tool", "knex", map[string]string{"1_x.sql": ""}, fault.Invalid, "knex"},
		{"a folder without migrations", adopt.Atlas, map[string]string{"notes.txt": ""}, fault.NotFound, "atlas"},
		{"placeholders of Flyway", adopt.Flyway, map[string]string{"V1__x.sql": "-- ${comment}\nSELECT 1;\nCREATE TABLE ${schema}.a ();", "R__y.sql": "SELECT '${flyway:user}'"}, fault.Conflict,
			"R__y.sql:1: ${flyway:user}, V1__x.sql:3: ${schema}"},
		{"a file of dbmate without sections", adopt.Dbmate, map[string]string{"1_x.sql": "CREATE TABLE a ();"}, fault.Invalid, "1_x.sql"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list, err := adopt.Read(test.tool, folder(test.files))
			if len(list) > 0 || fault.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
}

// Where Flyway does not replace placeholders, they are text.
func TestFlywayKeepsPlaceholders(t *testing.T) {
	t.Parallel()
	const file = "CREATE TABLE a (template text DEFAULT '${name}');"
	for name, c := range map[string]struct{ files, settings map[string]string }{
		"in the folder":    {map[string]string{"V1__x.sql": file, "flyway.conf": "# all\nflyway.placeholderReplacement=false\n"}, nil},
		"for one file":     {map[string]string{"V1__x.sql": file, "V1__x.sql.conf": "placeholderReplacement=false"}, nil},
		"above the folder": {map[string]string{"V1__x.sql": file}, map[string]string{"flyway.toml": "[flyway]\nplaceholderReplacement = false\n"}},
		"beside it":        {map[string]string{"V1__x.sql": file}, map[string]string{"conf/flyway.conf": "flyway.placeholderReplacement=false"}},
	} {
		list, err := adopt.Read(adopt.Flyway, folder(c.files), folder(c.settings))
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := draftsOf(adopt.Flyway, list); !strings.Contains(d[0].Up[0], "'${name}'") {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A file names the migration that it was made of, so that what the other tool has applied is known later.
func TestImported(t *testing.T) {
	t.Parallel()
	list, err := adopt.Read(adopt.Flyway, folder(map[string]string{"V3__x.sql": "SELECT 1", "R__the_views.sql": "SELECT 2"}))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"00009_own.sql": "-- +goose Up\nSELECT 1;\n"}
	for _, d := range adopt.Drafts(sqltext.NewParser(""), adopt.Flyway, list) {
		files[d.Version+"_"+d.Name+".sql"] = migrate.DirectivePrefix + " " + d.Directives[0] + "\r\n-- +goose Up\n"
	}
	got, err := adopt.Imported(folder(files), adopt.Flyway)
	if diff := cmp.Diff([]adopt.Step{{Origin: "3", Version: 3}, {Origin: "R:the views", Version: 4}}, got); err != nil || diff != "" {
		t.Errorf("%v\n-want +got:\n%s", err, diff)
	}
	if got, err := adopt.Imported(folder(files), adopt.Dbmate); err != nil || len(got) > 0 {
		t.Errorf("of another tool: %v, %v", got, err)
	}
	files = map[string]string{"2_b.sql": "-- +krowoc imported alembic b after base\n-- +goose Up\n", "1_a.sql": "-- +krowoc imported alembic a\n-- +goose Up\n", "3_m.sql": "-- +krowoc imported alembic m after a b\n-- +goose Up\n"}
	got, err = adopt.Imported(folder(files), adopt.Alembic)
	if diff := cmp.Diff([]adopt.Step{{Origin: "a", Version: 1}, {Origin: "b", Version: 2, After: []string{"base"}}, {Origin: "m", Version: 3, After: []string{"a", "b"}}}, got); err != nil || diff != "" {
		t.Errorf("%v\n-want +got:\n%s", err, diff)
	}
}

const (
	prismaTable = `CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz); INSERT INTO _prisma_migrations VALUES `
	flywayTable = `CREATE TABLE flyway_schema_history (installed_rank int, version text, description text, type text, success boolean); INSERT INTO flyway_schema_history VALUES `
)

// What a tool has applied is read from its own table.
func TestApplied(t *testing.T) {
	t.Parallel()
	three := []adopt.Step{{Origin: "1"}, {Origin: "2"}, {Origin: "3"}}
	for _, test := range []struct {
		name string
		tool adopt.Tool
		sql  string
		want []string
		code fault.Code // of the fault, or ""
	}{
		{"golang-migrate keeps the last", adopt.GolangMigrate, "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (2, false)", []string{"1", "2"}, ""},
		{"golang-migrate has applied none", adopt.GolangMigrate, "CREATE TABLE schema_migrations (version bigint, dirty boolean)", nil, ""},
		{"golang-migrate failed in one", adopt.GolangMigrate, "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (2, true)", nil, fault.Conflict},
		{"golang-migrate has one that is no file", adopt.GolangMigrate, "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (4, false)", nil, fault.Conflict},
		{"dbmate keeps each", adopt.Dbmate, "CREATE TABLE schema_migrations (version text); INSERT INTO schema_migrations VALUES ('1'), ('3')", []string{"1", "3"}, ""},
		{"Alembic keeps the last", adopt.Alembic, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('1')", []string{"1"}, ""},
		{"Alembic has one that is no file", adopt.Alembic, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('f')", nil, fault.Conflict},
		{"Prisma keeps what was tried before", adopt.Prisma, prismaTable + `('1', now(), NULL), ('2', now(), now()), ('2', now(), NULL), ('3', NULL, now()), ('3', now(), NULL)`, []string{"1", "2", "3"}, ""},
		{"Prisma failed in one", adopt.Prisma, prismaTable + `('1', now(), NULL), ('2', NULL, NULL)`, nil, fault.Conflict},
		{"Prisma rolled one back", adopt.Prisma, prismaTable + `('1', now(), NULL), ('2', NULL, now())`, []string{"1"}, ""},
		{"Atlas has a schema of its own", adopt.Atlas, `CREATE SCHEMA atlas_schema_revisions; CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version text, type int, applied int, total int);
			INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('1', 2, 3, 3), ('.atlas', 1, 0, 0)`, []string{"1"}, ""},
		{"Atlas failed in one", adopt.Atlas, `CREATE TABLE atlas_schema_revisions (version text, type int, applied int, total int); INSERT INTO atlas_schema_revisions VALUES ('1', 2, 3, 3), ('2', 2, 1, 3)`, nil, fault.Conflict},
		{"Atlas has its table in public", adopt.Atlas, `CREATE TABLE atlas_schema_revisions (version text, type int, applied int, total int); INSERT INTO atlas_schema_revisions VALUES ('2', 6, 1, 1)`, []string{"2"}, ""},
		{"Flyway keeps what it undid", adopt.Flyway, flywayTable + `(0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', true), (1, '1', 'a', 'SQL', true), (2, '2', 'b', 'SQL', true), (3, '2', 'b', 'UNDO_SQL', true), (5, NULL, 'the views', 'SQL', true)`,
			[]string{"1", "R:the views"}, ""},
		{"Flyway failed in one", adopt.Flyway, flywayTable + `(1, '1', 'a', 'SQL', true), (2, '2', 'b', 'SQL', false)`, nil, fault.Conflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t)
			if got, known, err := adopt.Applied(t.Context(), db, test.tool, "", three); err != nil || known || len(got) > 0 {
				t.Fatalf("without a record: %v, %v, %v", got, known, err)
			}
			testkit.Exec(t, db, test.sql)
			got, known, err := adopt.Applied(t.Context(), db, test.tool, "", three)
			if test.code != "" {
				if fault.CodeOf(err) != test.code {
					t.Errorf("%v, %v, %v", got, known, err)
				}
				return
			}
			if err != nil || !known || !cmp.Equal(got, test.want) {
				t.Errorf("%q, %v, %v", got, known, err)
			}
		})
	}
}

// A tool may record under another name, also in another Postgres schema.
func TestAppliedInRenamedTable(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `CREATE SCHEMA ops; CREATE TABLE ops."History" (version text); INSERT INTO ops."History" VALUES ('1'); CREATE TABLE alembic_app (version_num text); INSERT INTO alembic_app VALUES ('2')`)
	steps := []adopt.Step{{Origin: "1"}, {Origin: "2"}}
	if got, known, err := adopt.Applied(t.Context(), db, adopt.Dbmate, "ops.History", steps); err != nil || !known || !cmp.Equal(got, []string{"1"}) {
		t.Errorf("%v, %v, %v", got, known, err)
	}
	if got, known, err := adopt.Applied(t.Context(), db, adopt.Alembic, "alembic_app", steps); err != nil || !known || !cmp.Equal(got, []string{"1", "2"}) {
		t.Errorf("%v, %v, %v", got, known, err)
	}
	if _, _, err := adopt.Applied(t.Context(), db, adopt.Dbmate, "histroy", steps); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
}

// A repeatable migration of Flyway runs once after the import, and the output names it.
func TestNotes(t *testing.T) {
	t.Parallel()
	list, err := adopt.Read(adopt.Flyway, folder(map[string]string{"V3__x.sql": "SELECT 1", "R__the_views.sql": "SELECT 2"}))
	if notes := adopt.Notes(list); err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], "R__the_views.sql is repeatable in Flyway") {
		t.Errorf("%q, %v", notes, err)
	}
}
