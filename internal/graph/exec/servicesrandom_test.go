package exec_test

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// randomAnswer is a value of JSON that may fit a Quote, or nothing at all.
func randomAnswer(r *rand.Rand, depth int) any {
	leaves := []any{nil, true, 1, 1.5, -3e9, "GOOD", "SO_SO", "x", "2026-01-01T00:00:00Z", "12.50", "", "a\u0000b", "\\\"", json.Number("1e400"), json.Number("0.1000")}
	n := len(leaves)
	if depth > 0 {
		n += 6
	}
	i := r.IntN(n)
	switch {
	case i < len(leaves):
		return leaves[i]
	case i < len(leaves)+2:
		list := make([]any, r.IntN(3))
		for j := range list {
			list[j] = randomAnswer(r, depth-1)
		}
		return list
	}
	object := map[string]any{}
	for _, name := range []string{"price", "mood", "tags", "at", "id"} {
		if r.IntN(4) > 0 {
			object[name] = randomAnswer(r, depth-1)
		}
	}
	return object
}

var decimals = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// fitsQuote tells in plain Go whether a value is a Quote.
func fitsQuote(value any) bool {
	if value == nil {
		return true
	}
	quote, ok := value.(map[string]any)
	if !ok {
		return false
	}
	mood, at := quote["mood"], quote["at"]
	isMood := mood == nil || mood == "GOOD" || mood == "SO_SO"
	isTime := at == nil || at == "2026-01-01T00:00:00Z"
	return isMood && isTime && isPrice(quote["price"]) && areTags(quote["tags"])
}

func isPrice(value any) bool {
	switch value := value.(type) {
	case string:
		return decimals.MatchString(value)
	case json.Number, int, float64:
		raw, _ := json.Marshal(value)
		return decimals.Match(raw)
	}
	return false
}

func areTags(value any) bool {
	if value == nil {
		return true
	}
	tags, ok := value.([]any)
	for _, tag := range tags {
		text, isText := tag.(string)
		ok = ok && isText && !strings.ContainsRune(text, 0)
	}
	return ok
}

// Clients get an answer that is of the type, or an error: whatever the service says.
func TestServicesThatAnswerAnything(t *testing.T) {
	f := newFar(t)
	c := serveWithServices(t, f)
	random := rand.New(rand.NewPCG(*randomSeed, 4)) //nolint:gosec // not for secrets
	fits, others := 0, 0
	for range 1500 {
		value := randomAnswer(random, 3)
		if random.IntN(3) == 0 {
			value = map[string]any{"price": "12.50", "mood": randomAnswer(random, 0), "tags": []any{randomAnswer(random, 0)}}
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		f.says("/quote", string(raw))
		got := c.send(t, `{quote {price mood tags at}}`, nil).Body.String()
		isData := strings.HasPrefix(got, `{"data":`)
		if isData {
			fits++
		} else {
			others++
		}
		if isUpstream := strings.Contains(got, `"code":"UPSTREAM"`); isData != fitsQuote(value) || isData == isUpstream || !json.Valid([]byte(got)) {
			t.Errorf("%s is answered with %s", raw, got)
		}
	}
	if fits < 50 || others < 50 {
		t.Errorf("%d answers fit and %d do not: the test sees too little of one kind", fits, others)
	}
}
