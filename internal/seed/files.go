package seed

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
)

// source is one fixture file, or a part of one.
type source struct {
	name  string // in messages: seeds/dev/users.yaml
	path  string // relative to the seeds folder: dev/users.yaml
	set   string // that contains the file
	text  []byte // of the whole file
	body  []byte // of the part that is parsed
	shift int    // the difference between line numbers of the file and of the body

	written map[*yaml.Node]*yaml.Node // the original nodes of values that templates have replaced
}

func newSource(name string, text []byte) *source {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // a byte order mark, which some editors add
	return &source{name: name, path: name, text: text, body: text}
}

func (s *source) isYAML() bool { return path.Ext(s.path) == ".yaml" || path.Ext(s.path) == ".yml" }

// line returns the text of a line of the file, counted from 1.
func (s *source) line(n int) string {
	rest := s.text
	for ; n > 1; n-- {
		_, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			return ""
		}
		rest = after
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r")
}

// at returns the diagnostic of a problem at a node of the file.
func (s *source) at(n *yaml.Node, p *problem) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: p.code, Message: p.message, Remedy: p.remedy,
		Position: diag.Position{File: s.name}}
	if p.node != nil {
		n = p.node
	}
	if n == nil || n.Line == 0 {
		return d
	}
	if written := s.written[n]; written != nil {
		n = written
	}
	d.Line, d.Column, d.Source = n.Line+s.shift, n.Column, s.line(n.Line+s.shift)
	if n.Kind == yaml.ScalarNode {
		d.Width = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			d.Width += 2
		}
	}
	return d
}

// problem is a mistake without a position. It applies to the current node, or to node if that is set.
type problem struct {
	code, message, remedy string
	node                  *yaml.Node
}

func (p *problem) Error() string { return p.message }

// wrong returns a problem with a formatted message.
func wrong(code, remedy, format string, args ...any) *problem {
	return &problem{code: code, message: fmt.Sprintf(format, args...), remedy: remedy}
}

// didYouMean returns a remedy with the most similar candidate, or with all candidates if none is similar.
func didYouMean(word string, candidates []string) string {
	if near := diag.Suggest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(candidates) == 0 {
		return ""
	}
	const most = 12
	if len(candidates) > most {
		candidates = append(candidates[:most:most], "…")
	}
	return "there are: " + strings.Join(candidates, ", ")
}
