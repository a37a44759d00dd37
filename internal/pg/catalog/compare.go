package catalog

import (
	"slices"
	"strings"
)

// Difference is an object that differs between two databases.
type Difference struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Lines []Line `json:"lines"` // the whole definition, each line with its change

	change Change // of the object as a whole; one without lines, such as a schema, may come, go or get lines
}

// Line is a line of a definition.
type Line struct {
	Change Change `json:"change"`
	Text   string `json:"text"`
}

// Change is the change of an object or a line.
type Change string

// The changes.
const (
	Same    Change = " "
	Removed Change = "-"
	Added   Change = "+"
)

// Compare lists the differences between two databases.
func Compare(before, after *Catalog) []Difference {
	a, b := before.Objects(), after.Objects()
	var list []Difference
	for len(a) > 0 || len(b) > 0 {
		switch order := compareHeads(a, b); {
		case order < 0:
			list = append(list, Difference{a[0].Kind, a[0].Name, all(Removed, a[0].Lines), Removed})
			a = a[1:]
		case order > 0:
			list = append(list, Difference{b[0].Kind, b[0].Name, all(Added, b[0].Lines), Added})
			b = b[1:]
		default:
			if !slices.Equal(a[0].Lines, b[0].Lines) {
				list = append(list, Difference{a[0].Kind, a[0].Name, diff(a[0].Lines, b[0].Lines), Same})
			}
			a, b = a[1:], b[1:]
		}
	}
	return list
}

// compareHeads compares the first elements of two sorted lists. An empty list comes last.
func compareHeads(a, b []Object) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	case a[0].Kind != b[0].Kind:
		return strings.Compare(a[0].Kind, b[0].Kind)
	}
	return strings.Compare(a[0].Name, b[0].Name)
}

func all(change Change, lines []string) []Line {
	out := make([]Line, len(lines))
	for i, line := range lines {
		out[i] = Line{change, line}
	}
	return out
}

// diff returns the shortest edit that turns one list of lines into another. It finds their longest common subsequence.
func diff(a, b []string) []Line {
	length := make([][]int, len(a)+1) // of the longest common subsequence of a[i:] and b[j:]
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if length[i][j] = max(length[i+1][j], length[i][j+1]); a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var out []Line
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Line{Same, a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || length[i+1][j] >= length[i][j+1]):
			out = append(out, Line{Removed, a[i]})
			i++
		default:
			out = append(out, Line{Added, b[j]})
			j++
		}
	}
	return out
}

// String renders the difference like a unified diff, without unchanged lines.
func (d Difference) String() string {
	var out strings.Builder
	out.WriteString(string(d.change) + " " + d.Kind + " " + d.Name)
	for _, l := range d.Lines {
		if l.Change != Same {
			out.WriteString("\n" + string(l.Change) + "     " + l.Text)
		}
	}
	return out.String()
}
