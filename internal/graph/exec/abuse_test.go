package exec_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// Documents that are made to take time or memory are answered at once.
func TestExpensiveDocuments(t *testing.T) {
	c := newClient(t, nil).as(service)
	aliases := func(n int, field string) string { return aliasesOf(field, n) }
	var fragments, cycle strings.Builder
	for i := range 40 {
		fmt.Fprintf(&fragments, " fragment F%d on User {a: profile {user {...F%d}} b: profile {user {...F%d}}}", i, i+1, i+1)
	}
	cycle.WriteString("{users {nodes {...A}}} fragment A on User {profile {user {...B}}} fragment B on User {id ...A}")
	for name, tt := range map[string]struct {
		query  string
		status int
	}{
		"one field many times":    {"{prompts(first: 1) {nodes {" + strings.Repeat("id ", 9900) + "}}}", http.StatusOK},
		"unknown fields":          {"{prompts(first: 1) {nodes {" + strings.Repeat("identifier ", 5000) + "}}}", http.StatusBadRequest},
		"aliases":                 {"{prompts(first: 1) {nodes {" + aliases(2500, "id") + "}}}", http.StatusOK},
		"aliases of hidden":       {"{users(first: 1) {nodes {" + aliases(2500, "email") + "}}}", http.StatusOK},
		"aliases of lists":        {"{users(first: 1) {nodes {" + aliases(200, "prompts(first:1){nodes{id}}") + "}}}", http.StatusOK},
		"root fields":             {"{" + aliases(900, `user(id:"ada"){id}`) + "}", http.StatusOK},
		"too many root fields":    {"{" + aliases(1200, `users{__typename}`) + "}", http.StatusBadRequest},
		"fragments of fragments":  {"{users {nodes {...F0}}}" + fragments.String() + " fragment F40 on User {id}", http.StatusBadRequest},
		"fragments in a cycle":    {cycle.String(), http.StatusBadRequest},
		"a fragment of itself":    {"{...A} fragment A on Query {...A}", http.StatusBadRequest},
		"operations":              {strings.Repeat("query {users {totalCount}} ", 1000), http.StatusBadRequest},
		"operations of fragments": {strings.Repeat("query {users {nodes {...F}}} ", 300) + " fragment F on User {" + strings.Repeat("id ", 5000) + "}", http.StatusBadRequest},
	} {
		for _, who := range []client{c, c.as(ada)} {
			began := time.Now()
			w := who.send(t, tt.query, nil)
			if w.Code != tt.status || w.Body.Len() > 200_000 {
				t.Errorf("%s: %d %.300s", name, w.Code, w.Body)
			}
			if took := time.Since(began); took > 10*time.Second { // seconds on a busy machine with the race detector
				t.Errorf("%s takes %s", name, took)
			}
		}
	}
}

// Documents and plans that are kept take no more memory than was allowed, about.
func TestKeptDocumentsAreBounded(t *testing.T) {
	const allowed = 8 << 20
	c := newClient(t, func(o *execOptions) { o.CacheBytes = allowed }).as(service)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for i := range 300 {
		c.data(t, fmt.Sprintf("query Q%d {prompts(first: 1) {nodes {%s}}}", i, strings.Repeat("title ", 300+i)), nil)
	}
	if grown := heap() - before; grown > 2*allowed {
		t.Errorf("the documents take %d KiB; %d are allowed", grown>>10, allowed>>10)
	}
	runtime.KeepAlive(c)
}

func TestSuggestionsNeedIntrospection(t *testing.T) {
	for _, introspection := range []bool{true, false} {
		c := newClient(t, func(o *exec.Options) { o.Introspection = introspection }).as(service)
		for _, query := range []string{`{promts {totalCount}}`, `{prompts {nodes {titel}}}`, `{prompts(frst: 1) {totalCount}}`, `{prompts(orderBy: [{titel: ASC}]) {totalCount}}`, `{users}`} {
			_, a := c.mistakes(t, query, nil)
			if got := strings.Contains(strings.ToLower(a.Errors[0].Message), "did you mean"); got != introspection {
				t.Errorf("introspection %t: %s: %s", introspection, query, a.Errors[0].Message)
			}
		}
	}
}
