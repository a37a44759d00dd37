package config

import (
	"cmp"
	"slices"

	"gopkg.in/yaml.v3"
)

// ProtectedDatabase is the database of another environment, which is protected.
type ProtectedDatabase struct {
	Environment string
	URL         Secret
}

// protectedDatabases returns the databases of the other environments that are protected, as far as krowoc.yaml tells: a ${…} whose variable
// is not set here is left out. An environment with the same text for its URL as the chosen one does not count, since its variables may have
// other values there.
func (l *loader) protectedDatabases(doc document) (list []ProtectedDatabase) {
	own := cmp.Or(textAt(doc.environments[l.environment], "database", "url"), textAt(doc.root, "database", "url"))
	names := slices.Clone(doc.names)
	for _, name := range builtIn {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		block := doc.environments[name]
		text := cmp.Or(textAt(block, "database", "url"), textAt(doc.root, "database", "url"))
		if name == l.environment || text == "" || text == own {
			continue
		}
		r := &reader{file: l.reader.file, lines: l.reader.lines, lookup: l.variable, top: l.reader.top}
		read := func(node *yaml.Node) layer {
			into := layer{}
			if node != nil && node.Kind == yaml.MappingNode {
				r.section(node, "", into) // its mistakes are reported elsewhere
			}
			return into
		}
		values := read(doc.root)
		for path, s := range read(block) {
			values[path] = s
		}
		protected, given := values["protected"].value.(bool)
		url, _ := values["database.url"].value.(Secret)
		isProtected := protected || (!given && name == Production)
		if isProtected && url.Reveal() != "" {
			list = append(list, ProtectedDatabase{name, url})
		}
	}
	return list
}

// anyEnvironment reports whether some environment of krowoc.yaml has a value for a key.
func anyEnvironment(doc document, key ...string) bool {
	for _, block := range doc.environments {
		if textAt(block, key...) != "" {
			return true
		}
	}
	return textAt(doc.root, key...) != ""
}

// textAt returns the value of a key in a block as it is written, or "".
func textAt(block *yaml.Node, key ...string) string {
	for _, name := range key {
		if block == nil || block.Kind != yaml.MappingNode {
			return ""
		}
		var found *yaml.Node
		for i := 0; i+1 < len(block.Content); i += 2 {
			if block.Content[i].Value == name {
				found = resolveAlias(block.Content[i+1])
			}
		}
		block = found
	}
	if block == nil {
		return ""
	}
	return block.Value
}
