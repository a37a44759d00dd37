package celsql_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// Where only truth matters, the SQL is what a programmer would write, so that indexes serve it.
func TestSQL(t *testing.T) {
	s := parse(t)
	checker := expr.New(s)
	c := caller{uid: id(1, 1), roles: []string{"admin"}}
	const uid = `'00000000-0000-7000-8001-000000000001'::uuid`
	for src, want := range map[string]string{
		`this.mood == 'HAPPY'`:                              `(t."mood" = 'HAPPY')`,
		`this.mood in ['HAPPY', 'SAD']`:                     `((t."mood" = 'HAPPY') OR (t."mood" = 'so ''sad'))`,
		`this.mood.startsWith('S')`:                         `starts_with(CASE t."mood"::text WHEN 'so ''sad' THEN 'SAD' ELSE t."mood"::text END, 'S')`,
		`this.id == auth.uid`:                               `(t."id" = ` + uid + `)`,
		`this.home.id == auth.uid`:                          `(t."home_id" = ` + uid + `)`,
		`this.boss.id == auth.uid`:                          `(t."boss_id" = ` + uid + `)`,
		`this.nick == 'a'`:                                  `(t."nick" = 'a')`,
		`this.nick == null`:                                 `(t."nick" IS NULL)`,
		`this.nick != 'a'`:                                  `NOT ((t."nick" = 'a' AND t."nick" IS NOT NULL))`,
		`this.boss == null`:                                 `((t."boss_id" IS NOT NULL) IS NOT TRUE)`,
		`this.boss.nick == null`:                            `CASE WHEN t."boss_id" IS NOT NULL THEN ((SELECT c1."nick" FROM "people" c1 WHERE c1."id" = t."boss_id") IS NULL) END`,
		`'admin' in auth.roles`:                             `('admin' = ANY (ARRAY['admin']::text[]))`,
		`this.active && !(this.age > 3)`:                    `(t."active" AND NOT ((t."age"::int8 > (3)::int8)))`,
		`this.reports.exists(r, r.id == auth.uid)`:          `EXISTS (SELECT FROM "people" c1 WHERE c1."boss_id" = t."id" AND (c1."id" = ` + uid + `))`,
		`this.home.members.all(m, m.active)`:                `NOT EXISTS (SELECT FROM "people" c1 WHERE c1."home_id" = t."home_id" AND (c1."active") IS NOT TRUE)`,
		`this.born < request.time - duration('24h')`:        `(t."born" < (('2026-01-15T12:00:00Z'::timestamptz AT TIME ZONE 'UTC' - '24:00:00'::interval) AT TIME ZONE 'UTC'))`,
		`this.weight > 0.1`:                                 `(nullif(t."weight", 'NaN') > '0.1'::numeric)`,
		`this.weight / 4.0 == 0.1`:                          `((nullif(t."weight", 'NaN') * '0.25'::numeric) = '0.1'::numeric)`,
		`this.rating > 0.1`:                                 `(nullif(t."rating", 'NaN')::float8 > '0.1'::float8)`,
		`this.rating > this.weight`:                         `(nullif(t."rating", 'NaN')::float8 > nullif(t."weight", 'NaN'))`,
		`this.score + 1 > 2`:                                `((t."score"::int8::numeric + (1)::int8::numeric) > (2)::int8)`,
		`this.age * 2 > 2`:                                  `((t."age"::int8 * (2)::int8) > (2)::int8)`,
		`this.score / 2 > 2`:                                `((t."score"::int8 / nullif((2)::int8, 0)) > (2)::int8)`,
		`this.score / this.score > 2`:                       `(div(t."score"::int8::numeric, nullif(t."score"::int8::numeric, 0)) > (2)::int8)`,
		`this.name == 'it\'s \\ "quoted"; DROP TABLE x --'`: `(t."name" = E'it''s \\ "quoted"; DROP TABLE x --')`,
	} {
		got, err := translate(t, s, checker, src, c)
		if err != nil || got != want {
			t.Errorf("%s\n got %s %v\nwant %s", src, got, err, want)
		}
	}
}

// What cannot be put in SQL is an error that says where, never SQL that means something else.
func TestRefusals(t *testing.T) {
	s := parse(t)
	checker := expr.New(s)
	for src, want := range map[string]struct {
		at      int
		message string
	}{
		`this.params.x == 1`:                                    {12, "JSON"},
		`this.active && this.params == 'x'`:                     {27, "JSON"},
		`this.boss == this.home.lead`:                           {10, "compare their keys"},
		`this.name.matches(this.nick)`:                          {10, "literal string"},
		`this.name.matches('\\bword\\b')`:                       {18, "pattern"},
		`this.tags == this.tags`:                                {10, "lists"},
		`this.born > timestamp(this.name)`:                      {12, "literal string"},
		`this.born > timestamp('2026-01-01')`:                   {22, "write a time"},
		`this.born > timestamp('2026-01-01T00:00:00.0000001Z')`: {22, "microseconds"},
		`this.span > duration('1ns')`:                           {21, "microseconds"},
		`int(this.name) == 1`:                                   {0, "convert"},
		`string(this.rating) == '1'`:                            {0, "convert"},
		`this.notes[0] == 'a'`:                                  {10, "nulls"},
		`this.boss in this.reports`:                             {10, "exists"},
		`uuidV7() == this.id`:                                   {0, "uuidV7"},
		`this.name == 'a\u0000b'`:                               {13, "U+0000"},
		`has(this.reports)`:                                     {0, "exists"},
	} {
		got, err := translate(t, s, checker, src, caller{})
		var refusal *celsql.Error
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Message, want.message) {
			t.Errorf("%s: %s, %v", src, got, err)
			continue
		}
		if refusal.Offset != want.at {
			t.Errorf("%s: at %d, want %d", src, refusal.Offset, want.at)
		}
	}
}

func TestErrorsOfArguments(t *testing.T) {
	s := parse(t)
	checked, issues := expr.New(s).Check(`auth.uid != null`, s.Type("Person"), expr.Kind{Use: expr.RuleWhere})
	if issues != nil {
		t.Fatal(issues)
	}
	refused := errors.New("no caller here")
	if _, err := celsql.Translate(checked, s, s.Type("Person"), "t", func(celsql.Variable) (string, error) { return "", refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}
