package seed

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// partBytes is how much of a file is parsed at a time: larger files are parsed in parallel.
const partBytes = 96 << 10

// tableLine is a line that names a table and leaves its rows to the lines below.
var tableLine = regexp.MustCompile(`^[\pL_][\pL\pN_]*:[ \t]*(#.*)?\s*$`)

// directiveLine is a line that begins a directive: what follows it belongs together. The one that every part has to
// know, templates, has to be a line of its own.
var (
	directiveLine = regexp.MustCompile(`^(?:` + strings.Join(directives, "|") + `):(?:\s|$)`)
	templatesLine = regexp.MustCompile(`^templates:[ \t]+[a-z]+[ \t]*(#.*)?\s*$`)
)

// readSource reads a file, a large one in parts. A part that has any mistake may have been cut in the wrong
// place, or may use an anchor of another part, so then the file is read again as a whole.
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

// split cuts a file before lines that begin a row: lines that begin as the first row of their table does.
// Every part begins with the line of its table. In text that spans lines, such a line may begin no row; but
// text and brackets that one part leaves open are no YAML, so a wrong cut never goes unnoticed. A file that
// is small, or not laid out in this way, has no parts.
func (s *source) split() []*source {
	if len(s.text) < 2*partBytes {
		return nil
	}
	var parts []*source
	var head []byte     // the line that is repeated in every part: templates: false
	var table []byte    // the line of the table at hand
	var rows *lineStart // how its rows begin; nil before the first
	whole := false      // no cut can be made here
	part := s.part(nil, 0)
	from, at, number := 0, 0, 0
	for line := range bytes.Lines(s.text) {
		start := startOf(line)
		switch {
		case start.blank:
		case directiveLine.Match(line):
			if len(parts) > 0 {
				return nil // the parts before did not know of it
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

// part returns a part of the file, so far with its first lines.
func (s *source) part(body []byte, shift int) *source {
	return &source{name: s.name, path: s.path, set: s.set, text: s.text, body: body, shift: shift}
}

// lineStart is how a line begins.
type lineStart struct {
	indent int
	item   bool // with a dash
	blank  bool // or a comment
}

func startOf(line []byte) lineStart {
	rest := bytes.TrimLeft(line, " ")
	blank := len(bytes.TrimSpace(rest)) == 0 || rest[0] == '#'
	return lineStart{indent: len(line) - len(rest), item: bytes.HasPrefix(rest, []byte("- ")), blank: blank}
}
