package seed_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/seed"
)

// TestChecker checks the rows of a file at once and row by row: the mistakes and their lines are the same.
func TestChecker(t *testing.T) {
	s := parse(t, `type User @table @auth(rules: []) { email: String! @unique @format(type: email) age: Int @range(min: 1) posts: [Post!]! }
		type Post @table(key: ["user", "number"]) @auth(rules: []) { user: User! number: Int! text: String! @length(max: 5) }`)
	const id = "00000000-0000-7000-8000-00000000000"
	rows := []string{
		"  - id: " + id + "1\n    email: a@b.example\n    age: 0\n",
		"  - id: " + id + "2\n    email: nobody\n",
		"  - id: " + id + "3\n    email: a@b.example\n",
		"  - id: " + id + "1\n    email: |-\n      c@d.example\n    name: x\n",
		"  - id: " + id + "4\n    age: [1\n",
		"  - id: " + id + "5\n",
	}
	posts := []string{"  - user: " + id + "1\n    number: 1\n    text: longer\n", "  - user: " + id + "1\n    number: 2\n    text: x\n", "  - user: " + id + "1\n    number: 1\n    text: '{{ x }}'\n"}
	for name, c := range map[string]struct {
		table string
		rows  []string
		lines []int
	}{
		"users":       {"users", append(rows[:4:4], rows[5]), []int{5, 7, 9, 10, 13, 14}},
		"invalid":     {"users", rows[3:5], []int{6, 7}},
		"composite":   {"posts", posts, []int{5, 9, 11}},
		"no mistakes": {"posts", posts[1:2], nil},
	} {
		checker := seed.NewChecker(s)
		line := 1
		for _, row := range c.rows {
			checker.Rows("seeds/x/all.yaml", line, []byte(c.table+":\n"+row))
			line += strings.Count(row, "\n")
		}
		got := lines(t, checker.Err())
		if fmt.Sprint(got) != fmt.Sprint(c.lines) {
			t.Errorf("%s: row by row: %v, want %v: %v", name, got, c.lines, checker.Err())
		}
		if name == "invalid" {
			continue // of a whole file with invalid YAML, only the first line of it is reported
		}
		file := fstest.MapFS{"x/all.yaml": &fstest.MapFile{Data: []byte("templates: false\n" + c.table + ":\n" + strings.Join(c.rows, ""))}}
		if at := lines(t, seed.Check(t.Context(), seed.Options{Schema: s, FS: file, Dir: "seeds", Sets: []string{"x"}})); fmt.Sprint(at) != fmt.Sprint(got) {
			t.Errorf("%s: at once: %v", name, at)
		}
	}
}

func lines(t *testing.T, err error) (at []int) {
	t.Helper()
	var list diag.List
	if err != nil && !errors.As(err, &list) {
		t.Fatal(err)
	}
	for _, d := range list {
		at = append(at, d.Line)
	}
	return at
}
