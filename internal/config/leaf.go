package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
)

// leaf reads the value of one key. With a nil layer, or for a key that a stronger layer sets, it only checks the value and does
// not resolve ${…}.
func (r *reader) leaf(k Key, node *yaml.Node, into layer) {
	live := into != nil && !slices.ContainsFunc(r.stronger, func(l layer) bool { _, given := l[k.Path]; return given })
	before := len(r.mistakes)
	var value any
	switch {
	case node.ShortTag() == "!!null":
		r.report(node, "no-value", k.Path+" has no value", "write a value, or remove the key to use its default")
	case k.Kind == Objects:
		value = r.objects(k, node, live)
	case k.Kind == List && node.Kind == yaml.SequenceNode:
		value = r.list(k, node, live)
	default:
		value = r.scalar(k, node, live)
	}
	if live && len(r.mistakes) == before {
		s := setting{value: value, origin: Origin{Source: FromFile, File: r.file, Line: node.Line}}
		if k.Kind == Objects {
			for _, item := range node.Content {
				s.lines = append(s.lines, item.Line)
			}
		}
		into[k.Path] = s
	}
}

func (r *reader) list(k Key, node *yaml.Node, live bool) []string {
	items := []string{}
	for _, item := range node.Content {
		element := Key{Path: "each item of " + k.Path, Kind: Text}
		if s, ok := r.scalar(element, resolveAlias(item), live).(string); ok {
			items = append(items, s)
		}
	}
	return items
}

func (r *reader) objects(k Key, node *yaml.Node, live bool) []map[string]any {
	if node.Kind != yaml.SequenceNode {
		r.report(node, "wrong-type", k.Path+" must be a list", "start each item with a dash, for example - name: …")
		return nil
	}
	var names []string
	for _, item := range k.Items {
		names = append(names, item.Path)
	}
	var all []map[string]any
	for _, element := range node.Content {
		element = resolveAlias(element)
		if element.Kind != yaml.MappingNode {
			r.report(element, "wrong-type", "each item of "+k.Path+" must be a mapping", "use the keys "+strings.Join(names, ", "))
			continue
		}
		all = append(all, r.object(k, element, names, live))
	}
	return all
}

func (r *reader) object(k Key, node *yaml.Node, names []string, live bool) map[string]any {
	object := map[string]any{}
	for key, value := range r.pairs(node) {
		item, ok := lookup(k.Items, key.Value)
		if !ok {
			r.unknownKey(key, k.Path, names)
			continue
		}
		item.Path = k.Path + "." + item.Path
		if value = resolveAlias(value); item.Kind == List && value.Kind == yaml.SequenceNode {
			object[key.Value] = r.list(item, value, live)
		} else {
			object[key.Value] = r.scalar(item, value, live)
		}
	}
	for _, item := range k.Items {
		_, given := object[item.Path]
		switch {
		case given:
		case item.Required:
			r.report(node, "missing-key", fmt.Sprintf("missing key %q in an item of %s", item.Path, k.Path), "add "+item.Path+": …")
		case item.Default != "":
			object[item.Path], _ = item.parse(item.Default) // a test parses every default
		}
	}
	return object
}

// tags describes the YAML types for messages.
var tags = map[string]string{"!!str": "a string", "!!int": "a number", "!!float": "a number", "!!bool": "true or false",
	"!!timestamp": "a date", "!!null": "null", "!!binary": "binary data", "!!map": "a mapping", "!!seq": "a list"}

// scalar reads a single value; live tells whether to resolve ${…}.
func (r *reader) scalar(k Key, node *yaml.Node, live bool) any {
	if node.Kind != yaml.ScalarNode {
		r.wrong(k, node, &badValue{want: "must be " + article(k.Kind)})
		return nil
	}
	text, found := node.Value, false
	if node.ShortTag() == "!!str" {
		lookup := r.lookup
		if !live {
			lookup = func(string) (string, bool) { return "", true }
		}
		var err error
		if text, found, err = interpolate(node.Value, lookup); err != nil {
			r.badReference(node, err)
			return nil
		}
	}
	if found && !live {
		return nil
	}
	if bad := k.typeMistake(node); bad != nil && !found {
		r.wrong(k, node, bad)
		return nil
	}
	value, err := k.parse(text)
	if err != nil {
		r.wrong(k, node, asBadValue(err))
		return nil
	}
	return value
}

// typeMistake compares the YAML type of a node with the type of the key.
func (k Key) typeMistake(node *yaml.Node) *badValue {
	tag := node.ShortTag()
	found := tags[tag]
	if found == "" {
		found = tag
	}
	switch k.Kind {
	case Int:
		if tag != "!!int" {
			return &badValue{fmt.Sprintf("must be %s, not %s", article(k.Kind), found), "write digits without quotes"}
		}
	case Bool:
		if tag != "!!bool" {
			return &badValue{fmt.Sprintf("must be true or false, not %s", found), "write true or false, without quotes"}
		}
	case Ratio:
		if tag != "!!int" && tag != "!!float" {
			return &badValue{fmt.Sprintf("must be %s, not %s", article(k.Kind), found), "write digits without quotes"}
		}
	case Size:
		if tag != "!!str" && tag != "!!int" {
			return &badValue{fmt.Sprintf("must be a size, not %s", found), "write a size such as 512KiB, 1MiB or 10MB"}
		}
	case List:
		return &badValue{fmt.Sprintf("must be a list, not %s", found), "write each item on its own line after a dash, or write [a, b]"}
	case Duration:
		if tag != "!!str" && tag != "!!int" { // a bare number gets its own remedy from parse
			return &badValue{fmt.Sprintf("must be a duration, not %s", found), "write a duration such as 500ms, 30s or 1m30s"}
		}
	default:
		if tag != "!!str" {
			return &badValue{fmt.Sprintf("must be a string, not %s", found), "put the value in quotes"}
		}
	}
	return nil
}

func article(kind Kind) string {
	switch kind {
	case Text, SecretText:
		return "a string"
	case Int, Address:
		return "an " + string(kind)
	case Bool:
		return string(kind)
	}
	return "a " + string(kind)
}

// wrong reports an invalid value. The line of a secret is not shown.
func (r *reader) wrong(k Key, node *yaml.Node, bad *badValue) {
	r.report(node, "wrong-value", k.Path+" "+bad.want, bad.remedy)
	if k.Kind == SecretText {
		r.mistakes[len(r.mistakes)-1].Source = ""
	}
}

// badReference reports a ${…} at its position within the line.
func (r *reader) badReference(node *yaml.Node, err error) {
	var bad *badReference
	if !errors.As(err, &bad) {
		bad = &badReference{message: err.Error()}
	}
	r.report(node, "bad-reference", bad.message, bad.remedy)
	d := &r.mistakes[len(r.mistakes)-1]
	runes := []rune(d.Source)
	if at := min(max(d.Column-1, 0), len(runes)); bad.reference != "" {
		if before, _, ok := strings.Cut(string(runes[at:]), bad.reference); ok {
			d.Column, d.Width = at+len([]rune(before))+1, len([]rune(bad.reference))
		}
	}
}

// mistake is a diagnostic about a value outside krowoc.yaml: a variable or a flag.
func (k Key) mistake(origin Origin, bad *badValue) diag.Diagnostic {
	at, subject := diag.Position{File: origin.Name}, k.Path
	if origin.File != "" {
		at, subject = diag.Position{File: origin.File, Line: origin.Line}, origin.Name
	}
	return diag.Diagnostic{Severity: diag.Error, Code: "wrong-value", Position: at, Message: subject + " " + bad.want, Remedy: bad.remedy}
}
