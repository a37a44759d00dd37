package migrate

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// locate returns where in the file the server's error is: at its position in the statement, at the line of
// a DO block that it names, or else at the statement's first word. sent differs from the statement's own
// text when variables were substituted; columns that this moves are not reported, as 0.
func (s statement) locate(sent string, e *pgconn.PgError) (line, column, width int) {
	row, col := 0, 0 // in sent, from 0
	rest := sent
	switch {
	case e.Position > 0:
		before := prefix(sent, int(e.Position)-1)
		rest = sent[len(before):]
		row = strings.Count(before, "\n")
		col = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	default:
		if n := inlineLine(sent, e.Where); n > 0 {
			row = n
			text := strings.Split(sent, "\n")[row]
			rest = strings.TrimLeftFunc(text, unicode.IsSpace)
			col = utf8.RuneCountInString(text) - utf8.RuneCountInString(rest)
		}
	}
	own := strings.Split(s.text, "\n")
	sentLines := strings.Split(sent, "\n")
	if len(own) != len(sentLines) || row >= len(s.lines) {
		return s.lines[0], 0, 0
	}
	if own[row] != sentLines[row] {
		return s.lines[row], 0, 0
	}
	if row == 0 {
		col += s.indent
	}
	return s.lines[row], col + 1, wordWidth(rest)
}

// prefix returns the first n runes of s.
func prefix(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

var (
	inlineBlock = regexp.MustCompile(`inline_code_block line (\d+)`)
	dollarQuote = regexp.MustCompile(`\$\w*\$`)
)

// inlineLine returns the row of sql, from 0, that an error inside a DO block speaks of; 0 when it speaks of
// none. Postgres counts from 1 at the opening quote.
func inlineLine(sql, where string) int {
	match := inlineBlock.FindStringSubmatch(where)
	quote := dollarQuote.FindStringIndex(sql)
	if match == nil || quote == nil {
		return 0
	}
	n, err := strconv.Atoi(match[1])
	row := strings.Count(sql[:quote[0]], "\n") + n - 1
	if err != nil || row > strings.Count(sql, "\n") {
		return 0
	}
	return row
}

// wordWidth is how many runes of s to underline: its first word, quoted name or string, or one rune.
func wordWidth(s string) int {
	if s == "" {
		return 1
	}
	if quote := s[0]; quote == '"' || quote == '\'' {
		if end := strings.IndexByte(s[1:], quote); end >= 0 && !strings.Contains(s[:end+2], "\n") {
			return utf8.RuneCountInString(s[:end+2])
		}
		return 1
	}
	n := strings.IndexFunc(s, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if n < 0 {
		n = len(s)
	}
	return max(1, utf8.RuneCountInString(s[:n]))
}
