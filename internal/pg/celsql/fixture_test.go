package celsql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const people = `
enum Mood { HAPPY SAD @value(name: "so 'sad") }
enum Tone { HAPPY @value(name: "SAD") SAD @value(name: "HAPPY") }
type Person @table {
  name: String!
  nick: String
  code: String @col(dataType: "varchar(20)")
  age: Int!
  score: Int64
  rating: Float!
  weight: Decimal
  active: Boolean!
  flag: Boolean
  tags: [String!]!
  notes: [String]
  points: [Int!]
  mood: Mood!
  state: Mood
  born: DateTime!
  died: DateTime
  day: Date
  span: Duration
  data: Bytes
  boss: Person @ref
  reports: [Person!]! @inverse(field: "boss")
  home: Team! @ref
  badge: Badge @inverse(field: "person")
  params: JSON
  tone: Tone
  word: Mood @col(dataType: "varchar(9)")
  moods: [Mood!]
  words: [Mood!] @col(dataType: "text[]")
}
type Team @table { name: String! lead: Person @ref members: [Person!]! @inverse(field: "home") }
type Badge @table { person: Person! @unique label: String }
`

const tables = `
CREATE TYPE mood AS ENUM ('HAPPY', 'so ''sad');
CREATE TYPE tone AS ENUM ('SAD', 'HAPPY');
CREATE TABLE teams (id uuid PRIMARY KEY, name text NOT NULL, lead_id uuid);
CREATE TABLE people (id uuid PRIMARY KEY, name text NOT NULL, nick text, code varchar(20), age int4 NOT NULL, score int8, rating float8 NOT NULL,
  weight numeric, active bool NOT NULL, flag bool, tags text[] NOT NULL, notes text[], points int4[], mood mood NOT NULL, state mood,
  born timestamptz NOT NULL, died timestamptz, day date, span interval, data bytea, boss_id uuid, home_id uuid NOT NULL, params jsonb,
  tone tone, word varchar(9), moods mood[], words text[]);
CREATE TABLE badges (id uuid PRIMARY KEY, person_id uuid NOT NULL UNIQUE, label text);
`

func parse(t testing.TB) *schema.Schema {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "people.graphql", Text: people})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	return s
}

// caller is what a condition may know besides the row.
type caller struct {
	uid   string // empty for nobody
	roles []string
}

var now = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// argument writes the caller's values as literals.
func (c caller) argument(v celsql.Variable) (string, error) {
	switch v {
	case celsql.UID:
		if c.uid == "" {
			return "NULL::text", nil
		}
		return quote(c.uid) + "::text", nil
	case celsql.UIDAsUUID:
		if uuid.Validate(c.uid) != nil {
			return "NULL::uuid", nil
		}
		return quote(c.uid) + "::uuid", nil
	case celsql.Roles:
		quoted := make([]string, len(c.roles))
		for i, r := range c.roles {
			quoted[i] = quote(r)
		}
		return "ARRAY[" + strings.Join(quoted, ", ") + "]::text[]", nil
	}
	return "'" + now.Format(time.RFC3339) + "'::timestamptz", nil
}

func quote(s string) string { return strings.TrimSpace(pg.QuoteLiteral(s)) }

// translate checks and translates a condition on a person.
func translate(t testing.TB, s *schema.Schema, checker *expr.Checker, src string, c caller) (string, error) {
	t.Helper()
	this := s.Type("Person")
	checked, issues := checker.Check(src, this, expr.Kind{Use: expr.RuleWhere})
	if issues != nil {
		t.Fatalf("%s: %+v", src, issues)
	}
	return celsql.Translate(checked, s, this, "t", c.argument)
}

// team, person and badge are rows, for Postgres and for CEL.
type rowValues = map[string]any

type world struct {
	people, teams []rowValues
}

func id(kind, n int) string { return fmt.Sprintf("00000000-0000-7000-800%d-%012d", kind, n) }

// maybe returns the value, or null half of the time.
func maybe(r *rand.Rand, value any) any {
	if r.IntN(2) == 0 {
		return nil
	}
	return value
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// newWorld makes rows with few values, so that comparisons often meet equal ones.
func newWorld(r *rand.Rand) world {
	var w world
	for i := range 3 {
		w.teams = append(w.teams, rowValues{"id": id(2, i), "name": pick(r, "a", "b"), "lead": nil})
	}
	texts := []string{"", "a", "A", "ab", "b", "B", "é", "a\nb", `\`, "'", "%", "HAPPY", id(1, 1)}
	for i := range 24 {
		p := rowValues{
			"id": id(1, i), "name": pick(r, texts...), "nick": maybe(r, pick(r, texts...)), "code": maybe(r, pick(r, texts[:8]...)),
			"age": int64(r.IntN(4)), "score": maybe(r, int64(r.IntN(4)-1)), "rating": float64(r.IntN(3)) / 2, "weight": maybe(r, float64(r.IntN(3))/2),
			"active": r.IntN(2) == 0, "flag": maybe(r, r.IntN(2) == 0), "tags": pick(r, []string{}, []string{"a"}, []string{"a", "b"}, []string{"HAPPY"}),
			"notes": maybe(r, pick(r, []any{}, []any{nil}, []any{"a", nil}, []any{"b"})), "points": maybe(r, pick(r, []int64{}, []int64{0}, []int64{1, 2})),
			"mood": pick(r, "HAPPY", "SAD"), "state": maybe(r, pick(r, "HAPPY", "SAD")), "born": now.Add(time.Duration(r.IntN(3)-1) * time.Hour),
			"died": maybe(r, now.Add(time.Duration(r.IntN(3)-1)*time.Hour)), "day": maybe(r, time.Date(2026, 1, 14+r.IntN(3), 0, 0, 0, 0, time.UTC)),
			"span": maybe(r, time.Duration(r.IntN(3))*time.Hour), "data": maybe(r, pick(r, []byte{}, []byte{0}, []byte("a"))),
			"boss": nil, "badge": nil, "home": w.teams[r.IntN(2)], "reports": []any{}, "params": nil,
			"tone": maybe(r, pick(r, "HAPPY", "SAD")), "word": maybe(r, pick(r, "HAPPY", "SAD")),
			"moods": maybe(r, pick(r, []string{}, []string{"SAD"}, []string{"SAD", "HAPPY"})), "words": maybe(r, pick(r, []string{}, []string{"HAPPY"}, []string{"HAPPY", "SAD"})),
		}
		w.people = append(w.people, p)
	}
	for i, p := range w.people {
		if boss := r.IntN(len(w.people) * 2); boss < len(w.people) {
			p["boss"] = w.people[boss]
			w.people[boss]["reports"] = append(w.people[boss]["reports"].([]any), p)
		}
		if i%3 == 0 {
			p["badge"] = rowValues{"id": id(3, i), "label": maybe(r, pick(r, "a", "b")), "person": p}
		}
	}
	for _, team := range w.teams {
		team["lead"] = maybe(r, w.people[r.IntN(len(w.people))])
		team["members"] = []any{}
	}
	for _, p := range w.people {
		home := p["home"].(rowValues)
		home["members"] = append(home["members"].([]any), p)
	}
	return w
}

// labels returns what the tables contain for names of an enum.
func labels(enum string, v any) any {
	names := map[string]map[string]string{"mood": {"SAD": "so 'sad"}, "tone": {"SAD": "HAPPY", "HAPPY": "SAD"}}[enum]
	label := func(name string) string {
		if l := names[name]; l != "" {
			return l
		}
		return name
	}
	switch v := v.(type) {
	case string:
		return label(v)
	case []string:
		out := make([]string, len(v))
		for i, name := range v {
			out[i] = label(name)
		}
		return out
	}
	return nil
}

// insert writes the rows into tables of their own.
func (w world) insert(ctx context.Context, pool *pgxpool.Pool) error {
	ref := func(v any) any {
		if v == nil {
			return nil
		}
		return v.(rowValues)["id"]
	}
	for _, t := range w.teams {
		if _, err := pool.Exec(ctx, "INSERT INTO teams VALUES ($1, $2, $3)", t["id"], t["name"], ref(t["lead"])); err != nil {
			return err
		}
	}
	for _, p := range w.people {
		if _, err := pool.Exec(ctx, "INSERT INTO people VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27)",
			p["id"], p["name"], p["nick"], p["code"], p["age"], p["score"], p["rating"], p["weight"], p["active"], p["flag"], p["tags"], p["notes"],
			p["points"], labels("mood", p["mood"]), labels("mood", p["state"]), p["born"], p["died"], p["day"], p["span"], p["data"], ref(p["boss"]), ref(p["home"]), nil,
			labels("tone", p["tone"]), labels("mood", p["word"]), labels("mood", p["moods"]), labels("mood", p["words"])); err != nil {
			return err
		}
		if b, ok := p["badge"].(rowValues); ok {
			if _, err := pool.Exec(ctx, "INSERT INTO badges VALUES ($1, $2, $3)", b["id"], p["id"], b["label"]); err != nil {
				return err
			}
		}
	}
	return nil
}
