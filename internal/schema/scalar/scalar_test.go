package scalar_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// values are what a scalar accepts, each with its canonical text, and what it refuses. Those who write models hold them against the list,
// too.
type values struct {
	Accepted map[string]string
	Refused  []string
}

func conformance(t testing.TB) map[schema.Scalar]values {
	t.Helper()
	text, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	var list map[schema.Scalar]values
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// matches reports whether models take a JSON string of the scalar.
func matches(s scalar.Type, text string) bool {
	ok := s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(text)
	return ok && (s.Name != schema.Duration || regexp.MustCompile(scalar.DurationEnd).MatchString(text))
}

func TestConformance(t *testing.T) {
	list := conformance(t)
	for _, name := range schema.Scalars {
		s := scalar.Of(name, "")
		if len(list[name].Accepted) == 0 || len(list[name].Refused) == 0 {
			t.Errorf("%s has no values in the list", name)
		}
		if !strings.HasPrefix(s.Write, "write ") || s.SQL == "" {
			t.Errorf("%s: %+v", name, s)
		}
		for text, want := range list[name].Accepted {
			got, ok := s.Canonical(text)
			if !ok || got != want {
				t.Errorf("%s %q is %q, %v; want %q", name, text, got, ok, want)
			}
			if again, ok := s.Canonical(got); !ok || again != got {
				t.Errorf("%s %q: its canonical text %q becomes %q, %v", name, text, got, again, ok)
			}
			if !matches(s, got) {
				t.Errorf("%s: models refuse the canonical text %q", name, got)
			}
		}
		for _, text := range list[name].Refused {
			if got, ok := s.Canonical(text); ok {
				t.Errorf("%s accepts %q as %q", name, text, got)
			}
		}
	}
}

// TestPatternsOfDurations are the whole rule, but for the range of numbers.
func TestPatternsOfDurations(t *testing.T) {
	s, list := scalar.Of(schema.Duration, ""), conformance(t)[schema.Duration]
	for text := range list.Accepted {
		if !matches(s, text) {
			t.Errorf("models refuse %s", text)
		}
	}
	large := map[string]bool{"P178956970Y8M": true, "P2147483648D": true, "PT9999999999H": true}
	for _, text := range list.Refused {
		if matches(s, text) != large[text] {
			t.Errorf("models accept %s: %v", text, !large[text])
		}
	}
}

// TestPostgresAgrees has Postgres read every canonical text, and wants it back from the column and from its JSON. Where Postgres reads the
// text that was given, too, that has the same value.
func TestPostgresAgrees(t *testing.T) {
	ctx := t.Context()
	conn := must(t)(pgx.Connect(ctx, testkit.NewDatabase(t).Config().ConnString()))
	t.Cleanup(func() { _ = conn.Close(ctx) })
	for _, sql := range []string{"SET datestyle = ISO", "SET timezone = 'UTC'", "SET intervalstyle = iso_8601", "SET bytea_output = hex"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for name, list := range conformance(t) {
		s := scalar.Of(name, "")
		if name == schema.Vector { // pgvector may not be there
			continue
		}
		expr, quoted := s.JSONExpr("v")
		if quoted {
			expr = `'"' || ` + expr + ` || '"'`
		}
		for text := range list.Accepted {
			canonical, _ := s.Canonical(text)
			var stored, written string
			err := conn.QueryRow(ctx, fmt.Sprintf("SELECT v::text, %s FROM (SELECT $1::text::%s AS v) AS t", expr, s.SQL), s.ToPostgres(canonical)).Scan(&stored, &written)
			if err != nil {
				t.Errorf("%s: Postgres refuses the canonical text %q of %q: %v", name, canonical, text, err)
				continue
			}
			if name == schema.JSON {
				continue // jsonb has an order and spaces of its own
			}
			if back, ok := s.FromPostgres(stored); !ok || back != canonical {
				t.Errorf("%s %q is stored as %s, which is %q, %v; want %q", name, text, stored, back, ok, canonical)
			}
			var answer any
			d := json.NewDecoder(strings.NewReader(written))
			d.UseNumber()
			if err := d.Decode(&answer); err != nil || fmt.Sprint(answer) != canonical {
				t.Errorf("%s %q is answered as %s, %v; want %q", name, text, written, err, canonical)
			}
			var same bool
			err = conn.QueryRow(ctx, fmt.Sprintf("SELECT $1::text::%[1]s = $2::text::%[1]s", s.SQL), s.ToPostgres(canonical), s.ToPostgres(text)).Scan(&same)
			if err == nil && !same {
				t.Errorf("%s: Postgres reads another value from %q than from %q", name, text, canonical)
			}
		}
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []struct{ dataType, text, want string }{
		{"uuid", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
		{"BigSerial", "007", "7"}, {"integer", "x", ""}, {"varchar(10)", "Ada", "Ada"}, {"text", "", ""},
	} {
		if got, ok := scalar.Of(schema.ID, c.dataType).Canonical(c.text); got != c.want && ok || ok != (c.want != "") {
			t.Errorf("%s %q is %q, %v; want %q", c.dataType, c.text, got, ok, c.want)
		}
	}
}

func TestFormatDateTime(t *testing.T) {
	at := time.Date(2026, 1, 31, 9, 30, 0, 1500, time.FixedZone("", 3600))
	if got, ok := scalar.FormatDateTime(at); got != "2026-01-31T08:30:00.000002Z" || !ok {
		t.Error(got, ok)
	}
	if got, ok := scalar.FormatDateTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); ok {
		t.Error(got)
	}
}

// FuzzCanonical wants the canonical text of whatever is accepted to be accepted as it is, and by models.
func FuzzCanonical(f *testing.F) {
	for i, name := range schema.Scalars {
		list := conformance(f)[name]
		for text := range list.Accepted {
			f.Add(i, text)
		}
		for _, text := range list.Refused {
			f.Add(i, text)
		}
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		s := scalar.Of(schema.Scalars[uint(i)%uint(len(schema.Scalars))], "")
		canonical, ok := s.Canonical(text)
		if !ok {
			return
		}
		if again, ok := s.Canonical(canonical); !ok || again != canonical || !matches(s, canonical) {
			t.Errorf("%s %q: %q becomes %q, %v", s.Name, text, canonical, again, ok)
		}
	})
}

func must(t testing.TB) func(conn *pgx.Conn, err error) *pgx.Conn {
	return func(conn *pgx.Conn, err error) *pgx.Conn {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
}
