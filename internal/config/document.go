package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
)

// environmentsKey is the block of krowoc.yaml that holds one block per environment.
const environmentsKey = "environments"

// document is the parsed krowoc.yaml, before its values are read.
type document struct {
	root         *yaml.Node            // nil when the file is empty
	environments map[string]*yaml.Node // the block of each
	names        []string              // their names, in order
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// parse reads the YAML and finds the environments; ok is false when the document cannot be used.
func (r *reader) parse() (doc document, ok bool) {
	decoder := yaml.NewDecoder(strings.NewReader(r.text))
	var root, second yaml.Node
	err := decoder.Decode(&root)
	switch {
	case errors.Is(err, io.EOF):
		return doc, true
	case err == nil:
		if err = decoder.Decode(&second); err == nil {
			r.report(&second, "yaml-syntax", "multiple YAML documents in one file", "remove the --- line")
			return doc, false
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		r.syntaxError(err)
		return doc, false
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		doc.root = resolveAlias(root.Content[0])
	}
	if doc.root == nil || doc.root.ShortTag() == "!!null" {
		doc.root = nil
		return doc, true
	}
	if doc.root.Kind != yaml.MappingNode {
		r.report(doc.root, "wrong-type", FileName+" must be a mapping", "start with a line such as project: my-project")
		return doc, false
	}
	r.top = doc.root
	r.findEnvironments(&doc)
	return doc, true
}

func (r *reader) syntaxError(err error) {
	d := diag.Diagnostic{Severity: diag.Error, Code: "yaml-syntax", Position: diag.Position{File: r.file}}
	parts := yamlErrorLine.FindStringSubmatch(err.Error())
	if parts == nil {
		parts = []string{"", "", err.Error()}
	}
	d.Message = "invalid YAML: " + parts[2]
	if line, err := strconv.Atoi(parts[1]); err == nil && line <= len(r.lines) {
		d.Line, d.Source = line, r.source(line)
		d.Column = len(d.Source) - len(strings.TrimLeft(d.Source, " ")) + 1
	}
	r.mistakes = append(r.mistakes, d)
}

func (r *reader) findEnvironments(doc *document) {
	doc.environments = map[string]*yaml.Node{}
	var blocks *yaml.Node
	for i := 0; i+1 < len(doc.root.Content) && blocks == nil; i += 2 {
		if doc.root.Content[i].Value == environmentsKey {
			blocks = resolveAlias(doc.root.Content[i+1])
		}
	}
	switch {
	case blocks == nil || blocks.ShortTag() == "!!null":
	case blocks.Kind != yaml.MappingNode:
		r.report(blocks, "wrong-type", "environments must be a mapping of environments", "write development: under it, and its keys under that")
	default:
		for name, block := range r.pairs(blocks) {
			doc.environments[name.Value] = block
			doc.names = append(doc.names, name.Value)
			if s := diag.Suggest(name.Value, builtIn); s != "" && s != name.Value {
				r.report(name, "nearly-an-environment", fmt.Sprintf("%q declares a new environment", name.Value), fmt.Sprintf("did you mean %q?", s))
				r.mistakes[len(r.mistakes)-1].Severity = diag.Warning
			}
		}
	}
}
