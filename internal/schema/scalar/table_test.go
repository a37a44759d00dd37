package scalar_test

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestTable: every scalar has its columns in the table, and Postgres's own name for its type leads back to it.
func TestTable(t *testing.T) {
	db := testkit.NewDatabase(t)
	builtIn := map[schema.Scalar]bool{schema.ID: true, schema.String: true, schema.Int: true, schema.Float: true, schema.Boolean: true}
	for _, name := range schema.Scalars {
		s := scalar.Of(name, "")
		if s.CEL == 0 {
			t.Errorf("%s has no type in CEL", name)
		}
		if (s.About == "") != builtIn[name] {
			t.Errorf("%s is described as %q", name, s.About)
		}
		typ := s.SQL
		if name != schema.Vector { // pgvector may not be there
			if err := db.QueryRow(t.Context(), "SELECT format_type($1::text::regtype, NULL)", s.SQL).Scan(&typ); err != nil {
				t.Fatal(err)
			}
		}
		if got, own := scalar.FromSQL(typ); got != name || !own {
			t.Errorf("%s is stored as %s, which is read as %q, %v", name, typ, got, own)
		}
	}
}

func TestFromSQL(t *testing.T) {
	for typ, want := range map[string]schema.Scalar{
		"smallint": schema.Int, "real": schema.Float, "numeric(10,2)": schema.Decimal, "json": schema.JSON, "interval(3)": schema.Duration,
		"timestamp(3) with time zone": schema.DateTime, "timestamp without time zone": schema.DateTime, "vector(3)": schema.Vector,
		"character varying(40)": "", "time with time zone": "", "public.mood": "",
	} {
		if got, own := scalar.FromSQL(typ); got != want || own {
			t.Errorf("%s is read as %q, %v; want %q", typ, got, own, want)
		}
	}
}

// TestBase64 wants of random texts that Canonical accepts those which the pattern of the scalar matches.
func TestBase64(t *testing.T) {
	bytes, form := scalar.Of(schema.Bytes, ""), regexp.MustCompile(scalar.Base64Pattern)
	parts := []string{"a", "Zz", "+/", "=", "==", "aGk=", "aGVs", "\n", "\r", "-", " ", "é"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := ""
		for range r.IntN(6) {
			text += parts[r.IntN(len(parts))]
		}
		if _, ok := bytes.Canonical(text); ok != form.MatchString(text) {
			t.Errorf("%q: got %v", text, ok)
		}
	}
}
