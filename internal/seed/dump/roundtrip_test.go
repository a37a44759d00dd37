package dump_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/testkit"
)

// shelves fills the tables that refer to one another: in circles, to themselves, by keys of several columns and through a join table.
func shelves(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Exec(t, pool, `
		BEGIN; SET CONSTRAINTS ALL DEFERRED; SET LOCAL session_replication_role = replica;
		INSERT INTO shelves (id, slug, within_id, first_shelf_id, first_number) VALUES
			('00000000-0000-7000-8000-000000000001', 'Oak Room', NULL, '00000000-0000-7000-8000-000000000002', 1),
			('00000000-0000-7000-8000-000000000002', 'poems', '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 2),
			('00000000-0000-7000-8000-000000000003', 'empty', '00000000-0000-7000-8000-000000000003', NULL, NULL),
			('00000000-0000-7000-8000-000000000004', 'far', NULL, NULL, NULL);
		INSERT INTO books (shelf_id, number, title, sequel_shelf_id, sequel_number) VALUES
			('00000000-0000-7000-8000-000000000002', 1, 'Odes', '00000000-0000-7000-8000-000000000002', 2),
			('00000000-0000-7000-8000-000000000002', 2, 'More Odes', '00000000-0000-7000-8000-000000000002', 1),
			('00000000-0000-7000-8000-000000000002', 10, 'Elegies', '00000000-0000-7000-8000-000000000002', 10),
			('00000000-0000-7000-8000-000000000004', 1, 'Far away', NULL, NULL);
		INSERT INTO subjects (id, name) VALUES ('00000000-0000-7000-8000-000000000011', 'x'), ('00000000-0000-7000-8000-000000000012', 'x');
		INSERT INTO books_subjects (book_shelf_id, book_number, subject_id) VALUES
			('00000000-0000-7000-8000-000000000002', 1, '00000000-0000-7000-8000-000000000011'),
			('00000000-0000-7000-8000-000000000002', 2, '00000000-0000-7000-8000-000000000011'),
			('00000000-0000-7000-8000-000000000004', 1, '00000000-0000-7000-8000-000000000012');
		INSERT INTO notes (shelf_id, book_number, text) VALUES
			('00000000-0000-7000-8000-000000000002', 1, 'torn'), ('00000000-0000-7000-8000-000000000002', NULL, 'dust'), (NULL, NULL, '');
		INSERT INTO currencies VALUES ('$'), ('$$'), ('€'), ('null'), ('$prices.x');
		INSERT INTO prices SELECT md5(sign)::uuid, sign, 1.50 FROM currencies;
		COMMIT`)
}

// TestRoundTrip dumps every type and every kind of relation, and loads the same rows.
func TestRoundTrip(t *testing.T) {
	s := library(t)
	pool := database(t, s)
	shelves(t, pool)
	testkit.Exec(t, pool, `
		INSERT INTO samples (code) VALUES ('none'), ('true'), ('2026'), ('~'), (''), (' x '), ('a: b'), ('$x'), ('- a'), ('#'), ('null'), ('é"\n''');
		INSERT INTO samples (code, id, text, an_int, an_int64, a_float, a_decimal, a_boolean, a_date, a_date_time, a_duration, a_json, a_bytes, an_enum,
			texts, tiers, numbers, decimals, moments, blobs, documents, short, price, local, real) VALUES
		('all', '6f9619ff-8b86-d011-b42d-00c04fc964ff', E'one\n  two\n\nthree\n', -2147483648, 9223372036854775807, 1e-300, 0.1000000000000000000000000000001, true,
			'0001-01-01', '2026-02-28 10:00:00.123456+05:30', '1 year -2 mons 3 days 04:05:06.789', '{"b": 1, "a": [true, null, 1.50, "x\ty", "2026-01-01"], "": {}}',
			'\x00ff68', 'NO', ARRAY['a,b', '"q"\', '', NULL, 'NULL', '{x}', ' y ', E'l\nm'], '{FREE,NO}', '{1,-2}', '{1.10,2}',
			'{2026-01-01 00:00:00+00}', ARRAY['\x'::bytea, '\x6e756c6c'], ARRAY['{"a": "x,\"y"}'::jsonb, '[1]', '"s"'], 'a b', 1.10, '2026-02-28 10:00:00.5', 0.1),
		('more', NULL, E'\t\r\x01\u0085\u2028\ufeff', 0, -9223372036854775808, 123456789012345680000, 12345678901234567890123456789.50, false,
			'9999-12-31', '0001-01-01 00:00:00+00', '-00:00:01.5', '"plain"', '\x6e756c6c', 'FREE', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '', 0, '1970-01-01', 1e20),
		('json', NULL, '', NULL, NULL, '-0', -0.00, NULL, NULL, NULL, '0', ('[1' || repeat('0', 400) || ', 1e-5, -0.0, {"' || repeat('k', 2000) || '": "' || repeat('v', 2000) || '"}]')::jsonb,
			'\x', NULL, ARRAY[NULL]::text[], NULL, NULL, NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL)`)
	o := options(t, pool, s)
	roundTrip(t, pool, s, o)

	// The same again is the same bytes, whatever the session is set to.
	first := files(t, o.Out)
	testkit.Exec(t, pool, "SET TimeZone = 'Asia/Kolkata'; SET IntervalStyle = 'postgres_verbose'; SET DateStyle = 'German'; SET bytea_output = 'escape'; SET extra_float_digits = -5")
	again := options(t, pool, s)
	dumped(t, again)
	if diff := cmp.Diff(first, files(t, again.Out)); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"\n  oak-room:\n", "within: $shelves.oak-room\n", "first: $books.row-", `currency: "$$$"`, `currency: "$$prices.x"`, "text: |\n      one\n        two\n\n      three\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("no %q", want)
		}
	}
}

// TestTexts dumps texts of all characters that YAML means something by.
func TestTexts(t *testing.T) {
	s := library(t)
	pool := database(t, s)
	r := rand.New(rand.NewPCG(7, 7))
	parts := []string{"a", "Z", " ", "\n", "\t", ":", ": ", "#", " #", "-", "- ", "'", `"`, "\\", " {", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "~", "null", "1", "e3", "é", "\u00a0",
		"\u2028", "\x7f", "🎉", "---\n", "...\n", "<<", "?", "$", "$users.ada", "  "}
	for i := range 1500 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		if _, err := pool.Exec(t.Context(), "INSERT INTO samples (code, text, texts, a_json) VALUES ($1, $2, ARRAY[$2], to_jsonb($2::text))", fmt.Sprint(i), b.String()); err != nil {
			t.Fatal(err)
		}
	}
	roundTrip(t, pool, s, options(t, pool, s))
}

// TestSubset follows references from roots, upwards without end and downwards as far as is asked.
func TestSubset(t *testing.T) {
	s := library(t)
	pool := database(t, s)
	shelves(t, pool)
	for _, c := range []struct {
		roots                  []string
		limit, children, depth int
		want                   string
	}{
		{[]string{"shelves where slug = 'poems'"}, 0, 0, 1, "shelves 2, books 2"},                                          // with its first book, that book's sequel, and where it is within
		{[]string{"Shelf where slug = 'poems'"}, 0, 100, 1, "shelves 2, books 3, notes 2"},                                 // and what refers to it
		{[]string{"shelves where slug = 'poems'"}, 0, 100, 2, "shelves 2, books 3, subjects 1, notes 2, books_subjects 2"}, // and what refers to that
		{[]string{"shelves where slug = 'poems'"}, 0, 1, 1, "shelves 2, books 2, notes 1"},
		{[]string{"books WHERE title = 'Far away' -- only\n"}, 0, 100, 1, "shelves 1, books 1, subjects 1, books_subjects 1"},
		{[]string{"subjects", "currencies where sign = ';'"}, 1, 100, 1, "shelves 2, books 2, subjects 1, books_subjects 2"},
		{nil, 1, 100, 1, "shelves 2, books 2, subjects 1, notes 1, currencies 2, prices 1, books_subjects 1"},
	} {
		o := options(t, pool, s)
		o.Roots, o.Limit, o.Children, o.Depth = c.roots, c.limit, c.children, c.depth
		var got []string
		for _, table := range dumped(t, o).Tables {
			got = append(got, fmt.Sprintf("%s %d", table.Table, table.Rows))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%+v: got %s", c, strings.Join(got, ", "))
		}
		to := database(t, s)
		load(t, to, s, o)
	}
}

// TestTableNames dumps tables whose names Postgres wants in quotes, and that make the same name of a file.
func TestTableNames(t *testing.T) {
	s := parse(t, `
		type User @table(name: "Order Users") @auth(rules: []) { name: String! @pii(kind: TEXT) @check(expr: "this.name != ''") }
		type Account @table(name: "user") @auth(rules: []) { name: String! }
		type Person @table(name: "User") @auth(rules: []) { name: String! }
		type Other @table(name: "user-2") @auth(rules: []) { name: String! }`)
	pool := database(t, s)
	for _, table := range s.Tables {
		testkit.Exec(t, pool, fmt.Sprintf("INSERT INTO %q (name) VALUES ('a'), ('b')", table.Table))
	}
	o := options(t, pool, s)
	names := map[string]bool{}
	for _, table := range dumped(t, o).Tables {
		names[strings.ToLower(table.File)] = true // as on a file system that does not tell them apart
	}
	if got := load(t, database(t, s), s, o); got != "8 inserted, 0 updated, 0 unchanged" || len(names) != 4 {
		t.Errorf("got %s of %v\n%s", got, names, files(t, o.Out))
	}
}
