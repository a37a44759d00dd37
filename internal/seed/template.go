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
	place    []string                  // names the value, so that what is faked for it stays the same
	done     map[*yaml.Node]*yaml.Node // what each node has become; anchors make a graph of them
	volatile bool                      // the value depends on when it is made
	broken   bool                      // a template has a mistake; that has been reported
}

// expand returns a value with its templates evaluated. The nodes of the file stay as they are: an anchored value may
// become another one in each place.
func (r *reader) expand(row *row, f *schema.Field, n *yaml.Node) (*yaml.Node, *expansion) {
	x := &expansion{reader: r, field: f}
	if r.verbatim || n.Kind == yaml.ScalarNode && !isTemplate(n.Value) {
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

// node returns what becomes of a node. Keys of mappings are no values.
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

// bare returns the template of a value without quotes, which YAML takes for a mapping whose key is a mapping: {{ now }}.
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

// scalar returns what a template makes: a text where the field holds texts, and where JSON has it in quotes; else what
// YAML reads.
func (x *expansion) scalar(n *yaml.Node, text string, position int) *yaml.Node {
	result, p := x.evaluate(text, position)
	if p != nil {
		x.reader.report(n, p)
		x.broken = true
		return n
	}
	made := &yaml.Node{Kind: yaml.ScalarNode, Value: result, Line: n.Line, Column: n.Column}
	isJSON := x.field.Type.Object != nil || x.field.Type.Scalar == schema.JSON
	if x.field.Type.Scalar == schema.String || isJSON && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Style != 0 {
		made.Tag = "!!str"
	}
	x.reader.source.wrote(made, n)
	return made
}

// wrote remembers how a value is written in the file, for messages to underline.
func (s *source) wrote(made, written *yaml.Node) {
	if s.written == nil {
		s.written = map[*yaml.Node]*yaml.Node{}
	}
	s.written[made] = written
}

// maxText is how long a text can become.
const maxText = 16 << 20

// bounded is a text that ends a template when it grows too long.
type bounded struct{ strings.Builder }

func (b *bounded) Write(text []byte) (int, error) {
	if b.Len()+len(text) > maxText {
		return 0, wrong("too-large", "", "the template produces more than %d MB of text", maxText>>20)
	}
	return b.Builder.Write(text)
}

// evaluate returns what a template makes.
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

// plain refuses what a value has no use for: loops, which need not end, and templates within templates.
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

// templateProblem says what is wrong with a template.
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

// bracesRemedy says how to write braces that begin no template.
func (r *reader) bracesRemedy() string {
	if r.source.isYAML() {
		return "write templates: false at the top of the file to keep every {{ as plain text"
	}
	return `write a literal {{ as {{ "{{" }}`
}
