package sqltext

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for sql, want := range map[string]string{
		"":                        "",
		"select  1":               "select ?",
		"SELECT 'a', 'b' , 3.5e1": "SELECT ?.?",
		`INSERT INTO "a b" (x) VALUES ('it''s'), (E'\'y')`: `INSERT INTO "a b" (x) VALUES (?), (?)`,
		"SELECT * FROM t WHERE a = $1 AND b=$12 -- secret": "SELECT * FROM t WHERE a = $1 AND b=$12",
		"SELECT /* secret */ U&'secret', B'01', x'ff'":     "SELECT U&?, B?, x?",
		"DO $tag$ secret 'x' $tag$; SELECT $$secret$$":     "DO ?; SELECT ?",
		"WHERE a IN (1, 2,3) AND b[1] = t1.c2":             "WHERE a IN (?) AND b[?] = t1.c2",
		"SELECT 1, a, 2, 3":                                "SELECT ?, a, ?",
		"SELECT 'open":                                     "",
		"SELECT 1 /* open":                                 "",
		`SELECT "open`:                                     "",
	} {
		if got := Redact(sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	for sql, want := range map[string]string{
		"": "", "BEGIN": "BEGIN", "select 1": "SELECT", "vacuum full": "VACUUM",
		`SELECT json_build_object('a', (SELECT b FROM "public"."prompts" p))`: "SELECT public.prompts",
		"WITH a AS (SELECT 1) INSERT INTO t (x) SELECT x FROM a":              "SELECT t",
		"INSERT INTO notes(title) VALUES ($1)":                                "INSERT",
		`INSERT INTO "notes"("title") VALUES ($1)`:                            "INSERT notes",
		"UPDATE ONLY t SET a = 1 FROM u":                                      "UPDATE u",
		"DELETE FROM t WHERE a = 'x'":                                         "DELETE t",
		"CREATE TABLE IF NOT EXISTS t (a int)":                                "CREATE",
		"CREATE TABLE t (a int)":                                              "CREATE t",
		"SELECT * FROM unnest($1)":                                            "SELECT",
	} {
		if got := Summary(Redact(sql)); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
}

// No value of a statement is in its redacted text, however it is written, and a redacted text stays as it is.
func FuzzRedact(f *testing.F) {
	f.Add("SELECT a FROM t WHERE b = ", "x", 0)
	f.Add("SELECT 'o''", `\'`, 1)
	f.Add("/* */", "$$", 2)
	f.Fuzz(func(t *testing.T, before, value string, form int) {
		const mark = "m4rk3r"
		if strings.Contains(before, mark) || strings.ContainsRune(before+value, 0) || !Closed(before) {
			t.Skip()
		}
		quoted := "'" + strings.ReplaceAll(mark+value, "'", "''") + "'"
		switch form % 3 {
		case 1:
			quoted = "E'" + strings.NewReplacer("'", `\'`, `\`, `\\`).Replace(mark+value) + "'"
		case 2:
			quoted = "$q$" + mark + strings.ReplaceAll(value, "$", "") + "$q$"
		}
		got := Redact(before + " " + quoted + " AS x")
		if strings.Contains(got, mark) {
			t.Errorf("%q is in %q", mark, got)
		}
	})
}
