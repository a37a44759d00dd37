package lint

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// linesOf returns the lines of a text without line endings.
func linesOf(text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return lines
}

// statements returns the SQL statements in one statement of a goose file, which can hold several.
func statements(source migrate.SourceStatement, parsed sqltext.Parsed) ([]*statement, error) {
	place := func(offset int) (line, col int) {
		before := source.Text[:min(max(offset-parsed.Shift, 0), len(source.Text))]
		at := strings.Count(before, "\n")
		col = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		if at == 0 {
			col += source.Indent
		}
		return source.Lines[min(at, len(source.Lines)-1)], col
	}
	if bad := (*sqltext.SyntaxError)(nil); errors.As(parsed.Err, &bad) {
		line, col := place(bad.Offset)
		return []*statement{{text: source.Text, line: line, col: col, place: place, err: bad}}, nil
	}
	var list []*statement
	for _, tree := range parsed.Stmts {
		begin := max(int(tree.StmtLocation)-parsed.Shift, 0)
		end := min(int(tree.StmtLocation+tree.StmtLen)-parsed.Shift, len(source.Text))
		if tree.StmtLen == 0 {
			end = len(source.Text)
		}
		begin += blankLength(source.Text[begin:end])
		s := &statement{node: tree.Stmt, text: strings.TrimRight(source.Text[begin:end], " \t\r\n;"), place: place, base: begin + parsed.Shift}
		s.line, s.col = place(s.base)
		list = append(list, s)
	}
	return list, parsed.Err
}

// blankLength returns the length of the leading white space and comments in sql.
func blankLength(sql string) int {
	at := 0
	for at < len(sql) {
		n, blank := sqltext.Token(sql[at:])
		if !blank || n < 0 {
			break
		}
		at += n
	}
	return at
}

// maxIdent is the length in bytes to which Postgres truncates names.
const maxIdent = 63

// longNames returns the names that Postgres would truncate, by offset. In the syntax tree they are already truncated.
func longNames(sql string) map[int]string {
	found := map[int]string{}
	for at := 0; at < len(sql); {
		n, blank := sqltext.Token(sql[at:])
		if n < 0 {
			break
		}
		name := sql[at : at+n]
		if c := name[0]; !blank && n > maxIdent && (c == '"' || c == '_' || c >= 0x80 || (c|0x20 >= 'a' && c|0x20 <= 'z')) {
			name = sqltext.Unquote(name)
			if len(name) > maxIdent && !strings.HasPrefix(strings.ToLower(name), "e'") {
				found[at] = name
			}
		}
		at += n
	}
	return found
}

// command returns the offset of the n-th command of an ALTER TABLE. Commas separate commands. The offset of the first is that
// of the statement itself.
func (s *statement) command(n int) int {
	at, depth := 0, 0
	for n > 0 && at < len(s.text) {
		length, _ := sqltext.Token(s.text[at:])
		if length < 0 {
			return s.base
		}
		switch s.text[at : at+length] {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		case ",":
			if depth == 0 {
				n--
			}
		}
		at += length
	}
	return s.base + at + blankLength(s.text[at:])
}

// endOfExpression are the tokens that end the default of a column.
var endOfExpression = map[string]bool{",": true, ";": true, "not": true, "null": true, "check": true, "unique": true, "primary": true,
	"references": true, "constraint": true, "generated": true, "collate": true}

// expression returns the expression after the first word at or after an offset in the source. With parenthesis it is the
// parenthesized expression; otherwise a token of endOfExpression ends it. It is "…" if the word is missing.
func (s *statement) expression(offset int, word string, parenthesis bool) string {
	at, depth, begin := max(offset-s.base, 0), 0, -1
	for at < len(s.text) {
		length, blank := sqltext.Token(s.text[at:])
		if length < 0 {
			break
		}
		token := strings.ToLower(s.text[at : at+length])
		switch {
		case blank:
		case begin < 0:
			if token == word {
				begin = at + length
			}
		case token == "(" || token == "[":
			depth++
		case token == ")" || token == "]":
			if depth--; depth < 0 || (depth == 0 && parenthesis) {
				return strings.TrimSpace(s.text[begin : at+min(length, 1+depth)])
			}
		case depth == 0 && endOfExpression[token]:
			return strings.TrimSpace(s.text[begin:at])
		}
		at += length
	}
	if begin < 0 {
		return "…"
	}
	return strings.TrimSpace(s.text[begin:])
}
