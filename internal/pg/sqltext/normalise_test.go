package sqltext

import "testing"

func TestNormalise(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT  1 -- one\n\t+ 2;":        "SELECT 1 + 2;",
		"/* a /* b */ c */SELECT/**/1":    "SELECT 1",
		"SELECT '  -- no '' comment  '":   "SELECT '  -- no '' comment  '",
		`SELECT E'it\'s  --', "a  ""b"`:   `SELECT E'it\'s  --', "a  ""b"`,
		"DO $x$ -- kept\n  $$ $x$ ;":      "DO $x$ -- kept\n  $$ $x$ ;",
		"SELECT a$b$  , c$b$":             "SELECT a$b$ , c$b$",
		"SELECT $1  ,  $2":                "SELECT $1 , $2",
		"":                                "",
		"SELECT 'é  ü' -- no end of line": "SELECT 'é  ü'",
	} {
		if got := Normalise(sql); got != want || !Closed(sql) {
			t.Errorf("%q becomes %q, want %q", sql, got, want)
		}
	}
	for _, sql := range []string{"SELECT 'a", `SELECT "a""`, "/* /* */", "DO $x$ $$", `SELECT E'\'`} {
		if Closed(sql) {
			t.Errorf("%q has no end", sql)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	f.Add("SELECT /* a */ 'b' -- c\n, $$d$$, E'\\'', \"e\"")
	f.Fuzz(func(t *testing.T, sql string) {
		once, ok := scan(sql)
		if twice, again := scan(once); ok && (twice != once || !again) {
			t.Errorf("%q becomes %q, and that %q", sql, once, twice)
		}
	})
}
