package exec_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

const versionSchema = `
	type Page @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: ROLE, roles: ["blind"], operations: [UPDATE, DELETE] }]) {
	  id: ID! @col(dataType: "text") owner: String! text: String! @default(value: "") size: Int! @default(value: 0)
	  revision: Int! @version tags: [Tag!]!
	}
	type Tag @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") pages: [Page!]! }
	type Secret @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "text") n: Int! @version @auth(rules: [{ allow: ROLE, roles: ["admin"] }]) note: String }`

const versionRows = `INSERT INTO pages (id, owner, revision) VALUES ('a', 'ada', 3), ('b', 'bob', 1); INSERT INTO tags (id) VALUES ('t'); INSERT INTO secrets (id) VALUES ('s')`

func TestVersions(t *testing.T) { // not in parallel: roles belong to the whole server
	clients := map[string]client{"rules": serve(t, versionSchema, "", versionRows), "policies": enforce(t, versionSchema, versionRows).kept(t)}
	ada, blind := caller.Caller{UID: "ada"}, caller.Caller{UID: "x", Roles: []string{"blind"}}
	for _, tt := range []struct {
		caller caller.Caller
		query  string
		vars   map[string]any
		want   string // data, or an error's code and message
	}{
		{ada, `createPage(data: {id: "n", owner: "ada"}) {revision}`, nil, `{"createPage":{"revision":1}}`},
		{ada, `updatePage(id: "a", data: {text: "x"}) {revision}`, nil, `{"updatePage":{"revision":4}}`},
		{ada, `updatePage(id: "a", revision: 3, data: {text: "x"}) {revision text} b: updatePage(id: "a", revision: 4, data: {}, inc: {size: 1}) {revision size}`, nil, `{"updatePage":{"revision":4,"text":"x"},"b":{"revision":5,"size":1}}`},
		{ada, `updatePage(id: "a", revision: 3, data: {tags: {connect: {id: "t"}}}) {revision}`, nil, `{"updatePage":{"revision":4}}`},
		{ada, `updatePages(all: true, data: {}) {nodes {revision}}`, nil, `{"updatePages":{"nodes":[{"revision":4}]}}`},
		{ada, `upsertPage(data: {id: "a", owner: "ada", text: "u"}, onConflict: {target: id, update: [text]}) {revision}`, nil, `{"upsertPage":{"revision":4}}`},
		{ada, `deletePage(id: "a", revision: 3) {revision}`, nil, `{"deletePage":{"revision":3}}`},
		{ada, `updatePage(id: "a", revision: $v, data: {}) {revision}`, map[string]any{"v": 3}, `{"updatePage":{"revision":4}}`},
		{ada, `updatePage(id: "a", revision: $v, data: {}) {revision}`, nil, `INVALID revision has no value`},
		{ada, `deletePage(id: "a", revision: null) {revision}`, nil, `INVALID revision has no value`},
		{ada, `updatePage(id: "a", revision: 2, data: {text: "x"}) {revision}`, nil, `CONFLICT revision: the Page has been changed since this version`},
		{ada, `updatePage(id: "a", revision: 2, data: {owner: "bob"}) {revision}`, nil, `CONFLICT revision: the Page has been changed since this version`},
		{ada, `deletePage(id: "a", revision: 2) {revision}`, nil, `CONFLICT revision: the Page has been changed since this version`},
		{ada, `updatePage(id: "b", revision: 1, data: {}) {revision}`, nil, `NOT_FOUND`},
		{ada, `updatePage(id: "b", revision: 2, data: {}) {revision}`, nil, `NOT_FOUND`},
		{ada, `updatePage(id: "z", revision: 2, data: {}) {revision}`, nil, `NOT_FOUND`},
		{blind, `updatePage(id: "a", data: {text: "x"}) {revision}`, nil, `{"updatePage":null}`},
		{blind, `updatePage(id: "a", revision: 3, data: {}) {revision}`, nil, `NOT_FOUND`},
		{blind, `deletePage(id: "a", revision: 3) {revision}`, nil, `NOT_FOUND`},
		{ada, `updateSecret(id: "s", n: 1, data: {note: "x"}) {note}`, nil, `NOT_FOUND`},
		{ada, `updateSecret(id: "s", n: 2, data: {note: "x"}) {note}`, nil, `NOT_FOUND`},
		{ada, `updateSecret(id: "s", data: {note: "x"}) {note n}`, nil, `{"updateSecret":{"note":"x","n":null}}`},
		{caller.Caller{Roles: []string{"admin"}}, `updateSecret(id: "s", n: 2, data: {note: "x"}) {note}`, nil, `CONFLICT n: the Secret has been changed since this version`},
	} {
		for kind, c := range clients {
			testkit.Exec(t, c.db, "DELETE FROM pages; DELETE FROM tags; DELETE FROM secrets; "+versionRows)
			defs := ""
			if strings.Contains(tt.query, "$v") {
				defs = "($v: Int)"
			}
			got := outcome(t, c.as(tt.caller), "mutation"+defs+" {"+tt.query+"}", tt.vars)
			if got != tt.want && (strings.HasPrefix(tt.want, "{") || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("%s as %+v, %s: %s\nwant %s", tt.query, tt.caller, kind, got, tt.want)
			}
		}
	}
	if sdl := apiOf(t, versionSchema).SDL(); strings.Contains(sdl, "PageInc {\n  revision") || strings.Contains(sdl, "revision: Int!\n  tags: TagLinks") || !strings.Contains(sdl, "deletePage(id: ID!, revision: Int)") {
		t.Error(sdl)
	}
}

// Of writes at the same time that have read the same version, one succeeds.
func TestVersionsAtOnce(t *testing.T) {
	t.Parallel()
	c := serve(t, versionSchema, "", versionRows).as(caller.Caller{UID: "ada"})
	outcomes := make([]string, 8)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			outcomes[i] = outcome(t, c, `mutation {updatePage(id: "a", revision: 3, data: {}, inc: {size: 1}) {size}}`, nil)
		})
	}
	wg.Wait()
	done := 0
	for _, got := range outcomes {
		switch {
		case got == `{"updatePage":{"size":1}}`:
			done++
		case !strings.HasPrefix(got, "CONFLICT revision"):
			t.Error(got)
		}
	}
	if done != 1 {
		t.Errorf("%d of %d writes succeed", done, len(outcomes))
	}
}
