package node_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// parse returns the value of the key at of a document, or the document's own.
func parse(t *testing.T, text, at string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	n := doc.Content[0]
	if at == "" {
		return n
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == at {
			return n.Content[i+1]
		}
	}
	t.Fatalf("there is no %s", at)
	return nil
}

// The keys stay in their order, those of the mapping itself go before merged ones, and of merged ones the first counts.
func TestEntries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"in order", "row: {b: 1, a: 2}", "b=1 a=2"},
		{"empty", "row: {}", ""},
		{"a key that is an alias", "name: &n title\nrow: {*n : 1}", "title=1"},
		{"a merge", "base: &base {a: 1, b: 2}\nrow: {<<: *base, c: 4, b: 3}", "c=4 b=3 a=1"},
		{"a merge of several", "x: &x {a: 1}\ny: &y {a: 2, b: 3}\nrow: {<<: [*x, *y]}", "a=1 b=3"},
		{"a merge of a merge", "x: &x {a: 1, b: 1}\ny: &y {b: 2, <<: *x}\nrow: {<<: *y, c: 3}", "c=3 b=2 a=1"},
		{"a merge of a merge that comes first", "x: &x {a: 1, b: 1}\ny: &y {<<: *x, b: 2}\nrow: {<<: *y, c: 3}", "c=3 b=2 a=1"},
		{"a merge between keys", "x: &x {a: 1, b: 1, c: 1}\ny: &y {a: 2, <<: *x, b: 2}\nrow: {<<: *y}", "a=2 b=2 c=1"},
		{"three merges deep", "x: &x {a: 1, b: 1, c: 1}\ny: &y {<<: *x, b: 2, c: 2}\nz: &z {<<: *y, c: 3}\nrow: {<<: *z}", "c=3 b=2 a=1"},
		{"what the first of several merges counts before the second", "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: &z {a: 3, b: 3, c: 3}\nrow: {<<: [*y, *z]}",
			"b=2 a=1 c=3"},
		{"merges of a merge, in order", "x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: &z {<<: [*x, *y], c: 3}\nrow: {<<: *z}", "c=3 a=1 b=2"},
		{"one mapping by two ways", "x: &x {a: 1, b: 1}\ny: &y {<<: *x, b: 2}\nrow: {<<: [*x, *y]}", "a=1 b=1"},
		{"the same merge twice", "x: &x {a: 1}\nrow: {<<: [*x, *x]}", "a=1"},
		{"a key << in quotes", "row: {'<<': 1}", "<<=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, e := range node.Entries(parse(t, test.text, "row"), "a row", func(m node.Mistake) { t.Errorf("%+v", m) }) {
				got = append(got, e.Key.Value+"="+e.Value.Value)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}

// A mapping that merges itself ends.
func TestEntriesOfACircle(t *testing.T) {
	t.Parallel()
	n := parse(t, "{a: 1}", "")
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: node.MergeTag, Value: "<<"}, &yaml.Node{Kind: yaml.AliasNode, Alias: n})
	if list := node.Entries(n, "a row", func(m node.Mistake) { t.Errorf("%+v", m) }); len(list) != 1 {
		t.Errorf("%v", list)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
		keys       int // that are still read
	}{
		{"no mapping", "[1]", []string{"1:1 wrong-shape: expected a row, found a list"}, 0},
		{"a key that is a mapping", "{{a: 1}: 2, b: 3}", []string{"1:2 wrong-shape: a name is expected here, found a mapping"}, 1},
		{"a key that is a list", "? [a]\n: 1\n", []string{"1:3 wrong-shape: a name is expected here, found a list"}, 0},
		{"a key given twice", "a: 1\nb: 2\na: 3\n", []string{`3:1 given-twice: "a" is defined twice, first on line 1`}, 2},
		{"a merge of a value", "<<: 1\na: 2\n", []string{"1:5 wrong-shape: only a mapping can be merged, found the whole number 1"}, 1},
		{"merges of values", "<<: [x, null]\n", []string{
			`1:6 wrong-shape: only a mapping can be merged, found the text "x"`, "1:9 wrong-shape: only a mapping can be merged, found nothing (null)",
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			list := node.Entries(parse(t, test.text, ""), "a row", func(m node.Mistake) {
				got = append(got, fmt.Sprintf("%d:%d %s: %s", m.Node.Line, m.Node.Column, m.Code, m.Message))
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(list) != test.keys {
				t.Errorf("%d keys are read, want %d", len(list), test.keys)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{a: 1}": "a mapping", "[]": "a list", "~": "nothing (null)", "": "nothing (null)", "0x10": "the whole number 0x10", "1.5": "the number 1.5", "yes": `the text "yes"`,
		"true": "true", "2024-05-06": "the time 2024-05-06", "'12'": `the text "12"`, "!!binary aGk=": "aGk= of the type !!binary", "!mask x": "x of the type !mask",
		strings.Repeat("é", 60): `the text "` + strings.Repeat("é", 60) + `"`, strings.Repeat("é", 61): `the text "` + strings.Repeat("é", 60) + `…"`,
	} {
		if got := node.Describe(parse(t, "v: "+text, "v")); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestIsNull(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"null": true, "~": true, "": true, "'null'": false, "[]": false, "0": false} {
		if got := node.IsNull(parse(t, "v: "+text, "v")); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// An alias of an alias is what both stand for.
func TestResolve(t *testing.T) {
	t.Parallel()
	value := &yaml.Node{Kind: yaml.ScalarNode, Value: "x"}
	once := &yaml.Node{Kind: yaml.AliasNode, Alias: value}
	if got := node.Resolve(&yaml.Node{Kind: yaml.AliasNode, Alias: once}); got != value {
		t.Errorf("%+v", got)
	}
}
