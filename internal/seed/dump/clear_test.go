package dump_test

import (
	"fmt"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed/dump"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestClear finds personal data in fields that are not masked: values of masked fields, and what has the form of personal data.
func TestClear(t *testing.T) {
	t.Parallel()
	s := parse(t, `type User @table @auth(rules: []) { email: String! @pii person: String! @pii(kind: NAME) aliases: [String!]! @default(value: []) @pii motto: String @pii(kind: TEXT) }
		type Note @table @auth(rules: []) { text: String! data: JSON words: [String!]! @default(value: []) fine: String @pii(kind: NONE) }`)
	pool := database(t, s)
	testkit.Exec(t, pool, `INSERT INTO users (email, person, aliases, motto) VALUES ('ada@corp.example', 'Ada Lindqvist', '{"countess"}', 'In one sentence:'), ('bo@corp.example', 'Bo', '{}', NULL)`)
	for _, c := range []struct{ column, value, want string }{
		{"text", "Call Ada Lindqvist back.", "[Note.text (value of a masked field in 1 rows)]"},
		{"text", "ADA LINDQVIST's idea", "[Note.text (value of a masked field in 1 rows)]"},
		{"text", "Adam Lindqvistson", "[]"},
		{"text", "the countess agrees", "[Note.text (value of a masked field in 1 rows)]"},
		{"text", "the countesses", "[]"},
		{"text", "Answer in one sentence: yes", "[]"}, // a text of words that others use, too
		{"text", "Bo is too short", "[]"},
		{"text", "<ada@corp.example>", "[Note.text (value of a masked field in 1 rows)]"},
		{"text", "write to someone.else+tag@mail.example.org, please", "[Note.text (email in 1 rows)]"},
		{"text", "a @mention and 3 @ 4", "[]"},
		{"text", "paid with 4111 1111 1111 1111", "[Note.text (card number in 1 rows)]"},
		{"text", "paid with 4111-1111-1111-1112", "[]"}, // the digits do not add up
		{"text", "order 0000000000000000", "[]"},
		{"text", "amex 378282246310005.", "[Note.text (card number in 1 rows)]"},
		{"text", "ring +46 70 123 45 67", "[Note.text (phone number in 1 rows)]"},
		{"text", "ring +46 (0)70-123 45 67 soon", "[Note.text (phone number in 1 rows)]"},
		{"text", "version 1.2.3, at 2026-01-31 10:00:00, 1 000 000 rows", "[]"},
		{"data", `{"by": {"name": "ada lindqvist"}}`, "[Note.data (value of a masked field in 1 rows)]"},
		{"data", `{"mail": ["x@y.example"]}`, "[Note.data (email in 1 rows)]"},
		{"words", `{"x", "Ada Lindqvist"}`, "[Note.words (value of a masked field in 1 rows)]"},
		{"fine", "x@y.example", "[]"}, // declared as not personal
		{"fine", "ada@corp.example", "[Note.fine (value of a masked field in 1 rows)]"},
	} {
		if _, err := pool.Exec(t.Context(), "DELETE FROM notes"); err != nil {
			t.Fatal(err)
		}
		values := map[string]string{"text": "nothing", "data": "{}", "words": "{}", "fine": ""}
		values[c.column] = c.value
		if _, err := pool.Exec(t.Context(), "INSERT INTO notes (text, data, words, fine) VALUES ($1, $2::text::jsonb, $3::text::text[], $4)",
			values["text"], values["data"], values["words"], values["fine"]); err != nil {
			t.Fatal(err)
		}
		o := options(t, pool, s)
		if got := fmt.Sprint(dumped(t, o).Clear); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.column, c.value, got, c.want)
		}
		o = options(t, pool, s)
		o.Strict = true
		if c.want != "[]" {
			refused(t, o, fault.CheckFailed, "personal data is in fields that are not masked: "+c.want[1:len(c.want)-1])
		} else {
			dumped(t, o)
		}
	}
}

// TestConditions refuses conditions that can do more than choose rows of the table.
func TestConditions(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Note @table @auth(rules: []) { text: String! number: Int! at: DateTime! @default(expr: "request.time") }`)
	pool := database(t, s)
	testkit.Exec(t, pool, `INSERT INTO notes (text, number, at) VALUES ('a', 1, now());
		CREATE FUNCTION own(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE FUNCTION steady(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
		CREATE OPERATOR ### (FUNCTION = own, RIGHTARG = text)`)
	dumpOf := func(where string) dump.Options {
		o := options(t, pool, s)
		o.Roots = []string{"notes where " + where}
		return o
	}
	for where, want := range map[string]string{
		"lo_import('/etc/passwd') > 0":                          "calls lo_import, which is volatile",
		"pg_read_file('/etc/passwd') <> ''":                     "calls pg_read_file, which is volatile",
		"pg_catalog.pg_read_file('/etc/passwd') <> ''":          "calls pg_read_file",
		`"pg_read_file" ('/etc/passwd') <> ''`:                  "calls pg_read_file",
		`U&"pg_re\0061d_file"('/etc/passwd') <> ''`:             "calls pg_read_file",
		"text = 'x' or /* ; */ pg_sleep(60) is null":            "calls pg_sleep",
		"nextval('x') > 0":                                      "calls nextval",
		"case when random() > 0 then true end":                  "calls random",
		"at > clock_timestamp()":                                "Use now() for the time",
		"own(text)":                                             "declare it STABLE",
		"### text":                                              "calls ###",
		"number in (select 1)":                                  "contains a subquery",
		"exists (table notes)":                                  "contains a subquery",
		"number = any (array(values (1)))":                      "contains a subquery",
		"(select pg_read_file('/etc/passwd')) <> ''":            "contains a subquery",
		"number = 1) union select 1 from pg_authid where (true": "has an unbalanced bracket",
	} {
		refused(t, dumpOf(where), fault.Invalid, want)
	}
	for _, where := range []string{"number = 1", "at > now() - interval '7 days' and text ~ '^a'", "lower(text) = 'a' and steady(text)", "number in (1, 2) and coalesce(text, '') <> ''",
		"date_trunc('day', at) <= current_date + 1", "text like 'a%' -- a comment"} {
		dumped(t, dumpOf(where))
	}
}
