package exec_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

// The callers of the matrices.
var (
	anonymous = caller.Caller{}
	ada       = caller.Caller{UID: "ada"}                                // owns S, T and R; in team Core
	bob       = caller.Caller{UID: "bob"}                                // owns H; in team Core
	cy        = caller.Caller{UID: "cy"}                                 // owns nothing; in no team
	admin     = caller.Caller{UID: "root", Roles: []string{"admin"}}     // a role of Prompt's and Membership's rules
	support   = caller.Caller{UID: "s", Roles: []string{"x", "support"}} // may read User.email
	keyed     = caller.Caller{Roles: []string{"admin"}}                  // a role, and nobody
)

func TestRulesOnTypes(t *testing.T) {
	c := newClient(t, nil)
	type row struct {
		name   string
		caller caller.Caller
		want   string
	}
	for query, rows := range map[string][]row{
		`{prompts {totalCount nodes {title}}}`: {
			{"anonymous", anonymous, "2 SH"}, {"ada", ada, "4 STRH"}, {"bob", bob, "3 SRH"}, {"cy", cy, "2 SH"},
			{"admin", admin, "4 STRH"}, {"keyed", keyed, "4 STRH"}, {"service", service, "4 STRH"},
		},
		`{prompt(id: "` + prompt2 + `") {title}}`: {
			{"anonymous", anonymous, " "}, {"ada", ada, " T"}, {"bob", bob, " "}, {"admin", admin, " T"}, {"service", service, " T"},
		},
		`{user(id: "ada") {prompts {totalCount nodes {title}}}}`: {
			{"anonymous", anonymous, "1 S"}, {"ada", ada, "3 STR"}, {"bob", bob, "2 SR"}, {"cy", cy, "1 S"}, {"service", service, "3 STR"},
		},
		`{labels {nodes {prompts {nodes {title}}}}}`: {
			{"anonymous", anonymous, " S"}, {"ada", ada, " STR"}, {"bob", bob, " SR"}, {"service", service, " STR"},
		},
		`{executions(orderBy: {tokens: ASC}) {totalCount nodes {prompt {title}}}}`: {
			{"anonymous", anonymous, "2 SS"}, {"ada", ada, "3 STS"}, {"bob", bob, "2 SS"}, {"service", service, "3 STS"},
		},
		`{users(where: {memberships: {some: {}}}) {totalCount}}`: {
			{"anonymous", anonymous, "0 "}, {"ada", ada, "1 "}, {"cy", cy, "0 "}, {"admin", admin, "2 "}, {"service", service, "2 "},
		},
		`{users(where: {memberships: {none: {}}}) {totalCount}}`: {
			{"anonymous", anonymous, "3 "}, {"ada", ada, "2 "}, {"admin", admin, "1 "}, {"service", service, "1 "},
		},
		`{users(where: {prompts: {every: {visibility: {eq: PUBLIC}}}}) {totalCount}}`: {
			{"anonymous", anonymous, "3 "}, {"ada", ada, "2 "}, {"bob", bob, "2 "}, {"service", service, "2 "},
		},
		`{users(where: {profile: {bio: {contains: "prompts"}}}) {totalCount}}`: {
			{"anonymous", anonymous, "0 "}, {"cy", cy, "1 "}, {"service", service, "1 "},
		},
		`{audits {totalCount}}`: {{"anonymous", anonymous, "0 "}, {"ada", ada, "0 "}, {"admin", admin, "0 "}, {"service", service, "1 "}},
	} {
		for _, r := range rows {
			data := c.as(r.caller).data(t, query, nil)
			if got := count(data) + " " + initials(data); got != r.want {
				t.Errorf("%s as %s: %q, want %q of %s", query, r.name, got, r.want, data)
			}
		}
	}
}

func count(data string) string {
	_, after, found := strings.Cut(data, `"totalCount":`)
	if !found {
		return ""
	}
	return after[:strings.IndexAny(after, ",}")]
}

func initials(data string) string {
	var out strings.Builder
	for _, part := range strings.Split(data, `"title":"`)[1:] {
		out.WriteByte(part[0])
	}
	return out.String()
}

func TestRulesOnToOneRelations(t *testing.T) {
	c := newClient(t, nil)
	const query = `{execution(id: "00000000-0000-7000-8000-0000000b0003") {tokens prompt {title}} user(id: "ada") {profile {bio}}}`
	for name, tt := range map[string]struct {
		caller caller.Caller
		want   string
	}{
		"hidden row":    {anonymous, `{"execution":null,"user":{"profile":null}}`},
		"signed in":     {cy, `{"execution":null,"user":{"profile":{"bio":"Writes prompts."}}}`},
		"owner of both": {ada, `{"execution":{"tokens":"3","prompt":{"title":"Translate"}},"user":{"profile":{"bio":"Writes prompts."}}}`},
	} {
		if got := c.as(tt.caller).data(t, query, nil); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if got := c.as(bob).data(t, `{executions {nodes {tokens prompt {title}}}}`, nil); strings.Contains(got, "Translate") {
		t.Errorf("a hidden prompt shows below an execution: %s", got)
	}
}

// A caller learns nothing of a field that it may not read: neither its value, nor by filters and orders.
func TestRulesOnFields(t *testing.T) {
	c := newClient(t, nil)
	for name, tt := range map[string]struct {
		caller caller.Caller
		query  string
		want   string
	}{
		"null":                {anonymous, `{users {nodes {id email}}}`, `{"users":{"nodes":[{"id":"ada","email":null},{"id":"bob","email":null},{"id":"cy","email":null}]}}`},
		"own":                 {bob, `{users {nodes {email}}}`, `{"users":{"nodes":[{"email":null},{"email":"bob@example.com"},{"email":null}]}}`},
		"role":                {support, `{users {nodes {email}}}`, `{"users":{"nodes":[{"email":"ada@example.com"},{"email":"bob@example.com"},{"email":null}]}}`},
		"filter":              {bob, `{users(where: {email: {contains: "@"}}) {nodes {id}}}`, `{"users":{"nodes":[{"id":"bob"}]}}`},
		"filter negated":      {bob, `{users(where: {not: {email: {eq: "ada@example.com"}}}) {totalCount}}`, `{"users":{"totalCount":3}}`},
		"filter ne":           {anonymous, `{users(where: {email: {ne: "ada@example.com"}}) {totalCount}}`, `{"users":{"totalCount":3}}`},
		"filter for null":     {anonymous, `{users(where: {email: {isNull: true}}) {totalCount}}`, `{"users":{"totalCount":3}}`},
		"filter through list": {anonymous, `{prompts(where: {owner: {email: {startsWith: "ada"}}}) {totalCount}}`, `{"prompts":{"totalCount":0}}`},
		"order":               {bob, `{users(orderBy: {email: DESC}) {nodes {id}}}`, `{"users":{"nodes":[{"id":"cy"},{"id":"ada"},{"id":"bob"}]}}`},
		"order as service":    {service, `{users(orderBy: {email: DESC}) {nodes {id}}}`, `{"users":{"nodes":[{"id":"cy"},{"id":"bob"},{"id":"ada"}]}}`},
	} {
		if got := c.as(tt.caller).data(t, tt.query, nil); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	w := c.as(bob).send(t, `{users(orderBy: {email: ASC}) {edges {cursor}}}`, nil)
	for _, cursor := range strings.Split(w.Body.String(), `"cursor":"`)[1:] {
		if text := unbase64(t, cursor[:strings.IndexByte(cursor, '"')]); strings.Contains(text, "ada@example.com") {
			t.Errorf("a cursor tells what its order may not: %s", text)
		}
	}
}

func TestHiddenTypesAndFieldsAreNotInTheAPI(t *testing.T) {
	c := newClient(t, nil).as(service)
	for _, query := range []string{
		`{providerKeys {totalCount}}`, `{user(id: "ada") {keys {totalCount}}}`, `{user(id: "ada") {secret}}`,
		`{users(where: {secret: {eq: "x"}}) {totalCount}}`, `{users(orderBy: {secret: ASC}) {totalCount}}`,
	} {
		if w := c.send(t, query, nil); w.Code != 400 {
			t.Errorf("%s answers %d %s", query, w.Code, w.Body)
		}
	}
}
