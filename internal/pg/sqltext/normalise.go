package migrate

import (
	"regexp"
	"strings"
)

// normalise returns SQL without its comments and with single spaces between its words: what can be changed
// without a change of meaning. Strings, quoted names and the bodies of functions stay as they are.
func normalise(sql string) string {
	out, _ := scan(sql)
	return out
}

// closed reports whether every string, quoted name and comment of sql ends within it.
func closed(sql string) bool {
	_, ok := scan(sql)
	return ok
}

var dollarTag = regexp.MustCompile(`^\$([A-Za-z_\x80-\x{10FFFF}][A-Za-z0-9_\x80-\x{10FFFF}]*)?\$`)

// scan reads SQL as Postgres's lexer does (src/backend/parser/scan.l), with standard_conforming_strings on.
func scan(sql string) (normal string, closed bool) {
	var out strings.Builder
	space := false
	word := func(text string) {
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		out.WriteString(text)
	}
	for len(sql) > 0 {
		n, kind := token(sql)
		if n < 0 {
			word(sql)
			return out.String(), false
		}
		if kind == blank {
			space = true
		} else {
			word(sql[:n])
		}
		sql = sql[n:]
	}
	return out.String(), true
}

type tokenKind int

const (
	blank tokenKind = iota // space or a comment
	text                   // anything else
)

// token returns the length and kind of what sql begins with; -1 when it has no end.
func token(sql string) (int, tokenKind) {
	switch c := sql[0]; {
	case strings.ContainsRune(" \t\r\n\f\v", rune(c)):
		return 1, blank
	case strings.HasPrefix(sql, "--"):
		if end := strings.IndexByte(sql, '\n'); end >= 0 {
			return end, blank
		}
		return len(sql), blank
	case strings.HasPrefix(sql, "/*"):
		return commentLength(sql), blank
	case c == '\'' || c == '"':
		return quotedLength(sql, false), text
	case (c == 'e' || c == 'E') && len(sql) > 1 && sql[1] == '\'':
		if n := quotedLength(sql[1:], true); n >= 0 {
			return n + 1, text
		}
		return -1, text
	case c == '$':
		if tag := dollarTag.FindString(sql); tag != "" {
			if end := strings.Index(sql[len(tag):], tag); end >= 0 {
				return end + 2*len(tag), text
			}
			return -1, text
		}
		return 1, text
	case isWord(c):
		n := 1
		for n < len(sql) && (isWord(sql[n]) || sql[n] == '$') { // a$b$ is a name, not the start of a string
			n++
		}
		return n, text
	}
	return 1, text
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// commentLength is that of a /* comment */, which may hold others.
func commentLength(sql string) int {
	depth := 0
	for i := 0; i+1 < len(sql); {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			if depth--; depth == 0 {
				return i + 2
			}
			i += 2
		default:
			i++
		}
	}
	return -1
}

// quotedLength is that of a 'string' or a "name", in which the quote is written twice.
func quotedLength(sql string, backslash bool) int {
	for i := 1; i < len(sql); i++ {
		switch {
		case backslash && sql[i] == '\\':
			i++
		case sql[i] != sql[0]:
		case i+1 < len(sql) && sql[i+1] == sql[0]:
			i++
		default:
			return i + 1
		}
	}
	return -1
}
