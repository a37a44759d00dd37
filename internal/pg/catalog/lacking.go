package catalog

import (
	"slices"
	"strings"
)

// Lacking lists what a database lacks of a change, which turns one database into another. What else differs in the database has nothing to
// do with the change, even in a table that the change touches.
func Lacking(before, after, actual *Catalog) (list []Difference) {
	changed := map[string][]string{} // the parts of each object that the change touches
	for _, d := range Compare(before, after) {
		for _, l := range d.Lines {
			if l.Change != Same {
				changed[d.Kind+" "+d.Name] = append(changed[d.Kind+" "+d.Name], partOf(d.Kind, l.Text))
			}
		}
		if len(d.Lines) == 0 { // an object without lines, such as a schema, comes or goes
			changed[d.Kind+" "+d.Name] = nil
		}
	}
	for _, d := range Compare(after, actual) {
		parts, isChanged := changed[d.Kind+" "+d.Name]
		if !isChanged {
			continue
		}
		var lines []Line
		for _, l := range d.Lines {
			if l.Change != Same && slices.Contains(parts, partOf(d.Kind, l.Text)) {
				lines = append(lines, l)
			}
		}
		if len(lines) > 0 || len(d.Lines) == 0 {
			list = append(list, Difference{d.Kind, d.Name, lines, d.change})
		}
	}
	return list
}

// partOf returns what a line of an object describes: the column or the constraint with its name, an option of a table by its first word, and
// else the line itself.
func partOf(kind, line string) string {
	if kind != "table" {
		return line
	}
	words := strings.SplitN(line, " ", 3)
	switch words[0] {
	case "column", "constraint":
		return strings.Join(words[:min(len(words), 2)], " ")
	case "grant":
		return line
	}
	return words[0]
}
