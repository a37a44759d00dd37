package seed

import (
	"bytes"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// directives are the keys of a file that are not tables but determine how the file is read.
var directives = []string{"extends", "generate", "include", "templates"}

// directive reads a directive, and reports whether a key is one. If a table has the name of a directive, the key is the table, unless its
// value is a scalar, which rows never are.
func (r *reader) directive(e node.Entry) bool {
	n := node.Resolve(e.Value)
	if r.tables.byName[e.Key.Value] != nil && (n.Kind != yaml.ScalarNode || node.IsNull(n)) {
		return false
	}
	switch e.Key.Value {
	case "extends":
		r.list(n, "the names of sets: [common]")
	case generateKey:
		r.generate(n)
	case "include":
		r.list(n, "the names of files: [../shared/users.yaml]")
	case "templates":
		r.templatesKey(n)
	default:
		return false
	}
	return true
}

// list checks the form of a list of names. The named files have already been collected.
func (r *reader) list(n *yaml.Node, want string) {
	for _, item := range scalars(n) {
		if item.Kind != yaml.ScalarNode || node.IsNull(item) || item.Value == "" {
			r.report(item, wrong("wrong-shape", "", "expected %s, found %s", want, node.Describe(item)))
		}
	}
}

// templatesKey reads templates: false.
func (r *reader) templatesKey(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		r.report(n, wrong("wrong-type", "write templates: false to keep {{ as plain text", "templates must be true or false, found %s", node.Describe(n)))
		return
	}
	var on bool
	_ = n.Decode(&on) // the node is a boolean
	r.verbatim = !on
}

// scalars returns the node itself, or the elements of a list.
func scalars(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = node.Resolve(item)
	}
	return items
}

// mayMention reports whether the file may extend or include others. Most files do not, and are then parsed only once. A regular expression
// would be much slower.
func (s *source) mayMention() bool {
	for _, word := range []string{"extends", "include"} {
		for at := 0; ; {
			next := bytes.Index(s.text[at:], []byte(word))
			if next < 0 {
				break
			}
			begin := at + next
			at = begin + len(word)
			before := bytes.TrimRight(s.text[:begin], " \t'\"")
			after := bytes.TrimLeft(s.text[at:], " \t'\"\r\n") // the colon of a key may be on the next line
			if (len(before) == 0 || bytes.IndexByte([]byte("\n{,?"), before[len(before)-1]) >= 0) && bytes.HasPrefix(after, []byte(":")) {
				return true
			}
		}
	}
	return false
}

// mentions returns the names in extends and include, before the whole file is read. The reader reports mistakes.
func (s *source) mentions() []mention {
	if !s.isYAML() || !s.mayMention() {
		return nil
	}
	var document yaml.Node
	if err := decode(yaml.NewDecoder(bytes.NewReader(s.text)), &document); err != nil || len(document.Content) == 0 {
		return nil
	}
	var list []mention
	root := node.Resolve(document.Content[0])
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		key := root.Content[i].Value
		if key != "extends" && key != "include" {
			continue
		}
		for _, n := range scalars(node.Resolve(root.Content[i+1])) {
			if n.Kind == yaml.ScalarNode && !node.IsNull(n) && n.Value != "" {
				list = append(list, mention{key, s, n})
			}
		}
	}
	return list
}

// unknownKey reports a key of a file that is neither a table nor a directive.
func (r *reader) unknownKey(key *yaml.Node) {
	remedy := didYouMean(key.Value, r.tables.names)
	if near := diag.Suggest(key.Value, directives); near != "" && diag.Suggest(key.Value, r.tables.names) == "" {
		remedy = didYouMean(key.Value, directives)
	}
	r.report(key, wrong("unknown-table", remedy, "the schema has no table %q", key.Value))
}
