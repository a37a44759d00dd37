package make_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

const runs = `
enum Status { OK ERROR }
type User @table @auth(rules: []) { name: String! email: String! @unique @format(type: email) joinedAt: DateTime! }
type Prompt @table @auth(rules: []) { title: String! owner: User! }
type Run @table @auth(rules: []) {
  prompt: Prompt!
  user: User!
  owner: User
  status: Status!
  cost: Decimal! @range(min: 0)
  price: Decimal! @range(min: 0)
  tokens: Int!
  tokensOut: Int!
  error: String
  note: String
  about: String
  startedAt: DateTime!
  endedAt: DateTime
  day: Date!
  took: Duration
  tags: [String!]!
  data: JSON!
  ratio: Float!
}
type Step @table @unique(fields: ["run", "number"]) @auth(rules: []) { run: Run! number: Int! text: String! }
`

const runsFixture = `
users:
  ada: {name: Ada, email: ada@example.com, joinedAt: 2025-01-01}
  bob: {name: Bob, email: bob@example.com, joinedAt: 2025-01-01}
prompts:
  first: {title: First, owner: $users.ada}
generate:
  User: {count: 50, name: {fake: name}, email: {template: "{{ .name | slug }}@corp.example"}}
  Prompt: {count: 200, owner: {pick: $users, weighted: zipf}, title: {fake: title, unique: true}}
  Run:
    count: 20_000
    prompt: {pick: $prompts, weighted: {zipf: 1.3}}
    user: {pick: [$users.ada, $users.bob]}
    owner: {of: prompt.owner}
    status: {weights: {OK: 95, ERROR: 5}}
    cost: {normal: [0.02, 0.01], min: 0.001, round: 6}
    price: {of: cost, times: 1000, round: 1}
    tokens: {lognormal: [400, 0.8], max: 8000}
    tokensOut: {of: tokens, times: {between: [0.5, 2]}, plus: 10}
    error: {pick: [timeout, quota], null: 0.9}
    note: {case: status, when: {ERROR: {fake: sentence}}, else: {value: fine, null: 0.5}}
    about: null
    startedAt: {between: [-90d, now], daily: business-hours, trend: growing}
    endedAt: {of: startedAt, plus: {exponential: 30s}, null: 0.1}
    day: {of: startedAt}
    took: {between: [1s, 2m]}
    tags: {pick: [a, b, c], length: [0, 2]}
    data: {object: {temperature: {between: [0, 1]}, model: {pick: [x, y]}, fixed: {value: yes please}}}
    ratio: {between: [0.25, 0.75]}
  Step: {per: {run: {poisson: 2}}, text: {fake: sentence}}
`

func loadRuns(t testing.TB) (*pgxpool.Pool, *schema.Schema, seed.Summary) {
	t.Helper()
	s := parse(t, runs)
	pool := built(t, s)
	return pool, s, must(t)(seed.Load(t.Context(), making(t, pool, s, runsFixture)))
}

// TestDistributions asks the database about the rows; each question has the answer true.
func TestDistributions(t *testing.T) {
	pool, _, _ := loadRuns(t)
	for name, question := range map[string]string{
		"count":                       `SELECT count(*) = 20000 FROM runs`,
		"weights":                     `SELECT count(*) FILTER (WHERE status = 'ERROR') BETWEEN 850 AND 1150 FROM runs`,
		"zipf: one leads":             `SELECT max(n) > 10 * avg(n) FROM (SELECT count(*) AS n FROM runs GROUP BY prompt_id) p`,
		"zipf: many are there":        `SELECT count(DISTINCT prompt_id) > 80 FROM runs`,
		"rows of names":               `SELECT count(*) = 20000 FROM runs JOIN users u ON u.id = user_id WHERE u.name IN ('Ada', 'Bob')`,
		"both names":                  `SELECT min(n) > 9000 FROM (SELECT count(*) AS n FROM runs GROUP BY user_id) u`,
		"a key of the parent":         `SELECT bool_and(r.owner_id = p.owner_id) FROM runs r JOIN prompts p ON p.id = prompt_id`,
		"normal: mean":                `SELECT avg(cost) BETWEEN 0.019 AND 0.021 FROM runs`,
		"normal: deviation":           `SELECT stddev(cost) BETWEEN 0.0085 AND 0.0105 FROM runs`,
		"min":                         `SELECT min(cost) >= 0.001 FROM runs`,
		"round":                       `SELECT max(scale(cost)) = 6 AND max(scale(price)) = 1 FROM runs`,
		"of another scale":            `SELECT bool_and(abs(price - cost * 1000) <= 0.05) FROM runs`,
		"lognormal: median":           `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens) BETWEEN 380 AND 420 FROM runs`,
		"max":                         `SELECT max(tokens) <= 8000 FROM runs`,
		"times and plus":              `SELECT bool_and(tokens_out BETWEEN tokens / 2 + 9 AND tokens * 2 + 11) FROM runs`,
		"correlated":                  `SELECT corr(tokens, tokens_out) > 0.7 FROM runs`,
		"null":                        `SELECT count(error) BETWEEN 1800 AND 2200 FROM runs`,
		"always null":                 `SELECT count(about) = 0 FROM runs`,
		"case":                        `SELECT bool_and(CASE status WHEN 'ERROR' THEN length(note) > 10 ELSE coalesce(note, 'fine') = 'fine' END) FROM runs`,
		"else":                        `SELECT count(note) FILTER (WHERE status = 'OK') BETWEEN 9000 AND 10000 FROM runs`,
		"between times":               `SELECT min(started_at) >= '2025-12-01 09:30Z' AND max(started_at) <= '2026-03-01 09:30Z' FROM runs`,
		"business hours":              `SELECT count(*) FILTER (WHERE extract(hour FROM started_at AT TIME ZONE 'UTC') BETWEEN 8 AND 17) > 15000 FROM runs`,
		"workdays":                    `SELECT count(*) FILTER (WHERE extract(isodow FROM started_at AT TIME ZONE 'UTC') > 5) < 1500 FROM runs`,
		"growing":                     `SELECT count(*) FILTER (WHERE started_at > '2026-01-15') > count(*) FILTER (WHERE started_at < '2026-01-15') * 2 FROM runs`,
		"after another time":          `SELECT bool_and(ended_at >= started_at) AND avg(extract(epoch FROM ended_at - started_at)) BETWEEN 28 AND 32 FROM runs`,
		"the day of a time":           `SELECT bool_and(day = (started_at AT TIME ZONE 'UTC')::date) FROM runs`,
		"durations":                   `SELECT min(took) >= '1s' AND max(took) <= '2m' AND max(took) > '1m' FROM runs`,
		"lists":                       `SELECT min(cardinality(tags)) = 0 AND max(cardinality(tags)) = 2 AND bool_and(tags <@ '{a,b,c}') FROM runs`,
		"lists have no element twice": `SELECT count(*) = 0 FROM runs WHERE cardinality(tags) = 2 AND tags[1] = tags[2]`,
		"documents":                   `SELECT bool_and((data->>'temperature')::float BETWEEN 0 AND 1 AND data->>'model' IN ('x', 'y') AND data->>'fixed' = 'yes please') FROM runs`,
		"floats":                      `SELECT min(ratio) >= 0.25 AND max(ratio) <= 0.75 FROM runs`,
		"per parent":                  `SELECT count(*) BETWEEN 39000 AND 41000 FROM steps`,
		"some have none":              `SELECT count(*) BETWEEN 2200 AND 3200 FROM runs r WHERE NOT EXISTS (SELECT FROM steps WHERE run_id = r.id)`,
		"numbers count from 1":        `SELECT bool_and(lowest = 1 AND highest = n) FROM (SELECT min(number) AS lowest, max(number) AS highest, count(*) AS n FROM steps GROUP BY run_id) s`,
		"templates":                   `SELECT bool_and(email LIKE '%@corp.example' OR name IN ('Ada', 'Bob')) FROM users`,
		"different texts":             `SELECT count(DISTINCT title) = count(*) FROM prompts`,
		"ids grow":                    `SELECT bool_and(substr(id::text, 15, 1) = '7') FROM runs`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := testkit.Value(t, pool, question); got != "true" {
				t.Errorf("%s is %s", question, got)
			}
		})
	}
}

// TestMistakesOfGenerators reports all at once, each at its place.
func TestMistakesOfGenerators(t *testing.T) {
	s := parse(t, runs)
	pool := built(t, s)
	for text, want := range map[string]string{
		"Rn: 5":                             `a.yaml:3:3: error: the schema has no table "Rn"`,
		"Run: {count: many}":                `"many" is not a number of rows`,
		"Run: {count: 0}":                   `"0" is not a number of rows`,
		"Run: {}":                           `runs needs either count or per`,
		"Run: [1]":                          `runs needs a count of rows, or a mapping`,
		"Run: {count: 5, per: {prompt: 3}}": `runs needs either count or per, and not both`,
		"Step: {per: {runs: 3}}":            `Step has no reference "runs"`,
		"Run: {count: 5, statu: OK}":        `Run has no field "statu"`,
		"Run: {count: 5, status: GOOD}":     `Status has no value "GOOD"`,
		"Run: {count: 5, status: {weights: {GOOD: 1}}}":                       `Status has no value "GOOD"`,
		"Run: {count: 5, status: {weights: {OK: 0}}}":                         `weight`,
		"Run: {count: 5, cost: {normale: [1, 2]}}":                            `there is no source "normale"`,
		"Run: {count: 5, cost: {normal: 1}}":                                  `two numbers are expected`,
		"Run: {count: 5, cost: {between: [-5, 5]}}":                           `Run.cost must be from 0`,
		"Run: {count: 5, cost: {between: [5, 1]}}":                            `the second number is below the first`,
		"Run: {count: 5, cost: -1}":                                           `Run.cost`,
		"Run: {count: 5, startedAt: {between: [now, -3d]}}":                   `the second time is before the first`,
		"Run: {count: 5, startedAt: {between: [soon, now]}}":                  `"soon" is not a time`,
		"Run: {count: 5, startedAt: {between: [-3d, now], daily: sometimes}}": `there is no pattern "sometimes"`,
		"Run: {count: 5, error: {fake: nothing}}":                             `there is no fake "nothing"`,
		"Run: {count: 5, tokens: {fake: email}}":                              `Run.tokens is Int, but a fake generates text`,
		"Run: {count: 5, tokens: {null: 0.5, fixed: 3}}":                      `there is no source "fixed"`,
		"Run: {count: 5, error: {fake: word, null: 2}}":                       `"2" is not a share`,
		"Run: {count: 5, status: {weights: {OK: 1}, null: 0.5}}":              `Run.status is required and cannot be null`,
		"Run: {count: 5, prompt: null}":                                       `Run.prompt is required and cannot be null`,
		"Run: {count: 5, prompt: {pick: $users}}":                             `Run.prompt refers to a row of prompts, not of users`,
		"Run: {count: 5, prompt: {weights: {a: 1}}}":                          `Run.prompt is a reference, which "weights" cannot generate`,
		"Run: {count: 5, error: {template: '{{ .nothing }}'}}":                `Run has no field "nothing"`,
		"Run: {count: 5, error: {template: '{{ .'}}":                          `the template cannot be read`,
		"Run: {count: 5, tokens: {of: tokensOut}, tokensOut: {of: tokens}}":   `is generated from a field that depends on it`,
		"Run: {count: 5, owner: {of: prompt.title}}":                          `is not the key of a row of users`,
		"Run: {count: 5, error: {pick: [a], weights: {b: 1}}}":                `both define how the values are generated`,
		"Run: 5\n  runs: 6":                                                   `the generation of runs is already defined at seeds/dev/a.yaml:3`,
		"Run: {count: 5, tokens: {of: tokens, plus: 1}}":                      `is generated from a field that depends on it`,
		"Run: {count: 5, error: {fake: word, length: [1, 2]}}":                `length applies to a list`,
		"Run: {count: 5, tags: {pick: [a], length: [2, 1]}}":                  `the smaller first`,
		"Run: {count: 5, tags: {pick: [a], length: 100_000_000}}":             `a number from 0 to 1000`,
		"Step: {per: {run: -1}}":                                              `a number from 0 to`,
		"Run: {count: 5, error: {case: status}}":                              `when lists no cases`,
		"Run: {count: 5, error: {case: stat, when: {OK: a}}}":                 `Run has no field "stat"`,
		"Run: {count: 5, tokens: {case: status, when: {OK: 1}}}":              `else is missing for the other cases`,
		"Run: {count: 5, error: {pick: []}}":                                  `a list of values is expected`,
		"Run: {count: 5, took: {between: [x, 2]}":                             `did not find expected`,
		"Run: 5\n  Run: 6":                                                    `is defined twice`,
	} {
		_, err := seed.Load(t.Context(), making(t, pool, s, "users: {}\ngenerate:\n  "+text+"\n"))
		if err == nil || !strings.Contains(explain(err), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
			if err != nil {
				t.Log(explain(err))
			}
		}
	}
	text := "generate:\n  Run: {count: x, statu: 1}\nusers:\n  ada: {nam: Ada}\n"
	_, err := seed.Load(t.Context(), making(t, pool, s, text))
	for _, want := range []string{"a.yaml:2:16", "a.yaml:2:19", "a.yaml:4:9"} {
		if err == nil || !strings.Contains(explain(err), want) {
			t.Errorf("no %s in %v", want, explain(err))
		}
	}
}
