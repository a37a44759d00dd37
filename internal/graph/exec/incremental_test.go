package exec_test

import (
	"strings"
	"testing"
)

// Answers in several parts are neither offered nor accepted.
func TestNoIncrementalDelivery(t *testing.T) {
	c := newClient(t, nil)
	directives := c.data(t, `{ __schema { directives { name } } }`, nil)
	for _, name := range []string{"defer", "stream"} {
		if strings.Contains(directives, name) {
			t.Errorf("introspection offers @%s: %s", name, directives)
		}
	}
	for query, directive := range map[string]string{
		`{ prompts { ... @defer { totalCount } } }`:                                                             "defer",
		`query($d: Boolean) { ...Q @defer(if: $d, label: "x") } fragment Q on Query { prompts { totalCount } }`: "defer",
		`{ prompts { nodes @stream(initialCount: 1) { id } } }`:                                                 "stream",
	} {
		w := c.send(t, query, nil)
		want := `Unknown directive \"@` + directive + `\"`
		if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, want) || !strings.Contains(body, `"code":"INVALID"`) {
			t.Errorf("%s answers %d %s, want %s", query, w.Code, body, want)
		}
	}
}
