package exec_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

const (
	teamCount = `{teams {totalCount}}`
	userCount = `{users {totalCount}}`
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// persisting serves documents by their hash or ID.
func persisting(t testing.TB, o exec.PersistedOptions) client {
	t.Helper()
	return newClient(t, func(options *execOptions) {
		p := exec.NewPersisted(o)
		options.Documents, options.Observers = p, []exec.Observer{p}
	})
}

// ask sends the members of a request by GET or POST, and returns the answer.
func (c client) ask(t testing.TB, method string, members map[string]any) string {
	t.Helper()
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	target := "/graphql"
	if method == http.MethodGet {
		query := url.Values{}
		for name, value := range members {
			text, isText := value.(string)
			if !isText {
				b, _ := json.Marshal(value)
				text = string(b)
			}
			query.Set(name, text)
		}
		target, body = target+"?"+query.Encode(), nil
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, " ", w.Body)
}

func persistedQuery(hash string) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
}

// The exchange of Apollo's protocol: the hash alone is not found, the hash with the document is kept, the hash alone then works.
func TestAutomaticPersistedQueries(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			c := persisting(t, exec.PersistedOptions{Automatic: true})
			byHash := map[string]any{"extensions": persistedQuery(hashOf(teamCount))}
			const missing = `"message":"PersistedQueryNotFound"`
			if got := c.ask(t, method, byHash); !strings.HasPrefix(got, "200") || !strings.Contains(got, missing) || !strings.Contains(got, `"code":"PERSISTED_QUERY_NOT_FOUND"`) {
				t.Errorf("before it is known: %s", got)
			}
			want := c.ask(t, method, map[string]any{"query": teamCount})
			if got := c.ask(t, method, byHash); !strings.Contains(got, missing) {
				t.Errorf("a document without its hash is kept: %s", got)
			}
			both := map[string]any{"query": teamCount, "extensions": persistedQuery(hashOf(teamCount))}
			for _, members := range []map[string]any{both, byHash, byHash} {
				if got := c.ask(t, method, members); got != want || !strings.Contains(got, `{"data":`) {
					t.Errorf("%v answers %s, not %s", members, got, want)
				}
			}
		})
	}
}

// Nobody can make another document answer to a hash, and what is not valid takes no memory.
func TestPersistedQueriesRefuse(t *testing.T) {
	c := persisting(t, exec.PersistedOptions{Automatic: true})
	const invalid = `{nowhere}`
	for name, tt := range map[string]struct {
		members map[string]any
		want    string
	}{
		"another hash":          {map[string]any{"query": userCount, "extensions": persistedQuery(hashOf(teamCount))}, "sha256Hash is not the SHA-256 hash of the query"},
		"a hash in capitals":    {map[string]any{"query": teamCount, "extensions": persistedQuery(strings.ToUpper(hashOf(teamCount)))}, "extensions.persistedQuery is not valid"},
		"a short hash":          {map[string]any{"extensions": persistedQuery("abc")}, "extensions.persistedQuery is not valid"},
		"another version":       {map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 2, "sha256Hash": hashOf(teamCount)}}}, "extensions.persistedQuery is not valid"},
		"no object":             {map[string]any{"extensions": map[string]any{"persistedQuery": "x"}}, "extensions.persistedQuery is not valid"},
		"an invalid document":   {map[string]any{"query": invalid, "extensions": persistedQuery(hashOf(invalid))}, "nowhere"},
		"both, of a document":   {map[string]any{"query": teamCount, "documentId": "teams"}, "both query and documentId"},
		"an unknown documentId": {map[string]any{"documentId": "teams"}, `"code":"NOT_FOUND"`},
		"nothing":               {map[string]any{"extensions": map[string]any{}}, "the request has no query"},
	} {
		if got := c.ask(t, http.MethodPost, tt.members); !strings.Contains(got, tt.want) || strings.Contains(got, "data") {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, text := range []string{teamCount, userCount, invalid} {
		if got := c.ask(t, http.MethodPost, map[string]any{"extensions": persistedQuery(hashOf(text))}); !strings.Contains(got, "PERSISTED_QUERY_NOT_FOUND") {
			t.Errorf("%s was kept: %s", text, got)
		}
	}
	off := persisting(t, exec.PersistedOptions{})
	for _, members := range []map[string]any{{"extensions": persistedQuery(hashOf(teamCount))}, {"query": teamCount, "extensions": persistedQuery(hashOf(teamCount))}} {
		if got := off.ask(t, http.MethodPost, members); !strings.Contains(got, "PERSISTED_QUERY_NOT_SUPPORTED") || !strings.Contains(got, `"message":"PersistedQueryNotSupported"`) {
			t.Errorf("turned off: %s", got)
		}
	}
}

// A write by a link of another site is refused, also if the link has only its hash.
func TestPersistedMutationByGET(t *testing.T) {
	const write = `mutation {__typename}`
	c := persisting(t, exec.PersistedOptions{Automatic: true, Trusted: map[string]string{"write": write}})
	c.ask(t, http.MethodPost, map[string]any{"query": write, "extensions": persistedQuery(hashOf(write))})
	for _, members := range []map[string]any{{"extensions": persistedQuery(hashOf(write))}, {"documentId": "write"}} {
		if got := c.ask(t, http.MethodPost, members); !strings.HasPrefix(got, "200") {
			t.Errorf("by POST: %s", got)
		}
		if got := c.ask(t, http.MethodGet, members); !strings.HasPrefix(got, "405") {
			t.Errorf("by GET: %s", got)
		}
	}
}

// The documents that are kept take no more memory than was allowed, and those used last stay.
func TestPersistedQueriesAreBounded(t *testing.T) {
	c := persisting(t, exec.PersistedOptions{Automatic: true, Bytes: 32 << 10})
	text := func(n int) string {
		return fmt.Sprintf("query Q%d {teams {totalCount}} # %s", n, strings.Repeat("x", 1000))
	}
	found := func(n int) bool {
		return strings.Contains(c.ask(t, http.MethodPost, map[string]any{"extensions": persistedQuery(hashOf(text(n)))}), "data")
	}
	const most = 100
	for n := range most {
		c.ask(t, http.MethodPost, map[string]any{"query": text(n), "extensions": persistedQuery(hashOf(text(n)))})
	}
	kept := 0
	for n := range most {
		if found(n) {
			kept++
		}
	}
	if kept == 0 || kept > 32 || !found(most-1) {
		t.Errorf("%d documents of 1 KiB are kept in 32 KiB", kept)
	}
}

// A server that runs only trusted documents runs nothing else, whatever the request calls it.
func TestTrustedDocuments(t *testing.T) {
	trusted := map[string]string{hashOf(teamCount): teamCount, "users-v1": userCount}
	for _, only := range []bool{false, true} {
		c := persisting(t, exec.PersistedOptions{Automatic: true, Trusted: trusted, OnlyTrusted: only})
		for name, members := range map[string]map[string]any{
			"documentId":            {"documentId": "users-v1"},
			"a hash as its ID":      {"documentId": hashOf(teamCount)},
			"a hash with a name":    {"documentId": "sha256:" + hashOf(teamCount)},
			"Apollo's hash":         {"extensions": persistedQuery(hashOf(teamCount))},
			"both":                  {"query": teamCount, "extensions": persistedQuery(hashOf(teamCount))},
			"the text word by word": {"query": userCount},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if got := c.ask(t, method, members); !strings.Contains(got, `{"data":`) {
					t.Errorf("only trusted: %t, %s by %s: %s", only, name, method, got)
				}
			}
		}
	}
	c := persisting(t, exec.PersistedOptions{Automatic: true, Trusted: trusted, OnlyTrusted: true})
	const other = `{teams {totalCount} users {totalCount}}`
	for name, tt := range map[string]struct {
		members map[string]any
		code    string
	}{
		"a text":                           {map[string]any{"query": other}, "FORBIDDEN"},
		"a text with a hash":               {map[string]any{"query": other, "extensions": persistedQuery(hashOf(other))}, "FORBIDDEN"},
		"that hash again":                  {map[string]any{"extensions": persistedQuery(hashOf(other))}, "PERSISTED_QUERY_NOT_FOUND"},
		"another ID":                       {map[string]any{"documentId": "users-v2"}, "FORBIDDEN"},
		"introspection":                    {map[string]any{"query": `{__schema {queryType {name}}}`}, "FORBIDDEN"},
		"a trusted hash with another text": {map[string]any{"query": other, "extensions": persistedQuery(hashOf(teamCount))}, "INVALID"},
	} {
		if got := c.ask(t, http.MethodPost, tt.members); !strings.Contains(got, `"code":"`+tt.code+`"`) || strings.Contains(got, `"data"`) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
