package ddl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A server in trouble refuses nothing: the error says so, and does not blame the SQL of the schema.
func TestTroubleIsNoRefusal(t *testing.T) {
	t.Parallel()
	const wrong = ` type Wrong @table { id: Int! count: Int @default(sql: "nowhere()") }`
	for name, c := range map[string]struct {
		text, command, query string // the statements that the server is not able to run
		op                   string
	}{
		"all tables":      {"type Book @table { title: String! }", "CREATE TABLE", "", "create the tables of the schema: "},
		"a single table":  {"type Book @table { title: String! }" + wrong, "CREATE TABLE", "CREATE TABLE books%", "create the tables of the schema one by one: "},
		"a single index":  {"type Book @table { title: String! @index }" + wrong, "CREATE INDEX", "CREATE INDEX%", "create the tables of the schema one by one: "},
		"an extension":    {`type Book @table { title: String! @col(dataType: "citext") }`, "CREATE EXTENSION", "", "create the extension citext: "},
		"a later one":     {`type Book @table { place: Vector @col(dataType: "vector(3)") title: String! @col(dataType: "citext") }`, "CREATE EXTENSION", "%citext", "create the extension citext: "},
		"a function":      {"type Book @table { title: String! }" + wrong, "CREATE FUNCTION", "CREATE OR REPLACE%$$", "create a function for IDs: "},
		"the rest of all": {"type Book @table { title: String! }" + wrong, "CREATE TABLE", "CREATE OR REPLACE%CREATE TABLE books%' AND current_query() NOT LIKE '%nowhere%", "create the tables of the schema: "},
	} {
		for _, code := range []string{"53100", "57P01", "40P01", "58030", "XX000"} {
			t.Run(name+" "+code, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t)
				condition := "true"
				if c.query != "" {
					condition = fmt.Sprintf("current_query() LIKE %s", "'"+c.query+"'")
				}
				trouble(t, db, c.command, condition, code)
				b := ddl.NewBuilder(db)
				_, err := b.BuildPart(t.Context(), parsed(t, c.text))
				isTrouble(t, err, c.op)
				if b.Built() != nil {
					t.Error("it is built")
				}
			})
		}
	}
}

// The same for a plan, which is tested on a scratch database.
func TestTroubleIsNoConflict(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"53100", "57P01", "XX000"} {
		db := testkit.NewDatabase(t)
		testkit.Exec(t, db, ddl.CreateUUIDFunction)
		trouble(t, db, "CREATE TABLE", "true", code)
		_, err := partial(t, "type Book @table { title: String! }").Plan(t.Context(), db, ddl.PlanOptions{})
		isTrouble(t, err, "test the migration on a scratch database: ")
	}
}

// trouble makes a command of a database fail under a condition.
func trouble(t *testing.T, db *pgxpool.Pool, command, condition, code string) {
	t.Helper()
	testkit.Exec(t, db, fmt.Sprintf(`CREATE FUNCTION trouble() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN
		IF %s THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '%s'; END IF; END $f$;
		CREATE EVENT TRIGGER trouble ON ddl_command_start WHEN TAG IN ('%s') EXECUTE FUNCTION trouble()`, condition, code, command))
}

func isTrouble(t *testing.T, err error, op string) {
	t.Helper()
	refused, known := new(ddl.Refused), new(fault.Error)
	if err == nil || errors.As(err, &refused) || !errors.As(err, &known) {
		t.Fatalf("%#v", err)
	}
	if !strings.HasPrefix(err.Error(), op) || !strings.Contains(err.Error(), "trouble") || fault.CodeOf(err) == fault.Invalid || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v", fault.CodeOf(err), err)
	}
}
