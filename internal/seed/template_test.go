package seed_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestTemplates compares what Postgres has with what each template should make.
func TestTemplates(t *testing.T) {
	pool := database(t)
	cases := []struct{ field, yaml, sql, want string }{
		{"aDateTime", "{{ now }}", "a_date_time = '2026-03-01T09:30:00Z'", "true"},
		{"aDateTime", `{{ now | minus "3d" }}`, "a_date_time = '2026-02-26T09:30:00Z'", "true"},
		{"aDateTime", `'{{ today | plus "1h30m" }}'`, "a_date_time = '2026-03-01T01:30:00Z'", "true"},
		{"aDate", `{{ today | minus "1w" }}`, "a_date", "2026-02-22"},
		{"aDate", `'{{ plus "1d" "2026-02-28" }}'`, "a_date", "2026-03-01"},
		{"short", `'{{ now | format "Jan" }}'`, "short", "Mar"},
		{"short", `'{{ format "06" "2026-01-31T00:00:00Z" }}'`, "short", "26"},
		{"anInt", `{{ env "SEED_PORT" }}`, "an_int", "5432"},
		{"anInt", `'{{ env "SEED_NONE" "0x10" }}'`, "an_int", "16"},
		{"anInt", `'{{ env "SEED_NONE" "" }}'`, "an_int", "NULL"},
		{"aDecimal", `1{{ env "SEED_PORT" }}.50`, "a_decimal", "15432.50"},
		{"aBoolean", `'{{ if eq (env "SEED_PORT") "5432" }}true{{ else }}false{{ end }}'`, "a_boolean", "true"},
		{"anEnum", `{{ upper "team" }}`, "an_enum", "TEAM"},
		{"texts", `['{{ env "SEED_PORT" }}', b, '{{ "A B" | slug }}', '{{ sha256 "x" | trunc 5 }}']`, "texts", "{5432,b,a-b,2d711}"},
		{"numbers", `[1, {{ env "SEED_PORT" }}]`, "numbers", "{1,5432}"},
		{"aJSON", `{a: ['{{ env "SEED_PORT" }}', {{ env "SEED_PORT" }}], '{{ key }}': x}`, "a_json", `{"a": ["5432", 5432], "{{ key }}": "x"}`},
		{"aBytes", `{{ file "pixel.png" | base64 }}`, "a_bytes", `\x89504e47`},
		{"texts", `['{{ file "../shared/greeting.txt" }}']`, "texts", "{hello}"},
		{"id", `{{ uuid "users/ada" }}`, "id", "facb5063-aa18-56f6-9066-f4ada7ca7c66"}, // that of the row ada of users
		{"short", `'{{ "{{" }}'`, "short", "{{"},
	}
	var text strings.Builder
	text.WriteString("samples:\n")
	for i, c := range cases {
		fmt.Fprintf(&text, "  - code: c%d\n    %s: %s\n", i, c.field, c.yaml)
	}
	o := options(t, pool, files("dev/a.yaml", text.String(), "dev/pixel.png", "\x89PNG", "shared/greeting.txt", "hello"))
	o.LookupEnv = func(name string) (string, bool) { return "5432", name == "SEED_PORT" }
	summary, err := seed.Load(t.Context(), o)
	if err != nil {
		t.Fatal(explain(err))
	}
	wantTotal(t, summary, len(cases), 0, 0)
	for i, c := range cases {
		if got := testkit.Value(t, pool, fmt.Sprintf("SELECT %s FROM samples WHERE code = 'c%d'", c.sql, i)); got != c.want {
			t.Errorf("%s: %s: got %s, want %s", c.field, c.yaml, got, c.want)
		}
	}
}

// What is made anew by every load is for new rows: the rows that are there stay as they are, later too.
func TestVolatileValues(t *testing.T) {
	pool := database(t)
	const text = `
users:
	ada: { email: ada@example.com, name: Ada, bio: '{{ bcrypt "secret" }}', createdAt: '{{ now | minus "3d" }}', tags: [a, '{{ today }}'] }
	bob: { email: bob@example.com, name: Bob, bio: '{{ bcrypt "secret" }}' }
`
	o := options(t, pool, files("dev/a.yaml", text))
	for i := range 2 {
		o.Now = func() time.Time { return clock.Add(time.Duration(i) * 100 * time.Hour) }
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		wantTotal(t, summary, 2-2*i, 0, 2*i)
	}
	for sql, want := range map[string]string{
		"SELECT created_at = '2026-02-26T09:30:00Z' FROM users WHERE name = 'Ada'": "true",
		"SELECT tags FROM users WHERE name = 'Ada'":                                "{a,2026-03-01}",
		"SELECT bool_and(bio LIKE '$2a$10$%') FROM users":                          "true",
	} {
		if got := testkit.Value(t, pool, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

// TestFakes wants the same fakes for the same seed, place by place.
func TestFakes(t *testing.T) {
	const text = `
users:
	ada: &user { email: "{{ fake.email }}", name: "{{ fake.firstName }} X", bio: "{{ fake.city }}", tags: [{{ fake.word }}, {{ fake.word }}, "{{ fake.hex }}", "{{ fake.hex }}"] }
	bob: *user
samples:
	- { code: a, aJSON: &json {x: "{{ fake.uuid }}"} }
	- { code: b, aJSON: *json }
`
	made := func(seedOf uint64) string {
		pool := database(t)
		o := options(t, pool, files("dev/a.yaml", text))
		o.RandomSeed = seedOf
		for i := range 2 {
			summary, err := seed.Load(t.Context(), o)
			if err != nil {
				t.Fatal(explain(err))
			}
			wantTotal(t, summary, 4-4*i, 0, 4*i)
		}
		for sql, want := range map[string]string{
			"SELECT count(DISTINCT email) FROM users":                                 "2",
			"SELECT count(DISTINCT a_json) FROM samples":                              "2",
			"SELECT bool_and(email ~ '^[a-z.]+@example\\.(com|org|net)$') FROM users": "true",
			"SELECT bool_and(tags[3] <> tags[4]) FROM users":                          "true",
		} {
			if got := testkit.Value(t, pool, sql); got != want {
				t.Errorf("%s: got %s, want %s", sql, got, want)
			}
		}
		return testkit.Value(t, pool, "SELECT string_agg(email || name || bio || tags::text, ' ' ORDER BY id) FROM users")
	}
	first := made(0)
	if again := made(0); again != first {
		t.Errorf("got\n%s, then\n%s", first, again)
	}
	if other := made(1); other == first {
		t.Error("another seed fakes the same")
	}
}

// Texts with braces of their own are left alone where the file says so, also in a large file that is read in parts.
func TestTemplatesOff(t *testing.T) {
	pool := database(t)
	var text strings.Builder
	text.WriteString("# prompts\ntemplates: false # they have {{ of their own\ntickets:\n")
	for i := range 6000 {
		fmt.Fprintf(&text, "  - {title: 'For {{audience}}, in {{%d}} words'}\n", i)
	}
	text.WriteString("users:\n  ada: {email: ada@example.com, name: '{{name}}'}\n")
	wantTotal(t, load(t, pool, text.String()), 6001, 0, 0)
	if got := testkit.Value(t, pool, "SELECT count(*) FROM tickets WHERE title LIKE 'For {{audience}}%'"); got != "6000" {
		t.Errorf("%s titles are as written", got)
	}
	last, _ := fails(t, pool, "users:\n  ada: {email: ada@example.com, name: '{{name}}'}\ntemplates: true\n")
	if !strings.Contains(last, "templates: false") {
		t.Error(last)
	}
}

// What YAML cannot read of a template without quotes says that quotes are missing.
func TestTemplateWithoutQuotes(t *testing.T) {
	got, _ := fails(t, noDatabase(t), "users:\n  ada: {email: a@example.com, name: A}\n  bob:\n    bio: {{ \"x\" | upper }}\n")
	if !strings.Contains(got, "seeds/dev/a.yaml:4:") || !strings.Contains(got, "put quotes around the template") {
		t.Error(got)
	}
}

// A file of a template must be of a size that fits into a row.
func TestTemplateFileTooLarge(t *testing.T) {
	o := options(t, noDatabase(t), files("dev/a.yaml", "users:\n  ada: {email: a@example.com, name: A, bio: '{{ file \"big\" }}'}\n", "dev/big", strings.Repeat("x", 9<<20)))
	_, err := seed.Load(t.Context(), o)
	wantMistake(t, err, "seeds/dev/a.yaml:2:", `"big" is larger than 8 MB`)
	o = options(t, noDatabase(t), files("dev/a.yaml", "users:\n  ada: {email: a@example.com, name: A, bio: '{{ $x := file \"big\" }}{{ $x }}{{ $x }}{{ $x }}'}\n", "dev/big", strings.Repeat("x", 7<<20)))
	_, err = seed.Load(t.Context(), o)
	wantMistake(t, err, "seeds/dev/a.yaml:2:", "more than 16 MB of text")
	o = options(t, noDatabase(t), files("dev/a.yaml", "users:\n  ada: {email: a@example.com, name: A, bio: '{{ file \"big\" }}'}\n", "dev/big", "\xff"))
	_, err = seed.Load(t.Context(), o)
	wantMistake(t, err, "seeds/dev/a.yaml:2:", "not valid UTF-8", "base64")
}

// wantMistake wants a fault that says what was refused, and where.
func wantMistake(t testing.TB, err error, wants ...string) {
	t.Helper()
	if err == nil || fault.CodeOf(err) == fault.Internal {
		t.Fatalf("got %v", err)
	}
	for _, want := range wants {
		if !strings.Contains(explain(err), want) {
			t.Errorf("no %q in\n%s", want, explain(err))
		}
	}
}
