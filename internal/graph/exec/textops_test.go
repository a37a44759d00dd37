package exec_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/testkit"
)

const textSchema = `type Note @table @auth(rules: [{ allow: PUBLIC }]) {
	name: String!
	text: String
	ci: String @col(dataType: "citext")
}`

// textOperator evaluates an operator for texts in plain Go. A citext ignores case.
func textOperator(operator, text, value string) bool {
	base, ignores := strings.CutSuffix(operator, "IgnoreCase")
	switch operator {
	case "ilike", "iregex":
		base, ignores = operator[1:], true
	case "notIlike":
		return !textOperator("ilike", text, value)
	case "notLike":
		return !textOperator("like", text, value)
	}
	if ignores && base != "regex" {
		text, value = strings.ToLower(text), strings.ToLower(value)
	}
	switch base {
	case "contains":
		return strings.Contains(text, value)
	case "startsWith":
		return strings.HasPrefix(text, value)
	case "endsWith":
		return strings.HasSuffix(text, value)
	case "like":
		return likePattern(value).MatchString(text)
	}
	flags := "(?s)"
	if ignores {
		flags = "(?si)"
	}
	return regexp.MustCompile(flags + value).MatchString(text)
}

// likePattern is a pattern of LIKE as a regular expression.
func likePattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == '%':
			b.WriteString(".*")
		case !escaped && r == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	return regexp.MustCompile(b.String() + "$")
}

// randomRegex is a regular expression that Go and Postgres understand in the same way.
func randomRegex(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		return []string{"a", "b", "A", "日", ".", "[ab]", "[^a]", `\\`, "^", "$", `\.`, "%"}[r.IntN(12)]
	}
	switch r.IntN(4) {
	case 0:
		return "(" + randomRegex(r, depth-1) + "|" + randomRegex(r, depth-1) + ")"
	case 1:
		return "(" + randomRegex(r, depth-1) + ")" + []string{"*", "+", "?", "{2}", "{0,1}"}[r.IntN(5)]
	}
	return randomRegex(r, depth-1) + randomRegex(r, depth-1)
}

// Operators on texts are what plain Go computes, also for patterns with escapes, and for null.
func TestTextOperators(t *testing.T) {
	t.Parallel()
	r := seeded(1)
	letters := []rune(`aAbB%_\日.`)
	const n = 40
	texts := make([]string, n)
	rows := make([]string, n)
	for i := range texts {
		texts[i] = randomText(r, letters, 6)
		value := "'" + texts[i] + "'"
		if i == 0 {
			value = "NULL"
		}
		rows[i] = fmt.Sprintf("INSERT INTO notes (name, text, ci) VALUES ('%s', %s, %[2]s)", noteName(i), value)
	}
	c := serve(t, textSchema, "CREATE EXTENSION citext", rows...).as(service)
	var count opTally
	for _, operator := range []string{
		"contains", "containsIgnoreCase", "startsWith", "startsWithIgnoreCase", "endsWith", "endsWithIgnoreCase",
		"like", "ilike", "notLike", "notIlike", "regex", "iregex",
	} {
		for range 12 {
			value := randomText(r, letters, 3)
			switch {
			case strings.HasSuffix(operator, "regex"):
				value = randomRegex(r, 3)
			case strings.HasSuffix(strings.ToLower(operator), "like"):
				value = strings.TrimRight("%"+value, `\`)
			}
			for field, seen := range map[string]string{"text": operator, "ci": caseless(operator)} {
				want := noteNames(n, func(i int) bool {
					if i == 0 { // null
						return strings.HasPrefix(operator, "not")
					}
					return textOperator(seen, texts[i], value)
				})
				where := map[string]any{field: map[string]any{operator: value}}
				count.compare(t, rowsWhere(t, c, where), want, literalOf(where))
			}
		}
	}
	count.enough(t)
}

// caseless is the operator that ignores case.
func caseless(operator string) string {
	switch operator {
	case "like", "regex":
		return "i" + operator
	case "notLike":
		return "notIlike"
	case "contains", "startsWith", "endsWith":
		return operator + "IgnoreCase"
	}
	return operator
}

// A pattern that Postgres does not understand is a mistake of the client, for each request alike: were it one only where a row is compared, the
// error would tell that rows exist which the caller is not allowed to read.
func TestBadPatterns(t *testing.T) {
	t.Parallel()
	c := serve(t, `type Note @table @auth(rules: [{ allow: OWNER, field: "owner" }]) {
		name: String!
		owner: String!
		text: String @auth(rules: [{ allow: OWNER, field: "owner", operations: [READ, UPDATE] }])
	}`, "", "INSERT INTO notes (name, owner, text) VALUES ('n', 'bob', 'secret')").as(ada)
	long := strings.Repeat("a", 1001)
	for _, tt := range []struct{ operator, pattern, want string }{
		{"regex", "(", "invalid regular expression: parentheses () not balanced"}, {"iregex", "[a", "brackets [] not balanced"},
		{"regex", "*", "quantifier operand invalid"}, {"regex", `\1`, "invalid backreference number"}, {"regex", "((((a{250}){250}){250}){250}){250}", "invalid regular expression"},
		{"like", `a\`, "a pattern cannot end with a single backslash"}, {"notIlike", `\\\`, "a pattern cannot end with a single backslash"},
		{"like", long, "a pattern can have 1000 characters; it has 1001"}, {"regex", long, "a pattern can have 1000 characters; it has 1001"},
	} {
		for _, owner := range []string{"bob", "nobody"} {
			for _, document := range []string{
				`query($p: String) {notes(where: {owner: {eq: %q}, text: {%s: $p}}) {totalCount}}`,
				`query($p: String) {notes {nodes {name}} other: notes(where: {and: [{owner: {eq: %q}}, {not: {text: {%s: $p}}}]}) {totalCount}}`,
				`mutation($p: String) {updateNotes(where: {owner: {eq: %q}, text: {%s: $p}}, data: {name: "x"}) {count}}`,
				`mutation($p: String) {deleteNotes(where: {owner: {eq: %q}, text: {%s: $p}}) {count}}`,
			} {
				w := c.send(t, fmt.Sprintf(document, owner, tt.operator), map[string]any{"p": tt.pattern})
				if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, tt.want) || !strings.Contains(body, `"INVALID"`) {
					t.Errorf("%s %.20q: %d %s, want %s", tt.operator, tt.pattern, w.Code, body, tt.want)
				}
			}
		}
	}
}

// A pattern that takes Postgres long is ended with the operation.
func TestPatternsTakeNoLongerThanTheOperation(t *testing.T) {
	t.Parallel()
	base := serve(t, textSchema, "CREATE EXTENSION citext", "INSERT INTO notes (name, text) SELECT 'n', repeat('a', 4001)")
	h, err := exec.New(exec.Options{API: apiOf(t, textSchema), DB: exec.Single(base.db), Logger: testkit.Logger(t), Timeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	w := client{handler: h}.as(service).send(t, `{notes(where: {text: {regex: "^(a+)(a+)(a+)\\1\\2\\3$"}}) {totalCount}}`, nil)
	if body := w.Body.String(); !strings.Contains(body, `"TIMEOUT"`) {
		t.Errorf("after %s: %d %s", time.Since(start), w.Code, body)
	}
}
