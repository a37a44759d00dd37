package sdl

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// read parses one source into definitions. If it does not parse as a whole, each definition is parsed on its own, so that one
// syntax error does not hide other mistakes.
func (b *builder) read(s Source) {
	f := newFile(len(b.files), s)
	b.files = append(b.files, f)
	if b.parse(f, chunk{text: f.text}) == nil {
		b.checkEncoding(f)
		return
	}
	reported := false
	for _, c := range split(f) {
		if err := b.parse(f, c); err != nil {
			b.syntaxError(f, c, err)
			b.broken[c.name] = true
			reported = true
		}
	}
	if !reported { // each part is valid and the whole is not: report the error of the whole
		b.syntaxError(f, chunk{text: f.text}, b.parse(f, chunk{text: f.text}))
	}
}

// checkEncoding reports a string that is not UTF-8, which the lexer accepts. In a comment it does no harm.
func (b *builder) checkEncoding(f *file) {
	if utf8.ValidString(f.text) {
		return
	}
	lex := lexer.New(&ast.Source{Input: f.text})
	for token, err := lex.ReadToken(); err == nil && token.Kind != lexer.EOF; token, err = lex.ReadToken() {
		if token.Kind != lexer.Comment && !utf8.ValidString(f.slice(token.Pos.Start, token.Pos.End)) {
			b.report(codeSyntax, span{file: f, start: token.Pos.Start, width: 1}, lowerFirst(notUTF8), syntaxRemedy(notUTF8))
			return
		}
	}
}

// chunk is the text of one definition: where it starts in its file, and the name it defines.
type chunk struct {
	text  string
	runes int
	name  string
}

// parse adds the definitions of a chunk to the builder.
func (b *builder) parse(f *file, c chunk) error {
	src := &ast.Source{Name: f.name, Input: c.text}
	doc, err := parser.ParseSchema(src)
	if err != nil {
		return err
	}
	b.origins[src] = origin{f, c.runes}
	b.defs = append(b.defs, doc.Definitions...)
	b.unsupported(doc)
	return nil
}

// syntaxError reports what stopped the parser.
func (b *builder) syntaxError(f *file, c chunk, err error) {
	at := span{file: f, start: c.runes, width: 1}
	message := err.Error()
	var g *gqlerror.Error
	if errors.As(err, &g) {
		message = g.Message
		if len(g.Locations) > 0 {
			first, _ := f.place(c.runes)
			n := min(first+max(g.Locations[0].Line, 1)-1, len(f.lines))
			column := max(g.Locations[0].Column, 1) - 1
			if max(g.Locations[0].Line, 1) == 1 {
				column += c.runes - f.lines[first-1].runes
			}
			at.start = f.lines[n-1].runes + min(column, len([]rune(f.lineText(n))))
		}
	}
	if problem, offset := lexError(c.text); problem != "" {
		message, at.start = problem, c.runes+offset
	}
	b.report(codeSyntax, at, lowerFirst(message), syntaxRemedy(message))
}

// lexError returns the problem with the first invalid token and its offset, which the parser does not report.
func lexError(text string) (message string, offset int) {
	lex := lexer.New(&ast.Source{Input: text})
	for {
		token, err := lex.ReadToken()
		var g *gqlerror.Error
		if errors.As(err, &g) {
			runes := []rune(text)
			at := min(token.Pos.Start, max(0, len(runes)-1))
			for n := 0; n < 3 && at > 0 && runes[at-1] == '"'; n++ {
				at-- // the lexer reports the start of the string inside its quotes
			}
			if strings.HasPrefix(g.Message, strayPrefix) { // the lexer shows a byte of it
				return stray(runes, at), at
			}
			return strings.TrimSuffix(g.Message, "."), at
		}
		if err != nil || token.Kind == lexer.EOF {
			return "", 0
		}
	}
}

const (
	strayPrefix = "Cannot parse the unexpected character"
	notUTF8     = "The file is not UTF-8"
)

// stray is the message about a character that is not part of any token: with the letter below it if it is an accent.
func stray(text []rune, at int) string {
	if len(text) == 0 {
		return strayPrefix
	}
	switch r := text[at]; {
	case r == utf8.RuneError:
		return notUTF8
	case unicode.Is(unicode.Mn, r) && at > 0:
		return fmt.Sprintf("%s \"%s\"", strayPrefix, string(text[at-1:at+1]))
	case unicode.IsPrint(r):
		return fmt.Sprintf("%s \"%c\"", strayPrefix, r)
	default:
		return fmt.Sprintf("%s %U", strayPrefix, r)
	}
}

// syntaxRemedy returns the remedy for the most common syntax errors.
func syntaxRemedy(message string) string {
	switch {
	case strings.Contains(message, "Unterminated string"):
		return `close the string with "`
	case strings.Contains(message, "found <EOF>"), strings.Contains(message, "Unexpected <EOF>"):
		return "add the missing }"
	case strings.Contains(message, "Expected :"):
		return "write fields as name: Type, and arguments as name: value"
	case message == notUTF8:
		return "save it as UTF-8"
	case strings.Contains(message, "Expected Name"), strings.HasPrefix(message, strayPrefix):
		return "write names with the letters a to z, digits and _"
	case strings.Contains(message, "at least one definition"):
		return "add at least one field to the type, or one argument to the parentheses"
	case strings.Contains(message, "single quote"):
		return `write strings in double quotes`
	case strings.Contains(message, "escape sequence"):
		return `write \\ for a backslash`
	}
	return "see docs/schema.md for the syntax"
}

// keywords start a definition.
var keywords = [...]string{"type", "enum", "interface", "union", "input", "scalar", "directive", "schema", "extend"}

// split cuts a file where a line starts with a keyword; a description stays with the definition it describes.
func split(f *file) []chunk {
	var starts []int // line numbers
	var names []string
	description, block := 0, false
	for n := 1; n <= len(f.lines); n++ {
		text := f.lineText(n)
		opens := !block && strings.HasPrefix(text, `"`)
		wasBlock := block
		if strings.Count(text, `"""`)%2 == 1 {
			block = !block
		}
		if name, ok := defines(text); ok && !wasBlock {
			if description == 0 {
				description = n
			}
			starts, names, description = append(starts, description), append(names, name), 0
			continue
		}
		switch trimmed := strings.TrimSpace(text); {
		case opens && description == 0:
			description = n
		case wasBlock, opens, trimmed == "", strings.HasPrefix(trimmed, "#"):
		default:
			description = 0
		}
	}
	if description > 0 { // it describes nothing: perhaps it is unterminated
		starts, names = append(starts, description), append(names, "")
	}
	if len(starts) == 0 || starts[0] > 1 { // text before the first definition is a chunk of its own
		starts, names = append([]int{1}, starts...), append([]string{""}, names...)
	}
	chunks := make([]chunk, len(starts))
	for i, n := range starts {
		end := len(f.text)
		if i+1 < len(starts) {
			end = f.lines[starts[i+1]-1].bytes
		}
		chunks[i] = chunk{text: f.text[f.lines[n-1].bytes:end], runes: f.lines[n-1].runes, name: names[i]}
	}
	return chunks
}

// defines reports whether a line starts a definition, and returns the name that it defines.
func defines(text string) (name string, ok bool) {
	for _, k := range keywords {
		rest, found := strings.CutPrefix(text, k)
		if !found || (rest != "" && !strings.ContainsAny(rest[:1], " \t@{")) {
			continue
		}
		words := strings.FieldsFunc(rest, func(r rune) bool { return !isNameRune(r) })
		if len(words) > 0 {
			name = words[0]
		}
		return name, true
	}
	return "", false
}

func isNameRune(r rune) bool {
	return r == '_' || ('a' <= r && r <= 'z') || ('A' <= r && r <= 'Z') || ('0' <= r && r <= '9')
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
