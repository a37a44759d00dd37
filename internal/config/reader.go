package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
)

// reader turns the text of krowoc.yaml into layers and collects every mistake on the way.
type reader struct {
	file     string
	text     string
	lines    []string                    // without their ends
	lookup   func(string) (string, bool) // the variables that ${…} may name
	top      *yaml.Node                  // the top-level mapping, the only one with environments
	stronger []layer                     // the layers above, which have been read before
	mistakes diag.List
}

// lineBreak matches the line breaks of YAML 1.1, which yaml.v3 counts.
var lineBreak = regexp.MustCompile(`\r\n|[\n\r\x{85}\x{2028}\x{2029}]`)

func newReader(file, text string) *reader {
	return &reader{file: file, text: text, lines: lineBreak.Split(text, -1)}
}

// base reads the keys outside the environments block.
func (r *reader) base(doc document, stronger ...layer) layer {
	l := layer{}
	r.stronger = stronger
	if doc.root != nil {
		r.section(doc.root, "", l)
	}
	return l
}

// block reads the block of one environment. The blocks of the others are checked too, without resolving ${…}, since their
// variables are set elsewhere.
func (r *reader) block(doc document, environment string, stronger ...layer) layer {
	chosen := layer{}
	r.stronger = stronger
	for _, name := range doc.names {
		into := chosen
		if name != environment {
			into = nil
		}
		block := doc.environments[name]
		switch {
		case block.ShortTag() == "!!null":
		case block.Kind != yaml.MappingNode:
			r.report(block, "wrong-type", fmt.Sprintf("environments.%s must be a mapping", name), "write its keys under it, as at the top level of "+FileName)
		default:
			r.section(block, "", into)
		}
	}
	return chosen
}

// section reads a mapping whose keys are under prefix. With a nil layer it only checks them.
func (r *reader) section(node *yaml.Node, prefix string, into layer) {
	names := children(keys, prefix)
	for key, value := range r.pairs(node) {
		path := key.Value
		if prefix != "" {
			path = prefix + "." + path
		}
		k, isKey := lookup(keys, path)
		switch {
		case isKey:
			r.leaf(k, value, into)
		case prefix == "" && key.Value == environmentsKey && node == r.top:
		case !slices.Contains(names, key.Value):
			r.unknownKey(key, prefix, names)
		case value.ShortTag() == "!!null", r.switched(path, value, into):
		case value.Kind != yaml.MappingNode:
			r.report(value, "wrong-type", fmt.Sprintf("%s must be a mapping", path),
				"use the keys "+strings.Join(children(keys, path), ", "))
		default:
			r.section(value, path, into)
		}
	}
}

// switched reads the name of a switch in the place of its section, and reports whether it is one: `rls: enforce` is `rls: {enforce: true}`.
func (r *reader) switched(path string, value *yaml.Node, into layer) bool {
	k, isKey := lookup(keys, path+"."+value.Value)
	if !isKey || !k.Switch || value.Kind != yaml.ScalarNode {
		return false
	}
	on := *value
	on.Tag, on.Value, on.Style = "!!bool", "true", 0
	r.leaf(k, &on, into)
	return true
}

func (r *reader) unknownKey(key *yaml.Node, prefix string, names []string) {
	message := fmt.Sprintf("unknown key %q", key.Value)
	if prefix != "" {
		message += " in " + prefix
	} else {
		names = append(slices.Clone(names), environmentsKey)
	}
	remedy := "use one of " + strings.Join(names, ", ")
	if s := diag.Suggest(key.Value, names); s != "" {
		remedy = fmt.Sprintf("did you mean %q?", s)
	} else if i := slices.IndexFunc(keys, func(k Key) bool { return strings.HasSuffix(k.Path, "."+key.Value) }); i >= 0 {
		remedy = fmt.Sprintf("did you mean %q?", keys[i].Path)
	}
	r.report(key, "unknown-key", message, remedy)
}

// pairs yields the keys and values of a mapping with aliases resolved. It reports and skips keys that are not scalars and
// duplicates.
func (r *reader) pairs(node *yaml.Node) func(func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		first := map[string]*yaml.Node{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], resolveAlias(node.Content[i+1])
			if key.Kind != yaml.ScalarNode {
				r.report(key, "wrong-type", "a key must be a string", "write the key as plain text")
				continue
			}
			if before := first[key.Value]; before != nil {
				r.report(key, "duplicate-key", fmt.Sprintf("duplicate key %q", key.Value),
					fmt.Sprintf("remove this one or the one on line %d", before.Line))
				continue
			}
			first[key.Value] = key
			if !yield(key, value) {
				return
			}
		}
	}
}

func resolveAlias(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// report adds a mistake at a node.
func (r *reader) report(node *yaml.Node, code, message, remedy string) {
	d := diag.Diagnostic{Severity: diag.Error, Code: code, Message: message, Remedy: remedy,
		Position: diag.Position{File: r.file, Line: node.Line, Column: node.Column}, Source: r.source(node.Line)}
	if node.Kind == yaml.ScalarNode && node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		d.Width = len([]rune(node.Value))
	}
	r.mistakes = append(r.mistakes, d)
}

// password matches the password of a connection URL.
var password = regexp.MustCompile(`(://[^:/@\s]*:)([^\s"']+)(@)`)

// source returns a line of the file, with each character of a password replaced by a star.
func (r *reader) source(line int) string {
	if line < 1 || line > len(r.lines) {
		return ""
	}
	return password.ReplaceAllStringFunc(r.lines[line-1], func(match string) string {
		parts := password.FindStringSubmatch(match)
		if strings.HasPrefix(parts[2], "${") && strings.HasSuffix(parts[2], "}") {
			return match // only the name of a variable
		}
		return parts[1] + strings.Repeat("*", len([]rune(parts[2]))) + parts[3]
	})
}
