package seed_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestCSV loads CSV beside YAML, each referring to the other, and wants what the same in YAML would give.
func TestCSV(t *testing.T) {
	pool := database(t)
	o := options(t, pool, files(
		"dev/01-users.csv", "\ufeff$name,email,name,bio,tags,manager,projects\r\n"+
			"ada,ada@example.com,\"Ada \"\"the\"\" first\",2026,\"[go, 'a,b']\",,[$projects.engine]\r\n"+
			"\r\n"+
			"bob,bob@example.com,null and void,null,[],$users.ada,\r\n"+
			"cleo,cleo@example.com,true,\"two\r\nlines\", ,\" $users.bob \",\"[$projects.engine, $projects.wheel]\"\r\n"+
			",dan@example.com,\"null\",\"\",,,\r\n",
		"dev/Project.csv", "$name,id,slug,owner,stars\nengine,\"\",engine,$users.ada,\nwheel, ,wheel,$users.bob,2\n",
		"dev/samples.csv", "code,anInt,aDecimal,aBoolean,aDateTime,aJSON,aBytes,anEnum,texts,documents,short,numbers\n"+
			"2026,0x1F,12.50,true,2026-01-31,\"{a: [1, \"\"x\"\"], b: {}}\",aGVsbG8=,TEAM,\"[a, null]\",\"[{x: 1}, [2]]\",yes,\n"+
			"true,,,,,plain,,,,,,\n"+
			"\"\",\"1\",\"\",,,\"# nothing\",,,,,\"a,b\",\n",
		"dev/tickets.2.csv", "title\nOne\nTwo\n",
		"dev/users.yaml", "users:\n  eve: {email: eve@example.com, name: Eve, manager: $users.cleo}\n",
	))
	for i := range 2 {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		if i == 0 {
			wantTotal(t, summary, 15, 0, 0)
		} else {
			wantTotal(t, summary, 0, 0, 15)
		}
	}
	for sql, want := range map[string]string{
		"SELECT string_agg(name, '|' ORDER BY email) FROM users":                                                                   `Ada "the" first|null and void|true|null|Eve`,
		"SELECT string_agg(coalesce(bio, '-'), '|' ORDER BY email) FROM users":                                                     "2026|-|two\nlines||new here",
		"SELECT to_json(tags) FROM users WHERE name LIKE 'Ada%'":                                                                   `["go","a,b"]`,
		"SELECT string_agg(m.email, ' ' ORDER BY u.email) FROM users u JOIN users m ON m.id = u.manager_id":                        "ada@example.com bob@example.com cleo@example.com",
		"SELECT count(*) FROM projects_users":                                                                                      "3",
		"SELECT string_agg(stars::text, ' ' ORDER BY slug) FROM projects":                                                          "3 2",
		"SELECT id FROM users WHERE name LIKE 'Ada%'":                                                                              "facb5063-aa18-56f6-9066-f4ada7ca7c66", // as in YAML
		"SELECT string_agg(code, '|' ORDER BY code) FROM samples":                                                                  "|2026|true",
		"SELECT an_int || ' ' || a_decimal || ' ' || a_boolean || ' ' || an_enum || ' ' || short FROM samples WHERE code = '2026'": "31 12.50 true TEAM yes",
		"SELECT a_json FROM samples WHERE code = '2026'":                                                                           `{"a": [1, "x"], "b": {}}`,
		"SELECT to_json(texts) || ' ' || to_json(documents)::text FROM samples WHERE code = '2026'":                                `["a",null] [{"x": 1},[2]]`,
		"SELECT a_json FROM samples WHERE code = 'true'":                                                                           `"plain"`,
		"SELECT an_int || short FROM samples WHERE code = ''":                                                                      "1a,b",
		"SELECT string_agg(title, ' ' ORDER BY number) FROM tickets":                                                               "One Two",
	} {
		if got := testkit.Value(t, pool, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

// A row that Postgres refuses has its place in the CSV file.
func TestCSVRefused(t *testing.T) {
	pool := database(t)
	o := options(t, pool, files("dev/users.csv", "$name,email,name\nx,x@example.com,X\nsu,\"su@example.com\",root\n"))
	_, err := seed.Load(t.Context(), o)
	wantMistake(t, err, "seeds/dev/users.csv:3:1:", `violates check constraint "users_name_check"`)
	if got := counts(t, pool); got != "0" {
		t.Errorf("%s rows were written", got)
	}
}

// What is no UTF-8 is refused before the database is asked, at its place.
func TestNotUTF8(t *testing.T) {
	for name, c := range map[string]struct{ file, text, place, message string }{
		"CSV":            {"dev/users.csv", "$name,email,name\nx,x@example.com,X\ny,y@example.com,J\xf6rg\n", "seeds/dev/users.csv:3:18:", "not valid UTF-8"},
		"the first line": {"dev/users.csv", "email,name,bio\xf6\nx@example.com,X,\n", "seeds/dev/users.csv:1:15:", "not valid UTF-8"},
		"YAML":           {"dev/a.yaml", "users:\n  x: {email: x@example.com, name: J\xf6rg}\n", "seeds/dev/a.yaml", "UTF-8"},
		"an escape":      {"dev/a.yaml", "users:\n  x: {email: x@example.com, name: \"a\\0b\"}\n", "seeds/dev/a.yaml:2:", ""},
		"binary":         {"dev/a.yaml", "users:\n  x: {email: x@example.com, name: !!binary /w==}\n", "seeds/dev/a.yaml:2:", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := seed.Load(t.Context(), options(t, noDatabase(t), files(c.file, c.text)))
			wantMistake(t, err, c.place, c.message)
		})
	}
}
