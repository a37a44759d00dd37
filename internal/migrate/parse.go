package migrate

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// A script is a migration file, split into statements exactly as goose splits it.
type script struct {
	up, down      []statement
	noTransaction bool
	directives
}

// statement is the SQL of one statement as it is written, and the number in the file of each of its lines.
type statement struct {
	text   string
	lines  []int
	envsub []bool // whether variables in the line are to be substituted
	// indent is how much of the first line was trimmed away, in runes.
	indent int
}

// statements returns those of one direction, as they are sent: as pieces.
func (s *script) statements(d Direction) []statement {
	if d == Down {
		return pieces(s.down)
	}
	return pieces(s.up)
}

// mistake is an error in the format of a file.
type mistake struct {
	line            int // 0 for the line that was being read
	message, remedy string
}

// place is the parser's position in the structure of a file.
type place int

const (
	beforeUp   place = iota // nothing but comments yet
	plain                   // a statement ends with the line that ends with a semicolon
	block                   // between StatementBegin and StatementEnd
	afterBlock              // StatementEnd has been read, and its statement is not stored yet
)

type parser struct {
	script
	place   place
	section Direction // of the section, once place is past beforeUp
	buffer  []string  // the lines of the statement being read
	lines   []int
	envsub  []bool
	on      bool // ENVSUB is
}

// parse reads a migration in goose's format (https://pressly.github.io/goose/documentation/annotations/).
// Variables of ENVSUB stay as they are written.
func parse(text string) (*script, *mistake) {
	var p parser
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if m := p.line(n, line); m != nil {
			m.line = cmp.Or(m.line, n)
			return nil, m
		}
	}
	switch p.place {
	case beforeUp:
		return nil, &mistake{1, "the file has no `-- +goose Up`", "add the line `-- +goose Up` at the top"}
	case block:
		return nil, &mistake{n, "`-- +goose StatementBegin` has no StatementEnd", "end the statement with the line `-- +goose StatementEnd`"}
	}
	if m := p.unfinished(); m != nil {
		return nil, m
	}
	return &p.script, nil
}

func (p *parser) line(n int, line string) *mistake {
	trimmed := strings.TrimSpace(line)
	comment := strings.HasPrefix(trimmed, "--")
	if p.place == beforeUp && trimmed == "" {
		return nil
	}
	if m := p.directive(trimmed); m != nil {
		return m
	}
	if comment && strings.Contains(line, "+goose") {
		if done, m := p.annotation(line); done || m != nil {
			return m
		}
	}
	if len(p.buffer) == 0 && (comment || line == "") {
		return nil // between statements
	}
	switch p.place {
	case beforeUp:
		return &mistake{message: "SQL before `-- +goose Up`", remedy: "put the line `-- +goose Up` above it"}
	case afterBlock:
		if len(p.buffer) == 0 { // an empty block: goose drops the line after it, and sends nothing in its place
			p.lines, p.envsub = []int{n}, []bool{false}
		}
		p.store()
		p.place = plain
	case block, plain:
		p.buffer, p.lines, p.envsub = append(p.buffer, line), append(p.lines, n), append(p.envsub, p.on)
		if p.place == plain && endsStatement(line) && !p.inComment() {
			p.store()
		}
	}
	return nil
}

// annotation handles a `-- +goose` line. It reports whether the line needs no more handling.
func (p *parser) annotation(line string) (done bool, m *mistake) {
	name, m := annotationName(line)
	if m != nil {
		return false, m
	}
	switch name {
	case "up":
		if p.place != beforeUp {
			return false, &mistake{message: "duplicate `-- +goose Up`", remedy: "a file has one Up section, followed by one Down section"}
		}
		p.place, p.section = plain, Up
	case "down":
		if p.section != Up || p.place == block {
			return false, &mistake{message: "`-- +goose Down` in the wrong place", remedy: "put it once, after the statements of `-- +goose Up`"}
		}
		if m := p.unfinished(); m != nil {
			return false, m
		}
		p.place, p.section = plain, Down
		p.buffer, p.lines, p.envsub = nil, nil, nil
	case "statementbegin":
		if p.place == beforeUp || p.place == block {
			return false, &mistake{message: "`-- +goose StatementBegin` in the wrong place", remedy: "put it after Up or Down, and after the StatementEnd of the previous block"}
		}
		p.place = block
	case "statementend":
		if p.place != block {
			return false, &mistake{message: "`-- +goose StatementEnd` without StatementBegin", remedy: "put the line `-- +goose StatementBegin` above the statement"}
		}
		p.place = afterBlock
		return false, nil // the line itself stores the statement
	case "no transaction":
		p.noTransaction = true
	case "envsub on", "envsub off":
		p.on = name == "envsub on"
	}
	return true, nil
}

// annotationName returns the annotation of a `-- +goose` line in lower case.
func annotationName(line string) (string, *mistake) {
	const remedy = "use one of these after `-- +goose`: Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON or ENVSUB OFF"
	if line[0] == ' ' || line[0] == '\t' {
		return "", &mistake{message: "space before `-- +goose`", remedy: "begin the line with `-- +goose`"}
	}
	name := strings.Replace(strings.ReplaceAll(line, "--", ""), "+goose", "", 1)
	name = strings.TrimSpace(name)
	for _, known := range []string{"up", "down", "statementbegin", "statementend", "no transaction", "envsub on", "envsub off"} {
		if strings.EqualFold(name, known) {
			return known, nil
		}
	}
	return "", &mistake{message: "the annotation `+goose " + name + "` is unknown", remedy: remedy}
}

// store ends the statement in the buffer.
func (p *parser) store() {
	text := strings.Join(p.buffer, "\n")
	rest := strings.TrimLeftFunc(text, unicode.IsSpace)
	skipped := text[:len(text)-len(rest)]
	above := strings.Count(skipped, "\n")
	s := statement{text: strings.TrimRightFunc(rest, unicode.IsSpace), lines: p.lines[above:], envsub: p.envsub[above:]}
	s.indent = len([]rune(skipped[strings.LastIndexByte(skipped, '\n')+1:]))
	if p.section == Up {
		p.up = append(p.up, s)
	} else {
		p.down = append(p.down, s)
	}
	p.buffer, p.lines, p.envsub = nil, nil, nil
}

// unfinished reports a statement that lacks its semicolon. Comments may follow the last statement, which goose refuses.
func (p *parser) unfinished() *mistake {
	if text := strings.Join(p.buffer, "\n"); sqltext.Closed(text) {
		switch sql := sqltext.Normalise(text); {
		case sql == "":
			p.buffer, p.lines, p.envsub = nil, nil, nil
		case strings.HasSuffix(sql, ";") && p.place == plain:
			p.store()
		}
	}
	for i, line := range p.buffer {
		if strings.TrimSpace(line) != "" {
			return &mistake{p.lines[i], "this statement has no semicolon", "end its last line with a semicolon, or put it between StatementBegin and StatementEnd"}
		}
	}
	return nil
}

// inComment reports whether the buffer ends within a block comment. Goose would end the statement in it, which is never valid.
func (p *parser) inComment() bool {
	text := strings.Join(p.buffer, "\n")
	if !strings.Contains(text, "/*") {
		return false
	}
	for len(text) > 0 {
		n, _ := sqltext.Token(text)
		if n < 0 {
			return strings.HasPrefix(text, "/*")
		}
		text = text[n:]
	}
	return false
}

// endsStatement reports whether the last word before a comment ends with a semicolon.
func endsStatement(line string) bool {
	last := ""
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}
