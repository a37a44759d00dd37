package seed

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// nameColumn is the column that names the rows.
const nameColumn = "$name"

// sheet converts a CSV file to rows by creating the equivalent YAML nodes.
type sheet struct {
	*reader
	csv     *csv.Reader
	lines   [][]byte
	table   *table
	header  []heading
	excused []string // fields whose names are probably misspelled
	lost    bool     // the first line is too incomplete to read the others
}

// heading is one column.
type heading struct {
	node  *yaml.Node
	field *field // nil for $name and for a column with a mistake
	name  bool   // $name
}

// cell is the value of a row in a column.
type cell struct {
	text   string
	quoted bool
	node   yaml.Node // with its position
}

// readCSV reads a CSV file (RFC 4180). The name of the file determines the table.
func (r *reader) readCSV() {
	s := &sheet{reader: r, csv: csv.NewReader(bytes.NewReader(r.source.text)), lines: bytes.Split(r.source.text, []byte("\n"))}
	s.csv.FieldsPerRecord = -1 // all rows with a different length are reported
	if s.table = r.tableOf(r.source.path); s.table == nil {
		name := strings.TrimSuffix(path.Base(r.source.path), path.Ext(r.source.path))
		r.report(nil, wrong("unknown-table", didYouMean(name, r.tables.names), "a CSV file is named after its table, and the schema has no table %q", node.Clip(name)))
		return
	}
	if at := notUTF8(r.source.text); at >= 0 { // spreadsheets may use other encodings
		r.report(r.source.node(at, 1), wrong("csv-syntax", "save the file as UTF-8", "this file is not valid UTF-8"))
		return
	}
	for {
		cells, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			s.syntax(err)
		case s.header == nil:
			s.heads(cells)
		case !s.lost:
			s.line(cells)
		}
	}
}

// notUTF8 returns the position of the first byte that is not UTF-8, or -1.
func notUTF8(text []byte) int {
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

var numbered = regexp.MustCompile(`^\d+[-_. ]*`)

// tableOf returns the table that a file is named after: users.csv or User.csv. The name may start with a number, and may have a suffix
// after a dot.
func (r *reader) tableOf(file string) *table {
	name := strings.TrimSuffix(path.Base(file), path.Ext(file))
	for _, name := range []string{name, numbered.ReplaceAllString(name, "")} {
		name, _, _ = strings.Cut(name, ".")
		if t := r.tables.byName[name]; t != nil {
			return t
		}
	}
	return nil
}

// next returns the cells of the next line that is not empty.
func (s *sheet) next() ([]cell, error) {
	record, err := s.csv.Read()
	if err != nil {
		return nil, err
	}
	cells := make([]cell, len(record))
	for i, text := range record {
		line, column := s.csv.FieldPos(i)
		before, at := s.lines[line-1], column-1
		c := &cells[i]
		c.text, c.quoted = text, at < len(before) && before[at] == '"'
		c.node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: line, Column: utf8.RuneCount(before[:at]) + 1}
		if c.quoted {
			c.node.Style = yaml.DoubleQuotedStyle
		}
	}
	return cells, nil
}

// syntax reports a line that is not valid CSV.
func (s *sheet) syntax(err error) {
	at := &yaml.Node{}
	var bad *csv.ParseError
	message, remedy := err.Error(), ""
	if errors.As(err, &bad) {
		at.Line, message = bad.StartLine, bad.Err.Error()
		if bad.Line == bad.StartLine && bad.Line <= len(s.lines) {
			at.Column = utf8.RuneCount(s.lines[bad.Line-1][:min(max(bad.Column-1, 0), len(s.lines[bad.Line-1]))]) + 1
		}
	}
	if errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote) {
		message, remedy = "a quote is not closed, or is inside an unquoted cell", `write "a ""quoted"" word"`
	}
	s.report(at, wrong("csv-syntax", remedy, "this is not CSV: %s", message))
}

// heads reads the first line: the names of the columns.
func (s *sheet) heads(cells []cell) {
	s.header = make([]heading, len(cells))
	seen := map[string]bool{}
	for i := range cells {
		h := &s.header[i]
		h.node = &cells[i].node
		h.node.Value = strings.TrimSpace(cells[i].text)
		name := h.node.Value
		f := s.table.fields[name]
		switch {
		case seen[name]:
			s.report(h.node, wrong("given-twice", "remove one of them", "the column %q is defined twice", name))
			continue
		case name == nameColumn:
			h.name = true
		default:
			if p := s.badHeading(f, name); p != nil {
				s.report(h.node, p)
				s.excused = append(s.excused, diag.Suggest(name, s.table.fieldNames()))
				continue
			}
			h.field = f
		}
		seen[name] = true
	}
}

func (s *sheet) badHeading(f *field, name string) *problem {
	p := notGivable(s.table, f, name)
	switch {
	case p == nil:
	case strings.ContainsAny(name, ";\t"):
		p.remedy = "separate the columns with commas"
		s.lost = true
	case f == nil && strings.HasPrefix(name, "$"):
		p.remedy = "the column of the rows' names is called " + nameColumn
		s.lost = true
	}
	return p
}

// line reads a row.
func (s *sheet) line(cells []cell) {
	name, at := "", &cells[0].node
	n := &yaml.Node{Kind: yaml.MappingNode, Line: at.Line, Column: at.Column}
	if len(cells) != len(s.header) {
		extra := &cells[min(len(cells)-1, len(s.header))].node
		s.report(extra, wrong("wrong-shape", "write a comma for an empty cell too; quote a cell that contains a comma",
			"this line has %d cells, but the first has %d", len(cells), len(s.header)))
		n = at // not a mapping: the row exists, so that references find it, but is invalid
	}
	for i, h := range s.header[:min(len(cells), len(s.header))] {
		c := &cells[i]
		if h.name && c.text != "" {
			name, at = c.text, &c.node
			if !rowName.MatchString(name) {
				s.report(at, badRowName(name))
				return
			}
		}
		if h.field != nil && n.Kind == yaml.MappingNode {
			if value := s.value(h.field, c); value != nil {
				n.Content = append(n.Content, h.node, value)
			}
		}
	}
	row := s.newRow(s.table, name, at)
	if n.Kind != yaml.MappingNode {
		row.broken = true
		return
	}
	for _, name := range s.excused {
		row.excuse(name)
	}
	s.fields(row, n)
}

// value returns the value of a cell for a field, or nil if the cell leaves the field out.
func (s *sheet) value(f *field, c *cell) *yaml.Node {
	empty := strings.TrimSpace(c.text) == ""
	switch {
	case c.text == "" && !c.quoted:
		return nil
	case c.text == "null" && !c.quoted:
		c.node.Tag = "!!null"
		return &c.node
	case isCollection(f):
		if empty {
			return nil
		}
		return s.parse(c)
	case f.Relation == nil && f.Type.Scalar == schema.String:
		return &c.node
	case empty:
		return nil
	}
	n := c.node
	n.Style, n.Value = 0, strings.TrimSpace(c.text)
	if !isText(keyOf(f.Field)) {
		n.Tag = "" // its type follows from the text, as in YAML
	}
	if c.quoted {
		s.source.wrote(&n, &c.node)
	}
	return &n
}

// isCollection reports whether a value of the field must be written in YAML.
func isCollection(f *field) bool {
	many := f.Relation != nil && f.Relation.Kind == schema.ManyToMany
	return many || f.Type.List || (f.Relation == nil && f.Type.Object != nil) || f.Type.Scalar == schema.JSON || f.Type.Scalar == schema.Vector
}

// keyOf returns the field itself, or the key of the target of a reference.
func keyOf(f *schema.Field) *schema.Field {
	for f.Relation != nil && len(f.Relation.References) == 1 && f.Relation.References[0] != f {
		f = f.Relation.References[0]
	}
	return f
}

func isText(f *schema.Field) bool {
	return f.Relation == nil && (f.Type.Scalar == schema.String || f.Type.Scalar == schema.ID)
}

// parse reads a list or JSON in a cell, and moves its nodes to their positions in the file.
func (s *sheet) parse(c *cell) *yaml.Node {
	var document, next yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(c.text))
	err := decode(decoder, &document)
	if err == nil && !errors.Is(decode(decoder, &next), io.EOF) {
		err = errors.New("more than one document")
	}
	if errors.Is(err, io.EOF) {
		return nil // a comment
	}
	if err != nil {
		s.report(&c.node, wrong("yaml-syntax", `lists and JSON are written as in YAML: "[a, b]", "{x: 1}"`, "this cell cannot be read: %s", yamlError.ReplaceAllString(err.Error(), "")))
		return nil
	}
	c.move(&document, strings.Split(c.text, "\n"))
	return node.Resolve(document.Content[0])
}

// move converts positions in the cell to positions in the file. A quote within quotes is doubled.
func (c *cell) move(n *yaml.Node, lines []string) {
	if c.quoted && n.Line > 0 && n.Line <= len(lines) {
		line := []rune(lines[n.Line-1])
		n.Column += strings.Count(string(line[:min(max(n.Column-1, 0), len(line))]), `"`)
	}
	if n.Line == 1 {
		n.Column += c.node.Column - 1
		if c.quoted {
			n.Column++
		}
	}
	n.Line += c.node.Line - 1
	for _, child := range n.Content {
		c.move(child, lines)
	}
}
