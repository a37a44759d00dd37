package seed

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// expansion evaluates the templates in one value of a row.
type expansion struct {
	reader   *reader
	field    *schema.Field
	place    []string                  // identifies the value, so that its fake values stay the same
	done     map[*yaml.Node]*yaml.Node // the result for each node, since anchors form a graph
	volatile bool                      // the value changes with each load
	broken   bool                      // a template is invalid; already reported
}

// expand returns a value with its templates evaluated. It does not change the nodes of the file, since an anchored value can have a
// different result in each place.
func (r *reader) expand(row *row, f *schema.Field, n *yaml.Node) (*yaml.Node, *expansion) {
	x := &expansion{reader: r, field: f}
	if r.verbatim || (n.Kind == yaml.ScalarNode && !isTemplate(n.Value)) {
		return n, x
	}
	name := row.name
	if name == "" {
		name = row.place()
	}
	x.place = []string{row.table.Table, name, f.Name}
	x.done = map[*yaml.Node]*yaml.Node{}
	return x.node(n, len(x.done)), x
}

func isTemplate(text string) bool { return strings.Contains(text, "{{") }

// node returns the result for a node. It does not evaluate the keys of mappings.
func (x *expansion) node(n *yaml.Node, position int) *yaml.Node {
	n = node.Resolve(n)
	if done := x.done[n]; done != nil {
		return done
	}
	x.done[n] = n
	if text, ok := bare(n); ok {
		x.done[n] = x.scalar(n, text, position)
		return x.done[n]
	}
	if n.Kind == yaml.ScalarNode {
		if isTemplate(n.Value) {
			x.done[n] = x.scalar(n, n.Value, position)
		}
		return x.done[n]
	}
	step, from := 1, 0
	if n.Kind == yaml.MappingNode {
		step, from = 2, 1
	}
	expanded := *n
	expanded.Content = append([]*yaml.Node(nil), n.Content...)
	x.done[n] = &expanded
	for i := from; i < len(n.Content); i += step {
		expanded.Content[i] = x.node(n.Content[i], len(x.done))
	}
	return &expanded
}

// bare returns the template of an unquoted value. YAML parses {{ now }} as a mapping whose key is a mapping.
func bare(n *yaml.Node) (string, bool) {
	if !holdsKeyOnly(n) || !holdsKeyOnly(n.Content[0]) || n.Content[0].Content[0].Kind != yaml.ScalarNode {
		return "", false
	}
	text := n.Content[0].Content[0]
	if text.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return "{{ " + strconv.Quote(text.Value) + " }}", true
	}
	return "{{ " + text.Value + " }}", true
}

// holdsKeyOnly reports whether a node is {key}.
func holdsKeyOnly(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && node.IsNull(n.Content[1]) && n.Content[1].Value == ""
}

// scalar returns the result of a template. It is a text if the field contains texts or the template is quoted in JSON, and otherwise parsed
// as YAML.
func (x *expansion) scalar(n *yaml.Node, text string, position int) *yaml.Node {
	result, p := x.evaluate(text, position)
	if p != nil {
		x.reader.report(n, p)
		x.broken = true
		return n
	}
	made := &yaml.Node{Kind: yaml.ScalarNode, Value: result, Line: n.Line, Column: n.Column}
	isJSON := x.field.Type.Object != nil || x.field.Type.Scalar == schema.JSON
	if x.field.Type.Scalar == schema.String || (isJSON && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Style != 0) {
		made.Tag = "!!str"
	}
	x.reader.source.wrote(made, n)
	return made
}

// wrote records the original node of a value, for messages.
func (s *source) wrote(made, written *yaml.Node) {
	if s.written == nil {
		s.written = map[*yaml.Node]*yaml.Node{}
	}
	s.written[made] = written
}

// maxText is the maximum length of a result.
const maxText = 16 << 20

// bounded is a text builder that aborts the template when the text is too long.
type bounded struct{ strings.Builder }

func (b *bounded) Write(text []byte) (int, error) {
	if b.Len()+len(text) > maxText {
		return 0, wrong("too-large", "", "the template produces more than %d MB of text", maxText>>20)
	}
	return b.Builder.Write(text)
}

// evaluate returns the result of a template.
func (x *expansion) evaluate(text string, position int) (string, *problem) {
	t, err := template.New("").Option("missingkey=error").Funcs(x.functions(text, position)).Parse(text)
	if err != nil {
		return "", x.reader.templateProblem(err)
	}
	var out bounded
	if t.Tree != nil {
		if p := plain(t.Root); p != nil {
			return "", p
		}
		if err := t.Execute(&out, nil); err != nil {
			return "", x.reader.templateProblem(err)
		}
	}
	if !utf8.ValidString(out.String()) {
		return "", wrong("bad-template", "encode binary data in base64: {{ file \"avatar.png\" | base64 }}", "the template produces text that is not valid UTF-8")
	}
	return out.String(), nil
}

// plain rejects loops, which may not end, and nested templates.
func plain(list *parse.ListNode) *problem {
	if list == nil {
		return nil
	}
	for _, n := range list.Nodes {
		var p *problem
		switch n := n.(type) {
		case *parse.TextNode, *parse.ActionNode, *parse.CommentNode:
		case *parse.IfNode:
			if p = plain(n.List); p == nil {
				p = plain(n.ElseList)
			}
		case *parse.WithNode:
			if p = plain(n.List); p == nil {
				p = plain(n.ElseList)
			}
		default:
			p = wrong("bad-template", "", "%s is not allowed in the template of a value; only values, if and with are", node.Clip(n.String()))
		}
		if p != nil {
			return p
		}
	}
	return nil
}

var (
	templatePrefix  = regexp.MustCompile(`^template: [^ ]*? (?:executing "" at )?`)
	unknownFunction = regexp.MustCompile(`function "([^"]*)" not defined`)
	unknownFake     = regexp.MustCompile(`map has no entry for key "([^"]*)"`)
)

// templateProblem returns the problem of an invalid template.
func (r *reader) templateProblem(err error) *problem {
	var own *problem
	if errors.As(err, &own) {
		return own
	}
	if m := unknownFunction.FindStringSubmatch(err.Error()); m != nil {
		remedy := r.bracesRemedy()
		if near := diag.Suggest(m[1], functionNames); near != "" {
			remedy = "did you mean " + near + "? If not: " + remedy
		}
		return wrong("unknown-function", remedy, "templates have no function %q", node.Clip(m[1]))
	}
	if m := unknownFake.FindStringSubmatch(err.Error()); m != nil {
		remedy := "there are: " + strings.Join(fakeNames, ", ")
		if near := diag.Suggest(m[1], fakeNames); near != "" {
			remedy = didYouMean(m[1], fakeNames)
		}
		return wrong("unknown-fake", remedy, "there is no fake %q", node.Clip(m[1]))
	}
	return wrong("bad-template", r.bracesRemedy(), "the template cannot be read: %s", templatePrefix.ReplaceAllString(err.Error(), ""))
}

// bracesRemedy returns how to write braces that are not a template.
func (r *reader) bracesRemedy() string {
	if r.source.isYAML() {
		return "write templates: false at the top of the file to keep every {{ as plain text"
	}
	return `write a literal {{ as {{ "{{" }}`
}
