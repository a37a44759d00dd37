package sdl

import (
	"fmt"
	"regexp"
	"strings"
)

var fieldForm = regexp.MustCompile(`^([_A-Za-z][_0-9A-Za-z]*)\s*:\s*([_A-Za-z][_0-9A-Za-z]*!?|\[[_A-Za-z][_0-9A-Za-z]*!?\]!?)$`)

// Field reads a field in the form of the command line, text:String!, and returns it as SDL.
func Field(text string) (string, error) {
	m := fieldForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "", fmt.Errorf("invalid field %q: write name:Type, for example text:String! or tags:[String!]", text)
	}
	return m[1] + ": " + m[2], nil
}

// AddType appends a stored type to a document. Fields are SDL.
func AddType(document, name string, fields []string) string {
	document = strings.TrimRight(document, "\n")
	if document != "" {
		document += "\n\n"
	}
	return document + "type " + name + " @table @auth(rules: [{ allow: AUTHENTICATED, operations: [READ] }]) {\n  " + strings.Join(fields, "\n  ") + "\n}\n"
}

// AddField adds a field at the end of a type. It reports whether the document has the type.
func AddField(document, typeName, field string) (string, bool) {
	_, open, end := findType(document, typeName)
	if open < 0 {
		return document, false
	}
	body := strings.TrimRight(document[open+1:end], " \t\r\n")
	if !strings.Contains(document[open:end], "\n") { // type T { a: Int }
		return document[:open+1] + body + " " + field + " " + document[end:], true
	}
	return document[:open+1] + body + "\n  " + field + "\n" + document[end:], true
}

// AddIndex adds an index to a type.
func AddIndex(document, typeName string, fields []string) (string, bool) {
	name, open, _ := findType(document, typeName)
	if open < 0 {
		return document, false
	}
	directive := `@index(fields: ["` + strings.Join(fields, `", "`) + `"])`
	head := document[name:open]
	at := strings.Index(head, "@table")
	if at < 0 {
		return document, false
	}
	at += len("@table")
	if strings.HasPrefix(head[at:], "(") {
		at += skipBrackets(head[at:])
	}
	separator := " "
	if i := strings.LastIndexByte(head[:at], '\n'); i >= 0 {
		separator = head[i : i+1+len(head[i+1:])-len(strings.TrimLeft(head[i+1:], " \t"))]
	}
	at += name
	return document[:at] + separator + directive + document[at:], true
}

// findType returns where the name of a type ends, and where its braces are; open is -1 when the type does not exist.
func findType(document, typeName string) (name, open, end int) {
	depth, last := 0, ""
	found := false
	for i := 0; i < len(document); {
		n, word := token(document[i:])
		switch {
		case word == "{" && depth == 0 && found:
			return name, i, i + skipBrackets(document[i:]) - 1
		case word == "{" || word == "(" || word == "[":
			depth++
		case word == "}" || word == ")" || word == "]":
			depth--
		case depth == 0 && last == "type" && word == typeName:
			found, name = true, i+n
		case depth == 0 && (word == "type" || word == "enum"):
			found = false
		}
		if word != "" {
			last = word
		}
		i += n
	}
	return 0, -1, -1
}

// skipBrackets returns the length of the bracketed text at the start of text.
func skipBrackets(text string) int {
	depth := 0
	for i := 0; i < len(text); {
		n, word := token(text[i:])
		switch word {
		case "{", "(", "[":
			depth++
		case "}", ")", "]":
			depth--
		}
		i += n
		if depth == 0 {
			return i
		}
	}
	return len(text)
}

// token returns the length of the first token of a text, and the token itself if it is a name or a bracket. Comments, strings
// and white space are tokens without text.
func token(text string) (n int, word string) {
	until := func(end string, from int) int {
		if i := strings.Index(text[from:], end); i >= 0 {
			return from + i + len(end)
		}
		return len(text)
	}
	switch c := text[0]; {
	case c == '#':
		return until("\n", 0), ""
	case strings.HasPrefix(text, `"""`):
		end := until(`"""`, 3)
		for end < len(text) && text[end-4] == '\\' {
			end = until(`"""`, end)
		}
		return end, ""
	case c == '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1, ""
			}
		}
		return len(text), ""
	case nameByte(c):
		for n < len(text) && nameByte(text[n]) {
			n++
		}
		return n, text[:n]
	case strings.IndexByte("{}()[]", c) >= 0:
		return 1, text[:1]
	}
	return 1, ""
}

func nameByte(c byte) bool {
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
}
