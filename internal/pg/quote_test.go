package pg_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{`a`: `"a"`, `a"b`: `"a""b"`, `order`: `"order"`, "x\x00y": `"xy"`} {
		if got := pg.QuoteIdent(in); got != want {
			t.Errorf("QuoteIdent(%q) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{`a`: `'a'`, `it's`: `'it''s'`, `a\'b`: ` E'a\\''b'`, "x\x00y": `'xy'`, ``: `''`} {
		if got := pg.QuoteLiteral(in); got != want {
			t.Errorf("QuoteLiteral(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestRedactURL(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://ada:s3cret@db:5432/app":                     "postgres://ada:xxxxx@db:5432/app",
		"postgres://ada@db/app?sslmode=disable":                 "postgres://ada@db/app?sslmode=disable",
		"postgres://db/app?user=ada&password=s3cret&sslmode=no": "postgres://db/app?user=ada&password=xxxxx&sslmode=no",
		"postgres://db/app?pass%77ord=s3cret":                   "postgres://db/app?pass%77ord=xxxxx",
		"postgres://ada:s3/cret@db/app":                         "postgres://ada:xxxxx@db/app",
		"postgres://ada:12/s3cret@db/app":                       "postgres://ada:xxxxx@db/app",
		"postgres://ada:s3?c=r@et@db/app":                       "postgres://ada:xxxxx@db/app",
		"postgres://ada:s3cret":                                 "postgres://xxxxx",
		"postgresql://a:s3cret@one:1,two:2/app":                 "postgresql://a:xxxxx@one:1,two:2/app",
		"host=db user=ada password=s3cret dbname=app":           "host=db user=ada password=xxxxx dbname=app",
		`host=db PASSWORD = 's3 \'cret' dbname=app`:             `host=db PASSWORD = xxxxx dbname=app`,
		`password=s3\ cret host=db`:                             `password=xxxxx host=db`,
		"ada:s3cret@db/app":                                     "xxxxx@db/app",
		"":                                                      "",
	} {
		if got := pg.RedactURL(in); got != want {
			t.Errorf("RedactURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzRedactURL(f *testing.F) {
	f.Add("ada", "s3cret", "db:5432/app?sslmode=disable")
	f.Add("a/b", "p:@/?#[]", "h")
	f.Fuzz(func(t *testing.T, user, password, rest string) {
		if len(password) < 8 || strings.Contains("postgres://"+user+":xxxxx@"+rest, password) || strings.ContainsAny(user, ":@") {
			t.Skip()
		}
		if got := pg.RedactURL("postgres://" + user + ":" + password + "@" + rest); strings.Contains(got, password) {
			t.Errorf("the password %q is in %q", password, got)
		}
	})
}
