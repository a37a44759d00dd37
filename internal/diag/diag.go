// Package diag describes mistakes in source files (schema, configuration, seeds, migrations): the position, what is wrong, and what to
// write instead. A function that reads a file returns all mistakes in it as a List.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/fault"
)

// Position is a position in a file. Line and Column count from 1, and columns are in runes. A Line of 0 means the whole file.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String returns file:line:column, which editors and terminals recognize.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity distinguishes errors from warnings and notes.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Diagnostic is a mistake, a warning or a note.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, kebab-case: unknown-directive
	Position
	Width   int    `json:"width,omitempty"`  // runes to underline; 0 means 1
	Source  string `json:"source,omitempty"` // the text of the line without the line end
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"` // what to write instead
}

// String renders the diagnostic like a compiler, without colour: the position and the message, the line with a caret below it, and the
// remedy.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", d.Position, d.Severity, d.Message)
	if d.Line > 0 && d.Source != "" {
		source, caret := d.Snippet()
		gutter := fmt.Sprintf("%5d | ", d.Line)
		fmt.Fprintf(&b, "\n%s%s\n%s| %s", gutter, source, strings.Repeat(" ", len(gutter)-2), caret)
	}
	if d.Remedy != "" {
		fmt.Fprintf(&b, "\n      = %s", d.Remedy)
	}
	return b.String()
}

// snippetWidth is the maximum number of runes of a line in a snippet.
const snippetWidth = 120

// Snippet returns the source line and the line with carets that belongs below it. It replaces tabs by spaces, and shortens a long line
// around the mistake.
func (d Diagnostic) Snippet() (source, caret string) {
	line := []rune(strings.ReplaceAll(strings.ToValidUTF8(d.Source, "\uFFFD"), "\t", " "))
	at := min(max(d.Column-1, 0), len(line))
	width := max(d.Width, 1)
	if from := at - snippetWidth/2; len(line) > snippetWidth && from > 0 {
		line, at = append([]rune("…"), line[from:]...), at-from+1
	}
	if len(line) > snippetWidth {
		line = append(line[:snippetWidth:snippetWidth], '…')
	}
	width = max(1, min(width, len(line)-at))
	return string(line), strings.Repeat(" ", at) + strings.Repeat("^", width)
}

// List is a list of diagnostics. As an error it prints all of them.
type List []Diagnostic

// Error renders the whole list.
func (l List) Error() string {
	parts := make([]string, len(l))
	for i, d := range l {
		parts[i] = d.String()
	}
	return strings.Join(parts, "\n")
}

// Errors returns the number of diagnostics with the severity Error.
func (l List) Errors() int {
	n := 0
	for _, d := range l {
		if d.Severity == Error {
			n++
		}
	}
	return n
}

// Sort orders the list by file and position.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Err returns nil if the list contains no errors, and otherwise a fault with the code invalid that wraps the list. op describes what was
// read.
func (l List) Err(op string) error {
	n := l.Errors()
	if n == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Op: op, Message: Count(n, "mistake"), Err: l}
}

// Count returns a number with its noun: 1 file, 2 files.
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Suggest returns the candidate with the smallest edit distance to word, or the only candidate that starts with word. It returns "" if no
// candidate is similar enough.
func Suggest(word string, candidates []string) string {
	best, bestDistance := "", max(1, utf8.RuneCountInString(word)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best != "" || len(word) < 2 {
		return best
	}
	for _, c := range candidates {
		switch {
		case !strings.HasPrefix(strings.ToLower(c), strings.ToLower(word)):
		case best != "":
			return ""
		default:
			best = c
		}
	}
	return best
}

// distance is the optimal string alignment distance: the Levenshtein distance, with a swap of adjacent runes as one edit.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		next := make([]int, len(t)+1)
		next[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(t)]
}
