package cast_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/cast"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// samples are values of each type, among them some that a narrower one cannot hold.
var samples = map[string][]string{
	"smallint": {"1"}, "integer": {"123456789", "1"}, "bigint": {"123456789", "9007199254740993"}, "real": {"1.5", "1.2345"}, "double precision": {"1.5", "1.23456789012"},
	"numeric": {"1.5", "1.2345678901234567890123"}, "numeric(10,2)": {"1.25", "12345678.25"}, "numeric(5,0)": {"12"}, "numeric(10,1)": {"1.5", "123456789.5"},
	"boolean": {"true"}, "text": {"longer than the others"}, "character varying(5)": {"abcde"}, "character varying": {"abcdefgh"},
	"date": {"2020-02-03"}, "timestamp with time zone": {"2020-02-03 23:05:06.123456+00"}, "timestamp without time zone": {"2020-02-03 23:05:06.123456"},
	"timestamp(3) with time zone": {"2020-02-03 04:05:06.123+00"}, "time without time zone": {"04:05:06.123456"}, "interval": {"3 days 04:05:06.123456"},
	"json": {`{"b": 1,  "a": 2, "a": 3}`}, "jsonb": {`{"a": 1}`}, "uuid": {"123e4567-e89b-12d3-a456-426614174000"}, "inet": {"10.1.2.3/8", "10.0.0.0/8"},
	"cidr": {"10.0.0.0/8"}, "bytea": {`\x01`}, "numeric[]": {"{1.5,2.25}"}, "integer[]": {"{1,2}"}, "text[]": {"{abcdefgh}"}, "character varying(5)[]": {"{abc}"},
}

// convertSQL makes a function that turns a value of one type into another in a table, and back, in a session of some time zone. It
// returns how both look in UTC, or nulls where Postgres refuses.
const convertSQL = `CREATE FUNCTION convert(zone text, a text, b text, there text, back text, INOUT value text, OUT other text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('TimeZone', 'UTC', true);
	EXECUTE format('CREATE TEMP TABLE c (v %s) ON COMMIT DROP', a);
	EXECUTE format('INSERT INTO c VALUES (%L)', value);
	PERFORM set_config('TimeZone', zone, true);
	EXECUTE format('ALTER TABLE c ALTER v TYPE %s %s', b, 'USING ' || nullif(there, ''));
	PERFORM set_config('TimeZone', 'UTC', true);
	SELECT v::text INTO other FROM c;
	PERFORM set_config('TimeZone', zone, true);
	EXECUTE format('ALTER TABLE c ALTER v TYPE %s %s', a, 'USING ' || nullif(back, ''));
	PERFORM set_config('TimeZone', 'UTC', true);
	SELECT v::text INTO value FROM c;
	DROP TABLE c;
EXCEPTION WHEN OTHERS THEN
	value := NULL; other := NULL;
END $$`

type result struct{ value, other *string }

func text(s *string) string {
	if s == nil {
		return "refused"
	}
	return *s
}

func convert(t *testing.T, db *pgxpool.Pool, zone, from, to, value string) (r result) {
	t.Helper()
	err := db.QueryRow(t.Context(), "SELECT value, other FROM convert($1, $2, $3, $4, $5, $6)", zone, from, to, cast.Using("v", from, to), cast.Using("v", to, from), value).Scan(&r.value, &r.other)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each conversion is run on samples, there and back. What does not come back must be announced, whatever the time zone of the session
// is, and what is announced must be lost for some sample.
func TestLossAgainstPostgres(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, convertSQL)
	for from, values := range samples {
		for to := range samples {
			if from == to {
				continue
			}
			var lost, kept []string
			for _, value := range values {
				tokyo, boston := convert(t, db, "Asia/Tokyo", from, to, value), convert(t, db, "America/New_York", from, to, value)
				switch {
				case text(tokyo.other) != text(boston.other) || text(tokyo.value) != text(boston.value):
					t.Errorf("%s to %s depends on the time zone: %s, %s; back it is %s, %s", from, to, text(tokyo.other), text(boston.other), text(tokyo.value), text(boston.value))
				case tokyo.value == nil:
				case *tokyo.value != value:
					lost = append(lost, value+" is "+*tokyo.value)
				default:
					kept = append(kept, value)
				}
			}
			switch loss := cast.Loss(from, to); {
			case len(lost) > 0 && loss == "":
				t.Errorf("%s to %s is said to lose nothing: %q", from, to, lost)
			case len(lost) == 0 && len(kept) > 0 && loss != "":
				t.Errorf("%s to %s is said to lose %s, and loses nothing of %q", from, to, loss, kept)
			}
		}
	}
}

// A text that does not fit is refused, not cut, and moments and numbers keep what they have.
func TestUsing(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, convertSQL)
	for _, test := range []struct{ from, to, value, want string }{
		{"timestamptz", "varchar(20)", "2020-02-03 04:05:06+00", "refused"},
		{"text[]", "varchar(5)[]", "{abcdef}", "refused"},
		{"text[]", "varchar(5)", "{abcdef}", "refused"},
		{"integer", "varchar(2)", "123", "refused"},
		{"timestamptz", "text", "infinity", "infinity"},
		{"timestamptz", "text", "0044-03-15 00:00:00+00 BC", "0044-03-15T00:00:00.000000Z BC"},
		{"text", "timestamptz", "2020-02-03 04:05:06 America/New_York", "2020-02-03 09:05:06+00"},
		{"text", "timestamptz", "20200203T040506+0900", "2020-02-02 19:05:06+00"},
		{"text", "timestamptz", "2020-02-03 04:05", "2020-02-03 04:05:00+00"},
		{"real", "numeric", "1234567", "1234567"},
		{"double precision", "numeric", "123456789012345678", "123456789012345680"},
		{"real[]", "numeric[]", "{1234567}", "{1234567}"},
		{"integer", "interval", "90", "00:01:30"},
		{"bigint", "timestamptz", "1600000000", "2020-09-13 12:26:40+00"},
		{"integer", "timestamp(0)", "-1", "1969-12-31 23:59:59"},
		{"interval", "integer", "1 day 00:00:01.9", "86401"},
	} {
		for _, zone := range []string{"Asia/Tokyo", "America/New_York"} {
			var other *string
			err := db.QueryRow(t.Context(), "SELECT other FROM convert($1, $2, $3, $4, $5, $6)", zone, test.from, test.to, cast.Using("v", test.from, test.to), cast.Using("v", test.to, test.from), test.value).Scan(&other)
			if got := text(other); err != nil || got != test.want {
				t.Errorf("%s %s to %s: %v %s, want %s", test.from, test.value, test.to, err, got, test.want)
			}
		}
	}
}

// Types may be written as people do.
func TestLossOfAliases(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, want string }{
		{"float8", "int4", "the digits after the point"}, {"Decimal(10, 2)", "numeric(10,1)", "beyond 1"}, {"timestamptz", "timestamptz(0)", "beyond 0"},
		{"int8[]", "int4[]", ""}, {"numeric[]", "int[]", "the digits after the point"}, {"int", "bigint", ""},
		{"numeric(10)", "int", ""}, {"pg_catalog.timestamptz", "date", "the time of day"},
	} {
		if got := cast.Loss(test.from, test.to); (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s to %s: %q, want %q", test.from, test.to, got, test.want)
		}
	}
}
