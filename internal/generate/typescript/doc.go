package typescript

import "strings"

// node is a piece of source that is written on one line if it fits, and otherwise broken as by prettier.
type node interface {
	flat() string
	// broken returns lines; all but the first are indented relative to the start of the node.
	broken(indent, room int) string
}

// text cannot be broken.
type text string

func (t text) flat() string           { return string(t) }
func (t text) broken(_, _ int) string { return string(t) }

// call is a call of a function.
type call struct {
	name  string
	args  []node
	after string // a method call on the result
}

func (c call) flat() string { return c.name + "(" + flatten(c.args) + ")" + c.after }

func (c call) broken(indent, room int) string {
	if n := len(c.args); n > 0 {
		if last, ok := c.args[n-1].(object); ok { // it hugs the parentheses
			head := c.name + "(" + flatten(c.args[:n-1])
			if n > 1 {
				head += ", "
			}
			return head + last.broken(indent, room) + ")" + c.after
		}
	}
	return c.name + "(" + lines(c.args, indent) + ")" + c.after
}

// list is an array.
type list []node

func (l list) flat() string                { return "[" + flatten(l) + "]" }
func (l list) broken(indent, _ int) string { return "[" + lines(l, indent) + "]" }

// object is an object literal.
type object []property

type property struct {
	name  string
	value node
}

func (p property) flat() string { return p.name + ": " + p.value.flat() }
func (p property) broken(indent, room int) string {
	return p.name + ": " + fit(p.value, indent, room-len(p.name)-2)
}

func (o object) flat() string {
	return "{ " + flatten(o.nodes()) + " }"
}
func (o object) broken(indent, _ int) string { return "{" + lines(o.nodes(), indent) + "}" }

func (o object) nodes() []node {
	nodes := make([]node, len(o))
	for i, p := range o {
		nodes[i] = p
	}
	return nodes
}

const width = 80

// fit writes a node at an indentation with room columns left on its line, including one for a comma.
func fit(n node, indent, room int) string {
	if flat := n.flat(); len([]rune(flat)) <= room-1 {
		return flat
	}
	return n.broken(indent, room)
}

func flatten(nodes []node) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = n.flat()
	}
	return strings.Join(parts, ", ")
}

// lines writes each node on its own lines, indented by two more columns.
func lines(nodes []node, indent int) string {
	var b strings.Builder
	pad := strings.Repeat(" ", indent+2)
	for _, n := range nodes {
		b.WriteString("\n" + pad + fit(n, indent+2, width-indent-2) + ",")
	}
	b.WriteString("\n" + strings.Repeat(" ", indent))
	return b.String()
}
