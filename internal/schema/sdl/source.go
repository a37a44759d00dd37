package sdl

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
)

// file is one source with an index of its lines. Offsets count runes, as the GraphQL lexer does.
type file struct {
	name  string
	order int // among the sources
	text  string
	lines []line
}

// line is where a line starts, in runes and in bytes.
type line struct{ runes, bytes int }

func newFile(order int, s Source) *file {
	f := &file{name: s.Name, order: order, text: strings.TrimPrefix(s.Text, "\uFEFF"), lines: []line{{}}}
	runes := 0
	for i, r := range f.text {
		runes++
		next := i + 1
		if r == '\n' || (r == '\r' && !strings.HasPrefix(f.text[next:], "\n")) {
			f.lines = append(f.lines, line{runes: runes, bytes: next})
		}
	}
	return f
}

// place returns the line and column of an offset, from 1.
func (f *file) place(offset int) (lineNo, column int) {
	n := sort.Search(len(f.lines), func(i int) bool { return f.lines[i].runes > offset })
	return n, offset - f.lines[n-1].runes + 1
}

// lineText returns the text of a line without its end.
func (f *file) lineText(n int) string {
	end := len(f.text)
	if n < len(f.lines) {
		end = f.lines[n].bytes
	}
	return strings.TrimRight(f.text[f.lines[n-1].bytes:end], "\r\n")
}

// slice returns the text between two offsets.
func (f *file) slice(start, end int) string {
	n, column := f.place(start)
	from := f.lines[n-1].bytes
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(f.text[from:])
		from += size
	}
	to := from
	for range end - start {
		_, size := utf8.DecodeRuneInString(f.text[to:])
		to += size
	}
	return f.text[from:to]
}

// span is a stretch of a file, in runes.
type span struct {
	file         *file
	start, width int
}

// origin is where the text given to a parser starts in its file: the whole file, or one definition.
type origin struct {
	file   *file
	offset int
}

// within returns the span of an offset and width inside the string literal v, counted in runes of its
// value, which has neither the escapes nor the indentation of the literal.
func (b *builder) within(v *ast.Value, offset, width int) span {
	s := b.spanOf(v.Position)
	literal := []rune(s.file.slice(s.start, s.start+s.width))
	var at []int // offset in the value -> offset in the literal
	if v.Kind == ast.BlockValue {
		at = blockOffsets(literal, v.Raw)
	} else {
		at = stringOffsets(literal)
	}
	if offset >= len(at) {
		return span{s.file, s.start + max(0, s.width-1), 1}
	}
	end := min(offset+max(width, 1), len(at)) - 1
	return span{s.file, s.start + at[offset], at[end] - at[offset] + 1}
}

// stringOffsets maps the runes of a string's value to those of its literal, quotes included.
func stringOffsets(literal []rune) []int {
	var at []int
	for i := 1; i < len(literal)-1; i++ {
		at = append(at, i)
		if literal[i] != '\\' {
			continue
		}
		i++
		if i < len(literal) && literal[i] == 'u' {
			if i+1 < len(literal) && literal[i+1] == '{' {
				for i < len(literal) && literal[i] != '}' {
					i++
				}
			} else {
				i += 4
			}
		}
	}
	return at
}

// blockOffsets does the same for a block string, by walking its value and its literal together: the value lacks the indentation,
// the blank lines at both ends, and the backslash of \""".
func blockOffsets(literal []rune, value string) []int {
	var at []int
	i := 3
	for _, r := range value {
		for i < len(literal)-3 && !same(literal[i], r) {
			i++
		}
		at = append(at, i)
		i++
		if r == '\n' && i < len(literal) && literal[i-1] == '\r' && literal[i] == '\n' {
			i++
		}
	}
	return at
}

func same(literal, value rune) bool {
	return literal == value || (value == '\n' && literal == '\r')
}
