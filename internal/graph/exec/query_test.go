package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

const (
	prompt1 = "00000000-0000-7000-8000-000000000001"
	prompt2 = "00000000-0000-7000-8000-000000000002"
	core    = "00000000-0000-7000-8000-00000000e001"
)

func TestQueries(t *testing.T) {
	c := newClient(t, nil).as(service)
	for name, tt := range map[string]struct {
		query string
		vars  map[string]any
		want  string
	}{
		"by key":            {`{prompt(id: "` + prompt1 + `") {title visibility}}`, nil, `{"prompt":{"title":"Summarise \"this\"","visibility":"PUBLIC"}}`},
		"no such key":       {`{prompt(id: "00000000-0000-7000-8000-00000000ffff") {title}}`, nil, `{"prompt":null}`},
		"composite key":     {`{membership(userId: "ada", teamId: "` + core + `") {role user {name} team {name}}}`, nil, `{"membership":{"role":"ADMIN","user":{"name":"Ada"},"team":{"name":"Core"}}}`},
		"uncountable":       {`{usageDaily(userId: "ada", day: "2026-02-01") {tokens} usageDailies(first: 1) {nodes {day}}}`, nil, `{"usageDaily":{"tokens":"100"},"usageDailies":{"nodes":[{"day":"2026-02-01"}]}}`},
		"order of keys":     {`{prompt(id: "` + prompt1 + `") {b: title a: id owner {name} c: __typename}}`, nil, `{"prompt":{"b":"Summarise \"this\"","a":"` + prompt1 + `","owner":{"name":"Ada"},"c":"Prompt"}}`},
		"scalars":           {`{executions(first: 1) {nodes {tokens cost latency startedAt day payload moments amounts ok}}}`, nil, `{"executions":{"nodes":[{"tokens":"9007199254740993","cost":"0.000100","latency":"P1DT2H3M4.5S","startedAt":"2026-02-01T10:00:00Z","day":"2026-02-01","payload":"AP8Q","moments":["2026-02-01T00:00:00Z","2026-02-02T00:00:00.25Z"],"amounts":["1.50",null],"ok":true}]}}`},
		"nulls":             {`{executions(last: 1) {nodes {latency day payload moments amounts ok}}}`, nil, `{"executions":{"nodes":[{"latency":null,"day":null,"payload":null,"moments":null,"amounts":null,"ok":false}]}}`},
		"numbers and JSON":  {`{prompts {nodes {score cost rating parameters tags}}}`, nil, `{"prompts":{"nodes":[{"score":3,"cost":"1.50","rating":0.5,"parameters":{"temperature": 0.2},"tags":["a","b"]},{"score":null,"cost":null,"rating":null,"parameters":null,"tags":["b"]},{"score":5,"cost":"12345678901234567890.123456789","rating":1e+300,"parameters":[],"tags":[]},{"score":3,"cost":"0","rating":-0.25,"parameters":null,"tags":["q\"u"]}]}}`},
		"escapes":           {`{prompts(where: {owner: {id: {eq: "bob"}}}) {nodes {title body}}}`, nil, `{"prompts":{"nodes":[{"title":"Héllo 🌍","body":"\\u0000 \\"}]}}`},
		"to one and back":   {`{user(id: "ada") {profile {bio user {name}}}}`, nil, `{"user":{"profile":{"bio":"Writes prompts.","user":{"name":"Ada"}}}}`},
		"many to many":      {`{labels {nodes {name prompts {nodes {title}}}}}`, nil, `{"labels":{"nodes":[{"name":"Writing","prompts":{"nodes":[{"title":"Summarise \"this\""},{"title":"Translate"}]}},{"name":"Code","prompts":{"nodes":[{"title":"Review"}]}}]}}`},
		"nested lists":      {`{teams {nodes {name memberships {nodes {user {prompts(first: 1, orderBy: {title: ASC}) {nodes {title executions {totalCount}}}}}}}}}`, nil, `{"teams":{"nodes":[{"name":"Core","memberships":{"nodes":[{"user":{"prompts":{"nodes":[{"title":"Review","executions":{"totalCount":0}}]}}},{"user":{"prompts":{"nodes":[{"title":"Héllo 🌍","executions":{"totalCount":0}}]}}}]}},{"name":"Other","memberships":{"nodes":[]}}]}}`},
		"count alone":       {`{prompts(where: {score: {isNull: false}}) {totalCount}}`, nil, `{"prompts":{"totalCount":3}}`},
		"typenames":         {`{__typename prompts(first: 1) {__typename edges {__typename node {__typename}} pageInfo {__typename}}}`, nil, `{"__typename":"Query","prompts":{"__typename":"PromptConnection","edges":[{"__typename":"PromptEdge","node":{"__typename":"Prompt"}}],"pageInfo":{"__typename":"PageInfo"}}}`},
		"only typename":     {`{__typename}`, nil, `{"__typename":"Query"}`},
		"first 0":           {`{prompts(first: 0) {nodes {id} pageInfo {hasNextPage endCursor}}}`, nil, `{"prompts":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}`},
		"several roots":     {`{a: prompts(first: 1) {totalCount} __typename b: user(id: "bob") {name} none: user(id: "x") {name}}`, nil, `{"a":{"totalCount":4},"__typename":"Query","b":{"name":"Bob"},"none":null}`},
		"fragments":         {`query {prompts(first: 1) {...C} ...Q} fragment C on PromptConnection {nodes {...P ... on Prompt {id} ...P}} fragment P on Prompt {title owner {id}} fragment Q on Query {prompts(first: 1) {nodes {owner {name}}}}`, nil, `{"prompts":{"nodes":[{"title":"Summarise \"this\"","owner":{"id":"ada","name":"Ada"},"id":"` + prompt1 + `"}]}}`},
		"skip and include":  {`query($y: Boolean!, $n: Boolean = false) {user(id: "ada") {id @skip(if: $y) name @include(if: $y) ...F @include(if: $n) prompts @skip(if: true) {totalCount}}} fragment F on User {email}`, map[string]any{"y": true}, `{"user":{"name":"Ada"}}`},
		"all skipped":       {`{user(id: "ada") {id @skip(if: true)}}`, nil, `{"user":{}}`},
		"variables":         {`query($w: PromptWhere, $o: [PromptOrder!], $n: Int = 2) {prompts(where: $w, orderBy: $o, first: $n) {nodes {title}}}`, map[string]any{"w": map[string]any{"tags": map[string]any{"hasAny": []any{"a", `q"u`}}}, "o": []any{map[string]any{"title": "ASC"}}}, `{"prompts":{"nodes":[{"title":"Héllo 🌍"},{"title":"Summarise \"this\""}]}}`},
		"variables not set": {`query($w: PromptWhere, $o: [PromptOrder!], $n: Int, $s: String) {prompts(where: $w, orderBy: $o, first: $n, after: $s) {totalCount} users(where: {name: {eq: $s}}) {totalCount}}`, nil, `{"prompts":{"totalCount":4},"users":{"totalCount":3}}`},
		"single for list":   {`query($o: [PromptOrder!], $t: [String!]) {prompts(where: {tags: {hasAll: $t}}, orderBy: $o, first: 1) {nodes {title}}}`, map[string]any{"o": map[string]any{"title": "DESC"}, "t": "b"}, `{"prompts":{"nodes":[{"title":"Translate"}]}}`},
		"key of a relation": {`{prompts(where: {ownerId: {eq: "bob"}}) {nodes {ownerId teamId}}}`, nil, `{"prompts":{"nodes":[{"ownerId":"bob","teamId":"00000000-0000-7000-8000-00000000e002"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.data(t, tt.query, tt.vars); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.query, got, tt.want)
			}
		})
	}
}

// titles are the first letters of the prompts that a filter leaves: S(ummarise), T(ranslate), R(eview), H(éllo).
func titles(t *testing.T, c client, where string) string {
	t.Helper()
	data := c.data(t, "{prompts(where: "+where+") {nodes {title}}}", nil)
	var out strings.Builder
	for _, part := range strings.Split(data, `"title":"`)[1:] {
		out.WriteByte(part[0])
	}
	return out.String()
}

func TestWhere(t *testing.T) {
	c := newClient(t, nil).as(service)
	for where, want := range map[string]string{
		`{}`:                                                       "STRH",
		`{title: {eq: "Review"}}`:                                  "R",
		`{title: {ne: "Review"}}`:                                  "STH",
		`{title: {in: ["Review", "x"]}}`:                           "R",
		`{title: {in: []}}`:                                        "",
		`{title: {notIn: ["Review"]}}`:                             "STH",
		`{title: {gt: "Review", lte: "T"}}`:                        "S",
		`{title: {startsWith: "Tr"}}`:                              "T",
		`{title: {endsWith: "\"this\""}}`:                          "S",
		`{title: {contains: "%"}}`:                                 "",
		`{title: {contains: "ans"}}`:                               "T",
		`{title: {containsIgnoreCase: "RE"}}`:                      "R",
		`{score: {gte: 3, lt: 5}}`:                                 "SH",
		`{score: {ne: 3}}`:                                         "TR", // null differs from 3
		`{score: {notIn: [3]}}`:                                    "TR",
		`{score: {isNull: true}}`:                                  "T",
		`{score: {isNull: false}}`:                                 "SRH",
		`{not: {score: {gt: 3}}}`:                                  "STH", // the complement, nulls included
		`{cost: {gt: 1e10}}`:                                       "R",
		`{cost: {eq: "1.5"}}`:                                      "S",
		`{rating: {lt: 0}}`:                                        "H",
		`{visibility: {in: [TEAM, PRIVATE]}}`:                      "TR",
		`{visibility: {eq: PUBLIC}}`:                               "SH",
		`{tags: {has: "q\"u"}}`:                                    "H",
		`{tags: {hasAll: ["b", "a"]}}`:                             "S",
		`{tags: {isEmpty: true}}`:                                  "R",
		`{tags: {isEmpty: false}}`:                                 "STH",
		`{parameters: {contains: {temperature: 0.2}}}`:             "S",
		`{createdAt: {gt: "2026-01-02T01:00:00.5+01:00"}}`:         "RH",
		`{id: {eq: "` + strings.ToUpper(prompt2) + `"}}`:           "T",
		`{and: [{score: {eq: 3}}, {not: {tags: {has: "a"}}}]}`:     "H",
		`{or: [{title: {eq: "Review"}}, {score: {isNull: true}}]}`: "TR",
		`{or: []}`:                     "",
		`{and: []}`:                    "STRH",
		`{owner: {name: {eq: "Bob"}}}`: "H",
		`{not: {team: {}}}`:            "ST",
		`{team: {memberships: {some: {userId: {eq: "bob"}}}}}`:   "R",
		`{executions: {some: {}}}`:                               "ST",
		`{executions: {none: {ok: {eq: true}}}}`:                 "TRH",
		`{executions: {every: {ok: {isNull: false}}, some: {}}}`: "T",
		`{labels: {some: {name: {eq: "Writing"}}}}`:              "ST",
		`{owner: {prompts: {every: {score: {gte: 3}}}}}`:         "H",
	} {
		if got := titles(t, c, where); got != want {
			t.Errorf("%s leaves %q, want %q", where, got, want)
		}
	}
}

func TestOneStatementPerOperation(t *testing.T) {
	var db counting
	c := newClient(t, func(o *execOptions) { db.Conn = conn(*o); o.DB = exec.Single(&db) }).as(service)
	c.data(t, `{a: prompts {nodes {owner {name} executions {totalCount nodes {user {name}}}} totalCount pageInfo {hasNextPage}} b: users {totalCount}}`, nil)
	if db.queries != 1 {
		t.Errorf("%d statements, want 1", db.queries)
	}
}

// An API without types answers its only field.
func TestEmptyAPI(t *testing.T) {
	c := serve(t, `type Secret @table { value: String! }`, "")
	if got := c.data(t, `{nothing __typename}`, nil); got != `{"nothing":null,"__typename":"Query"}` {
		t.Error(got)
	}
}
