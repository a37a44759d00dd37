package golang

import (
	"go/format"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table collects lines whose cells gofmt aligns: the fields of a struct, or constants. A comment begins a new block.
type table struct {
	lines []line
}

// line is a row of cells, below its comment.
type line struct {
	comment string
	cells   []string
}

func (t *table) add(comment string, cells ...string) {
	t.lines = append(t.lines, line{comment, cells})
}

// write writes the lines as gofmt does, one level deep.
func (t *table) write(b *strings.Builder) {
	for start := 0; start < len(t.lines); {
		end := start + 1
		for end < len(t.lines) && t.lines[end].comment == "" {
			end++
		}
		widths := make([]int, len(t.lines[start].cells))
		for _, l := range t.lines[start:end] {
			for i, c := range l.cells {
				widths[i] = max(widths[i], utf8.RuneCountInString(c))
			}
		}
		doc(b, "\t", t.lines[start].comment)
		for _, l := range t.lines[start:end] {
			b.WriteByte('\t')
			for i, c := range l.cells {
				b.WriteString(c)
				if i < len(l.cells)-1 {
					b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+1))
				}
			}
			b.WriteByte('\n')
		}
		start = end
	}
}

// formatted returns a file in the format of gofmt. Our own code already has it; only descriptions may not, because gofmt lays out
// lists and code in comments. gofmt is slow, so it runs only for those.
func formatted(content []byte, descriptions []string) ([]byte, error) {
	if slices.ContainsFunc(descriptions, func(d string) bool { return !plain(d) }) {
		return format.Source(content)
	}
	return content, nil
}

// plain reports whether gofmt does not change a comment: it is one line that begins with a letter.
func plain(description string) bool {
	first, _ := utf8.DecodeRuneInString(description)
	return description == "" || (unicode.IsLetter(first) && !strings.ContainsAny(description, "\n\r\t") && !strings.HasSuffix(description, " "))
}
