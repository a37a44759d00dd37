package seed

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// partBytes is the size of the parts of a large file, which are parsed in parallel.
const partBytes = 96 << 10

// tableLine matches a line with the name of a table and without rows.
var tableLine = regexp.MustCompile(`^[\pL_][\pL\pN_]*:[ \t]*(#.*)?\s*$`)

// directiveLine matches the first line of a directive. A directive is not split. The directive templates must be a single line, since it is
// repeated in every part.
var (
	directiveLine = regexp.MustCompile(`^(?:` + strings.Join(directives, "|") + `):(?:\s|$)`)
	templatesLine = regexp.MustCompile(`^templates:[ \t]+[a-z]+[ \t]*(#.*)?\s*$`)
)

// readSource reads a file. It reads a large file in parts. If a part has a mistake, it reads the whole file again, since the file may have
// been split in the wrong place, or the part may use an anchor of another part.
func readSource(in inputs, s *source) *reader {
	whole := &reader{source: s, inputs: in, verbatim: !bytes.Contains(s.text, []byte("{{"))}
	switch path.Ext(s.path) {
	case ".csv":
		whole.readCSV()
		return whole
	case ".sql":
		whole.readSQL()
		return whole
	}
	parts := s.split()
	if len(parts) < 2 {
		whole.read()
		return whole
	}
	readers := make([]*reader, len(parts))
	var group sync.WaitGroup
	for i, part := range parts {
		readers[i] = &reader{source: part, inputs: in, verbatim: whole.verbatim}
		group.Go(readers[i].read)
	}
	group.Wait()
	for _, r := range readers {
		if len(r.mistakes) > 0 {
			whole.rows, whole.recipes = nil, nil
			whole.read()
			return whole
		}
		whole.rows = append(whole.rows, r.rows...)
		whole.recipes = append(whole.recipes, r.recipes...)
	}
	return whole
}

// split splits a file before lines that start a row, which are lines that start like the first row of their table. Every part starts with
// the line of its table. A line within a multi-line text can look the same, but a part with unterminated text or brackets is invalid YAML,
// so a wrong split is always noticed. split returns nil for a small file or one with another layout.
func (s *source) split() []*source {
	if len(s.text) < 2*partBytes {
		return nil
	}
	var parts []*source
	var head []byte     // the line templates: false, which is repeated in every part
	var table []byte    // the line of the current table
	var rows *lineStart // the start of its rows; nil before the first row
	whole := false      // splitting is not possible here
	part := s.part(nil, 0)
	from, at, number := 0, 0, 0
	for line := range bytes.Lines(s.text) {
		start := startOf(line)
		switch {
		case start.blank:
		case directiveLine.Match(line):
			if len(parts) > 0 {
				return nil // the previous parts do not contain it
			}
			if templatesLine.Match(line) {
				head = slices.Concat(bytes.TrimRight(line, "\r\n"), []byte("\n"))
			} else if bytes.HasPrefix(line, []byte("templates")) {
				return nil
			}
			table, rows, whole = line, nil, true
		case tableLine.Match(line):
			table, rows, whole = line, nil, false
		case table == nil, start.indent == 0 && !start.item:
			return nil
		case rows == nil:
			rows = &start
		case start == *rows && at-from > partBytes && !whole:
			part.body = append(part.body, s.text[from:at]...)
			parts = append(parts, part)
			part = s.part(slices.Concat(head, table), number-1-bytes.Count(head, []byte("\n")))
			from = at
		}
		at += len(line)
		number++
	}
	part.body = append(part.body, s.text[from:]...)
	return append(parts, part)
}

// part returns a new part of the file with its first lines.
func (s *source) part(body []byte, shift int) *source {
	return &source{name: s.name, path: s.path, set: s.set, text: s.text, body: body, shift: shift}
}

// lineStart is the start of a line.
type lineStart struct {
	indent int
	item   bool // with a dash
	blank  bool // blank, or a comment
}

func startOf(line []byte) lineStart {
	rest := bytes.TrimLeft(line, " ")
	blank := len(bytes.TrimSpace(rest)) == 0 || rest[0] == '#'
	return lineStart{indent: len(line) - len(rest), item: bytes.HasPrefix(rest, []byte("- ")), blank: blank}
}
