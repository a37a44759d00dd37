package exec_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// accountSchema asks for a recent log-in to delete a row, to use one field of it, and to read rows that refer to it.
const accountSchema = `
type Account @table(key: ["name"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: ROLE, roles: ["audit"], operations: [READ] }], fresh: "5m", freshFor: [DELETE]) {
  name: String!
  owner: String! @default(expr: "auth.uid")
  iban: String @unique @auth(fresh: "10m")
  cards: [Card!]!
}
type Card @table(key: ["number"]) @auth(rules: [{ allow: AUTHENTICATED }], fresh: "1h", freshFor: [READ]) {
  number: String!
  account: Account! @ref(onDelete: CASCADE)
}
type Notice @table(key: ["text"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }], fresh: "5m") { text: String! draft: String @auth(rules: [{ allow: OWNER, field: "text" }], fresh: "1m") }
type Hint @table(key: ["text"]) @auth(rules: [{ allow: PUBLIC }]) { text: String! secret: String @auth(rules: [{ allow: OWNER, field: "text" }], fresh: "1m") }
`

func accounts(t *testing.T) client {
	t.Helper()
	return serve(t, accountSchema, "",
		"INSERT INTO accounts (name, owner, iban) VALUES ('main', 'ann', 'DE1'), ('spare', 'ann', 'DE2'), ('other', 'bob', 'DE3')",
		"INSERT INTO cards (number, account_name) VALUES ('4111', 'main')",
		"INSERT INTO notices (text) VALUES ('n')", "INSERT INTO hints (text, secret) VALUES ('h', 's')")
}

// logIn is a log-in some time ago, whose issuer answers with an error, and counts how often it is asked.
func logIn(ago time.Duration, answer error, asked *int) caller.LogIn {
	return caller.LogIn{Time: time.Now().Add(-ago), Lives: func(context.Context) error { *asked++; return answer }}
}

// What needs a recent log-in needs it on every path, also where no row matches, and the issuer is asked once for the whole operation.
func TestFreshPaths(t *testing.T) {
	c := accounts(t)
	for query, needs := range map[string]string{
		`{accounts {nodes {name owner}}}`:                                              "",
		`{account(name: "main") {name}}`:                                               "",
		`mutation {updateAccount(name: "spare", data: {owner: "ann"}) {name}}`:         "",
		`mutation {createCard(data: {number: "1", accountName: "main"}) {__typename}}`: "reading Card",
		`{__typename __schema {queryType {name}}}`:                                     "",
		`{accounts {nodes {iban}}}`:                                                    "reading Account.iban",
		`{accounts {nodes {...on Account {x: iban}}}}`:                                 "reading Account.iban",
		`query ($yes: Boolean = true) {accounts {nodes {iban @include(if: $yes)}}}`:    "reading Account.iban",
		`query ($yes: Boolean = true) {accounts {nodes {iban @skip(if: $yes) name}}}`:  "",
		`{account(name: "none") {iban}}`:                                               "reading Account.iban",
		`{a: account(name: "main") {iban} b: account(name: "spare") {iban} accounts {nodes {iban cards {nodes {number account {iban}}}}}}`: "reading Account.iban",
		`{accounts(where: {iban: {eq: "DE3"}}) {totalCount}}`:                                                                              "reading Account.iban",
		`{accounts(where: {or: [{name: {eq: "x"}}, {not: {iban: {eq: "DE3"}}}]}) {totalCount}}`:                                            "reading Account.iban",
		`{accounts(orderBy: {iban: ASC}) {nodes {name}}}`:                                                                                  "reading Account.iban",
		`{accounts {nodes {cards {totalCount}}}}`:                                                                                          "reading Card",
		`{accounts(where: {cards: {some: {number: {eq: "4111"}}}}) {totalCount}}`:                                                          "reading Card",
		`{cards {nodes {account {iban}}}}`:                                                                                                 "reading Account.iban",
		`{cards {totalCount}}`:                                                                                                             "reading Card",
		`mutation {createAccount(data: {name: "a", iban: "DE9"}) {name}}`:                                                                  "creating Account.iban",
		`mutation {updateAccount(name: "spare", data: {iban: "DE8"}) {name}}`:                                                              "updating Account.iban",
		`mutation {updateAccounts(all: true, data: {iban: null}) {count}}`:                                                                 "updating Account.iban",
		`mutation {updateAccount(name: "spare", data: {owner: "ann"}) {iban}}`:                                                             "reading Account.iban",
		`mutation {updateAccount(name: "spare", data: {owner: "ann"}) {cards {totalCount}}}`:                                               "reading Card",
		`mutation {deleteAccount(name: "spare") {name}}`:                                                                                   "deleting Account",
		`mutation {deleteAccounts(where: {iban: {eq: "DE3"}}) {count}}`:                                                                    "deleting Account",
		`{notices {totalCount}}`:                                                                                                           "reading Notice",
	} {
		asked := 0
		ann := caller.Caller{UID: "ann", LogIn: logIn(2*time.Hour, nil, &asked)}
		got := c.as(ann).send(t, query, nil)
		if needs == "" {
			if got.Code != http.StatusOK || asked != 0 {
				t.Errorf("%s: %d %s, and the issuer was asked %d times", query, got.Code, got.Body, asked)
			}
			continue
		}
		if body := got.Body.String(); got.Code != http.StatusUnauthorized || !strings.Contains(body, needs+" asks for a log-in") || !strings.Contains(body, "REAUTHENTICATE") || asked != 0 {
			t.Errorf("%s: %d %s, and the issuer was asked %d times, want %s", query, got.Code, body, asked, needs)
		}
		ann.LogIn = logIn(time.Second, errors.New("refused"), &asked) // so that it writes nothing
		if got := c.as(ann).send(t, query, nil); got.Code != http.StatusServiceUnavailable || asked != 1 {
			t.Errorf("%s after a log-in: %d %s, and the issuer was asked %d times", query, got.Code, got.Body, asked)
		}
	}
}

// Who has logged in when decides, whatever else they may do.
func TestFreshCallers(t *testing.T) {
	c := accounts(t)
	asked := 0
	at := func(ago time.Duration) caller.LogIn { return logIn(ago, nil, &asked) }
	answers := func(err error) caller.LogIn { return logIn(time.Minute, err, &asked) }
	const iban, remove = `{account(name: "main") {iban}}`, `mutation {deleteAccount(name: "spare") {iban}}`
	for _, tt := range []struct {
		name, query string
		caller      caller.Caller
		want        string
		asked       int
	}{
		{"fresh", iban, caller.Caller{UID: "ann", LogIn: at(9 * time.Minute)}, `{"data":{"account":{"iban":"DE1"}}}`, 1},
		{"stale", iban, caller.Caller{UID: "ann", LogIn: at(11 * time.Minute)}, `"code":"REAUTHENTICATE"`, 0},
		{"fresh enough for one of two", remove, caller.Caller{UID: "ann", LogIn: at(6 * time.Minute)}, `"maxAge":300`, 0},
		{"fresh for both", remove, caller.Caller{UID: "ann", LogIn: at(4 * time.Minute)}, `{"data":{"deleteAccount":{"iban":"DE2"}}}`, 1},
		{"no time", iban, caller.Caller{UID: "ann", LogIn: caller.LogIn{Lives: at(0).Lives}}, `"code":"REAUTHENTICATE"`, 0},
		{"a time in the future", iban, caller.Caller{UID: "ann", LogIn: at(-time.Hour)}, `"code":"REAUTHENTICATE"`, 0},
		{"nobody to ask", iban, caller.Caller{UID: "ann", LogIn: caller.LogIn{Time: time.Now()}}, `"code":"FORBIDDEN"`, 0},
		{"issuer away", iban, caller.Caller{UID: "ann", LogIn: answers(&fault.Error{Code: fault.Unavailable, Message: "issuer.internal", Private: true})}, `"code":"unavailable"`, 1},
		{"issuer broken", iban, caller.Caller{UID: "ann", LogIn: answers(fault.New(fault.Upstream, "", "issuer.internal"))}, `"code":"unavailable"`, 1},
		{"issuer cannot be read", iban, caller.Caller{UID: "ann", LogIn: answers(errors.New("issuer.internal"))}, `"code":"unavailable"`, 1},
		{"session ended", iban, caller.Caller{UID: "ann", LogIn: answers(fault.New(fault.Unauthenticated, "", "the session has ended"))}, `"code":"UNAUTHENTICATED"`, 1},
		{"another's row", iban, caller.Caller{UID: "bob", LogIn: at(0)}, `{"data":{"account":null}}`, 1},
		{"anonymous, of a public type", `{notices {totalCount}}`, caller.Caller{}, `"code":"UNAUTHENTICATED"`, 0},
		{"anonymous, of what nobody may read", `{hints {nodes {secret}}}`, caller.Caller{}, `[{"secret":null}]`, 0},
		{"a key of a machine", iban, caller.Caller{UID: "ann", Key: "k"}, `"code":"FORBIDDEN"`, 0},
		{"a key with a log-in", iban, caller.Caller{UID: "ann", Key: "k", LogIn: at(0)}, `"code":"FORBIDDEN"`, 0},
		{"a role", iban, caller.Caller{Roles: []string{"audit"}}, `"code":"REAUTHENTICATE"`, 0},
		{"service", iban, caller.Caller{Service: true, Key: "k"}, `{"data":{"account":{"iban":"DE1"}}}`, 0},
	} {
		asked = 0
		got := c.as(tt.caller).send(t, tt.query, nil)
		if body := got.Body.String(); !strings.Contains(body, tt.want) || asked != tt.asked || strings.Contains(body, "issuer.internal") {
			t.Errorf("%s: %d %s, and the issuer was asked %d times", tt.name, got.Code, body, asked)
		}
	}
	stale := c.as(caller.Caller{UID: "ann", LogIn: at(time.Hour)}).send(t, iban, nil)
	if got := stale.Header().Get("WWW-Authenticate"); got != `Bearer error="insufficient_user_authentication", max_age="600"` {
		t.Errorf("WWW-Authenticate: %s", got)
	}
	if want := `"path":["account","iban"]`; !strings.Contains(stale.Body.String(), want) {
		t.Errorf("%s does not have %s", stale.Body, want)
	}
}

// A variable decides what a document needs, and a plan that was made for one value is not used for another.
func TestFreshVariables(t *testing.T) {
	c := accounts(t)
	asked := 0
	stale := c.as(caller.Caller{UID: "ann", LogIn: logIn(time.Hour, nil, &asked)})
	const query = `query ($w: AccountWhere, $o: [AccountOrder!], $all: Boolean = false) {accounts(where: $w, orderBy: $o) {nodes {name iban @include(if: $all)}}}`
	plain, hidden := map[string]any{"eq": "main"}, map[string]any{"eq": "DE1"}
	for range 2 {
		for name, tt := range map[string]struct {
			vars map[string]any
			want int
		}{
			"nothing": {nil, http.StatusOK}, "a plain filter": {map[string]any{"w": map[string]any{"name": plain}}, http.StatusOK},
			"a filter": {map[string]any{"w": map[string]any{"iban": hidden}}, http.StatusUnauthorized}, "a nested filter": {map[string]any{"w": map[string]any{"or": []any{map[string]any{"iban": hidden}}}}, http.StatusUnauthorized},
			"an order": {map[string]any{"o": []any{map[string]any{"iban": "DESC"}}}, http.StatusUnauthorized}, "a field": {map[string]any{"all": true}, http.StatusUnauthorized},
		} {
			if got := stale.send(t, query, tt.vars); got.Code != tt.want {
				t.Errorf("%s: %d %s", name, got.Code, got.Body)
			}
		}
	}
}
