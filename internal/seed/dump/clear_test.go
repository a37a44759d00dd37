package dump_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

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
		{"text", "Call Ada Lindqvist back.", "[Note.text (value of a masked field, masked in 1 rows)]"},
		{"text", "ADA LINDQVIST's idea", "[Note.text (value of a masked field, masked in 1 rows)]"},
		{"text", "Adam Lindqvistson", "[]"},
		{"text", "the countess agrees", "[Note.text (value of a masked field in 1 rows)]"},
		{"text", "the countesses", "[]"},
		{"text", "Answer in one sentence: yes", "[]"}, // a text of words that others use, too
		{"text", "Bo is too short", "[]"},
		{"text", "<ada@corp.example>", "[Note.text (value of a masked field, masked in 1 rows)]"},
		{"text", "write to someone.else+tag@mail.example.org, please", "[Note.text (email in 1 rows)]"},
		{"text", "a @mention and 3 @ 4", "[]"},
		{"text", "paid with 4111 1111 1111 1111", "[Note.text (card number in 1 rows)]"},
		{"text", "paid with 4111-1111-1111-1112", "[]"}, // the digits do not add up
		{"text", "order 0000000000000000", "[]"},
		{"text", "amex 378282246310005.", "[Note.text (card number in 1 rows)]"},
		{"text", "ring +46 70 123 45 67", "[Note.text (phone number in 1 rows)]"},
		{"text", "ring +46 (0)70-123 45 67 soon", "[Note.text (phone number in 1 rows)]"},
		{"text", "version 1.2.3, at 2026-01-31 10:00:00, 1 000 000 rows", "[]"},
		{"data", `{"by": {"name": "ada lindqvist"}}`, "[Note.data (value of a masked field, masked in 1 rows)]"},
		{"data", `{"mail": ["x@y.example"]}`, "[Note.data (email in 1 rows)]"},
		{"words", `{"x", "Ada Lindqvist"}`, "[Note.words (value of a masked field, masked in 1 rows)]"},
		{"fine", "x@y.example", "[]"}, // declared as not personal
		{"fine", "ada@corp.example", "[Note.fine (value of a masked field, masked in 1 rows)]"},
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

// TestMasksInTexts dumps texts with values of masked fields: the masks of these values are in their place.
func TestMasksInTexts(t *testing.T) {
	t.Parallel()
	s := parse(t, `type User @table @auth(rules: []) { name: String! @pii(kind: NAME) email: String! @unique @pii phone: String! @pii(kind: PHONE) score: Int! @pii bio: String! @pii(kind: ADDRESS) }
		type Note @table @auth(rules: []) { text: String! short: String! @length(max: 14) slug: String! @unique checked: String! @check(expr: "this.checked != 'x'") data: JSON! words: [String!]! }`)
	pool := database(t, s)
	const long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
	testkit.Exec(t, pool, `INSERT INTO users (name, email, phone, score, bio) VALUES ('Ada Lindqvist', 'ada@corp.example', '+46 701', 123456, '`+long+` seventeen'),
		('Ada Lindqvist Jr.', 'bo@corp.example', '@home42', 7, 'Admin')`)
	o := options(t, pool, s)
	o.Roots = []string{"users"}
	dumped(t, o)
	masks := map[string]string{}
	for at, line := range strings.Split(files(t, o.Out), "\n  - id: ")[1:] {
		for _, field := range []string{"name", "email", "phone"} {
			_, value, _ := strings.Cut(line, field+": ")
			value, _, _ = strings.Cut(value, "\n")
			masks[fmt.Sprint(field, strings.Contains(testkit.Value(t, pool, "SELECT name FROM users ORDER BY id OFFSET "+fmt.Sprint(at)+" LIMIT 1"), "Jr"))] = strings.Trim(value, `"`)
		}
	}
	ada, mail, phone, junior, home := masks["namefalse"], masks["emailfalse"], masks["phonefalse"], masks["nametrue"], masks["phonetrue"]
	for _, c := range []struct{ column, value, want, listed string }{
		{"text", "call Ada Lindqvist, or Ada Lindqvist Jr.: <ada@corp.example>", "call " + ada + ", or " + junior + ": <" + mail + ">", ""},
		{"text", "ring +46 701 or @home42", "ring " + phone + " or " + home, ""},
		{"text", "Ada Lindqvist, not a@b.example", ada + ", not a@b.example", "Note.text (email in 1 rows)"},
		{"text", "the admin has 123456", "the admin has 123456", "Note.text (value of a masked field in 1 rows)"}, // a word and a number can mean anything
		{"text", "so: " + long + " 17", "so: " + long + " 17", "Note.text (value of a masked field in 1 rows)"},
		{"short", "Ada Lindqvist", "", "Note.short (value of a masked field"}, // masked if the mask is short enough
		{"slug", "ada@corp.example", "ada@corp.example", "Note.slug (value of a masked field in 1 rows)"},
		{"checked", "Ada Lindqvist", "Ada Lindqvist", "Note.checked (value of a masked field in 1 rows)"},
		{"words", `{"Ada Lindqvist", "\"x\""}`, `["` + ada + `", "\"x\""]`, ""},
		{"data", `{"a\"": ["<Ada Lindqvist>\n", 123456], "Ada Lindqvist": 1}`, `{"a\"": ["<` + ada + `>\n", 123456], "Ada Lindqvist": 1}`, "Note.data (value of a masked field in 1 rows)"},
	} {
		testkit.Exec(t, pool, "DELETE FROM notes; INSERT INTO notes (text, short, slug, checked, data, words) VALUES ('', '', '', '', '{}', '{}')")
		types := map[string]string{"text": "text", "short": "text", "slug": "text", "checked": "text", "data": "jsonb", "words": "text[]"}
		testkit.Exec(t, pool, fmt.Sprintf("UPDATE notes SET %s = $1::text::%s", c.column, types[c.column]), c.value)
		o := options(t, pool, s)
		clear := fmt.Sprint(dumped(t, o).Clear)
		text := files(t, o.Out)
		var read struct{ Notes []map[string]any }
		_, notes, _ := strings.Cut(text, "-- notes.yaml --\n")
		notes, _, _ = strings.Cut(notes, "-- ")
		if err := yaml.Unmarshal([]byte(notes), &read); err != nil {
			t.Fatal(err, text)
		}
		got := fmt.Sprint(read.Notes[0][c.column])
		if c.column == "data" || c.column == "words" {
			b, _ := json.Marshal(read.Notes[0][c.column])
			var want any
			_ = json.Unmarshal([]byte(c.want), &want)
			w, _ := json.Marshal(want)
			got, c.want = string(b), string(w)
		}
		if (c.want != "" && got != c.want) || !strings.Contains(clear, c.listed) {
			t.Errorf("%s: %s\ngot  %s, listed %s\nwant %s, listed %s", c.column, c.value, got, clear, c.want, c.listed)
		}
		load(t, database(t, s), s, o)
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
