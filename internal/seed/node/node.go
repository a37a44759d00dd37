// Package node reads YAML nodes: mappings in the order of their keys, aliases, merges, and descriptions of nodes for messages.
package node

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Entry is one key of a mapping and its value.
type Entry struct{ Key, Value *yaml.Node }

// Mistake is a mistake at a node.
type Mistake struct {
	Node                  *yaml.Node
	Code, Message, Remedy string
}

// reader reports mistakes.
type reader func(Mistake)

func (report reader) mistake(n *yaml.Node, code, remedy, format string, args ...any) {
	report(Mistake{Node: n, Code: code, Remedy: remedy, Message: fmt.Sprintf(format, args...)})
}

// Entries returns the keys of a mapping in order, with merged keys (<<) last. It reports a node that is not a mapping, with the expected
// content want, and duplicate keys.
func Entries(n *yaml.Node, want string, report func(Mistake)) []Entry {
	r := reader(report)
	if n.Kind != yaml.MappingNode {
		r.mistake(n, "wrong-shape", "", "expected %s, found %s", want, Describe(n))
		return nil
	}
	seen := map[string]*yaml.Node{}
	list := make([]Entry, 0, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := Resolve(n.Content[i]), n.Content[i+1]
		switch first := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			r.mistake(key, "wrong-shape", "", "a name is expected here, found %s", Describe(key))
		case key.ShortTag() == MergeTag:
			merges = append(merges, value)
		case first != nil:
			r.mistake(key, "given-twice", "remove one of them", "%q is defined twice, first on line %d", key.Value, first.Line)
		default:
			seen[key.Value] = key
			list = append(list, Entry{key, value})
		}
	}
	visited := map[*yaml.Node]bool{n: true}
	for _, m := range merges {
		list = r.merge(list, m, seen, visited)
	}
	return list
}

// MergeTag is the tag of the key << of a mapping.
const MergeTag = "!!merge"

// merge adds the keys of an anchored mapping, or of a list of them, that are not there already. The first that comes counts
// (https://yaml.org/type/merge.html): a mapping's own keys, wherever its << is, and then what it merges itself, in order.
func (report reader) merge(list []Entry, n *yaml.Node, seen map[string]*yaml.Node, visited map[*yaml.Node]bool) []Entry {
	n = Resolve(n)
	if visited[n] {
		return list
	}
	visited[n] = true
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			list = report.merge(list, item, seen, visited)
		}
	case yaml.MappingNode:
		var merges []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := Resolve(n.Content[i])
			switch {
			case key.ShortTag() == MergeTag:
				merges = append(merges, n.Content[i+1])
			case key.Kind == yaml.ScalarNode && seen[key.Value] == nil:
				seen[key.Value] = key
				list = append(list, Entry{key, n.Content[i+1]})
			}
		}
		for _, m := range merges {
			list = report.merge(list, m, seen, visited)
		}
	default:
		report.mistake(n, "wrong-shape", "write <<: *name, where &name marks a row", "only a mapping can be merged, found %s", Describe(n))
	}
	return list
}

// Resolve returns the target of an alias, or the node itself.
func Resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// IsNull reports whether a node is null.
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// Describe describes the content of a node for messages.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing (null)"
	case "!!int":
		return "the whole number " + Clip(n.Value)
	case "!!float":
		return "the number " + Clip(n.Value)
	case "!!bool":
		return Clip(n.Value)
	case "!!timestamp":
		return "the time " + Clip(n.Value)
	case "!!str":
		return fmt.Sprintf("the text %q", Clip(n.Value))
	}
	return Clip(n.Value) + " of the type " + n.ShortTag()
}

// Clip shortens a value for a message.
func Clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
