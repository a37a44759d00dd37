package app_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// example is a query of the guide and the answer below it; a first line `# as root; admin` says who asks.
var example = regexp.MustCompile("(?s)```graphql\n(?:# as ([^\n]+)\n)?(.+?)```\n\n```json\n(.+?)```")

func TestExamplesOfTheAPI(t *testing.T) {
	guide, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(guide), "\n## Relay\n")
	ofRelay, after, _ := strings.Cut(rest, "\n## ")
	url := platform(t)
	askExamples(t, url, before+after)
	askExamples(t, platform(t, "KROWOC_GRAPHQL_RELAY=true"), ofRelay)
	_, got := ask(t, url, "", "{ prompts { edges { cursor } } }")
	text, err := json.Marshal(got)
	if n := strings.Count(string(text), "cursor"); err != nil || n != 20 { // graphql.defaultPageSize
		t.Errorf("a page without first has %d rows: %v", n, err)
	}
}

// askExamples holds a server to the examples of a guide.
func askExamples(t *testing.T, url, guide string) {
	t.Helper()
	examples := example.FindAllStringSubmatch(guide, -1)
	if n := strings.Count(guide, "```graphql"); len(examples) != n || n == 0 {
		t.Fatalf("%d of %d examples are read", len(examples), n)
	}
	for _, e := range examples {
		_, got := ask(t, url, e[1], strings.TrimSpace(e[2]))
		var want map[string]any
		if err := json.Unmarshal([]byte(e[3]), &want); err != nil {
			t.Fatalf("%s\n%v", e[3], err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", e[2], diff)
		}
	}
}
