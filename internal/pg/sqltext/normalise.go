package sqltext

import (
	"regexp"
	"strings"
)

// Normalise returns SQL without comments and with single spaces between tokens, which does not change its meaning. It does not change
// strings, quoted names and function bodies.
func Normalise(sql string) string {
	out, _ := scan(sql)
	return out
}

// Closed reports whether every string, quoted name and comment in sql is terminated.
func Closed(sql string) bool {
	_, ok := scan(sql)
	return ok
}

var dollarTag = regexp.MustCompile(`^\$([A-Za-z_\x80-\x{10FFFF}][A-Za-z0-9_\x80-\x{10FFFF}]*)?\$`)

// scan reads SQL like Postgres's lexer (src/backend/parser/scan.l) with standard_conforming_strings on.
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
		n, blank := Token(sql)
		if n < 0 {
			word(sql)
			return out.String(), false
		}
		if blank {
			space = true
		} else {
			word(sql[:n])
		}
		sql = sql[n:]
	}
	return out.String(), true
}

// Token returns the length in bytes of the first token of sql, or -1 if the token is not terminated. blank reports whether it is space or a
// comment. sql must not be empty.
func Token(sql string) (n int, blank bool) {
	switch c := sql[0]; {
	case strings.ContainsRune(" \t\r\n\f\v", rune(c)):
		return 1, true
	case strings.HasPrefix(sql, "--"):
		if end := strings.IndexByte(sql, '\n'); end >= 0 {
			return end, true
		}
		return len(sql), true
	case strings.HasPrefix(sql, "/*"):
		return commentLength(sql), true
	case c == '\'' || c == '"':
		return quotedLength(sql, false), false
	case (c == 'e' || c == 'E') && len(sql) > 1 && sql[1] == '\'':
		if n := quotedLength(sql[1:], true); n >= 0 {
			return n + 1, false
		}
		return -1, false
	case c == '$':
		if tag := dollarTag.FindString(sql); tag != "" {
			if end := strings.Index(sql[len(tag):], tag); end >= 0 {
				return end + 2*len(tag), false
			}
			return -1, false
		}
		return 1, false
	case isWord(c):
		n := 1
		for n < len(sql) && (isWord(sql[n]) || sql[n] == '$') { // a$b$ is a name and not the start of a string
			n++
		}
		return n, false
	}
	return 1, false
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}

// commentLength returns the length of a /* comment */, which may contain nested comments.
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

// quotedLength returns the length of a 'string' or a "name", in which a quote is doubled.
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
