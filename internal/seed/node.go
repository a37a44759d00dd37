package seed

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// entry is one key of a mapping and its value.
type entry struct{ key, value *yaml.Node }

// entries returns the keys of a mapping in their order, merged keys (<<) last. It reports a node that is no
// mapping, saying what it should hold, and keys that are given twice.
func (r *reader) entries(n *yaml.Node, want string) []entry {
	if n.Kind != yaml.MappingNode {
		r.report(n, wrong("wrong-shape", "", "expected %s, found %s", want, describe(n)))
		return nil
	}
	seen := map[string]*yaml.Node{}
	list := make([]entry, 0, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), n.Content[i+1]
		switch first := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			r.report(key, wrong("wrong-shape", "", "a name is expected here, found %s", describe(key)))
		case key.ShortTag() == mergeTag:
			merges = append(merges, value)
		case first != nil:
			r.report(key, wrong("given-twice", "remove one of them", "%q stands here for the second time, first on line %d", key.Value, first.Line))
		default:
			seen[key.Value] = key
			list = append(list, entry{key, value})
		}
	}
	visited := map[*yaml.Node]bool{n: true}
	for _, m := range merges {
		list = r.merge(list, m, seen, visited)
	}
	return list
}

const mergeTag = "!!merge"

// merge adds the keys of an anchored mapping, or of a list of them, that are not there already.
func (r *reader) merge(list []entry, n *yaml.Node, seen map[string]*yaml.Node, visited map[*yaml.Node]bool) []entry {
	n = resolve(n)
	if visited[n] {
		return list
	}
	visited[n] = true
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			list = r.merge(list, item, seen, visited)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := resolve(n.Content[i])
			switch {
			case key.ShortTag() == mergeTag:
				list = r.merge(list, n.Content[i+1], seen, visited)
			case key.Kind == yaml.ScalarNode && seen[key.Value] == nil:
				seen[key.Value] = key
				list = append(list, entry{key, n.Content[i+1]})
			}
		}
	default:
		r.report(n, wrong("wrong-shape", "write <<: *name, where &name marks a row", "only a mapping can be merged, found %s", describe(n)))
	}
	return list
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe names what a node holds, as a person would.
func describe(n *yaml.Node) string {
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
		return "the whole number " + clip(n.Value)
	case "!!float":
		return "the number " + clip(n.Value)
	case "!!bool":
		return clip(n.Value)
	case "!!timestamp":
		return "the time " + clip(n.Value)
	case "!!str":
		return fmt.Sprintf("the text %q", clip(n.Value))
	}
	return clip(n.Value) + " of the type " + n.ShortTag()
}

// clip shortens a value for a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
