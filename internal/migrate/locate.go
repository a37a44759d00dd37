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
// a DO block that it names, at the one place that has the name it quotes, or else at the first word. sent
// differs from the statement's own text when variables were substituted; columns that this moves are not
// reported, as 0.
func (s statement) locate(sent string, e *pgconn.PgError) (line, column, width int) {
	var at int
	if e.Position > 0 {
		at = len(prefix(sent, int(e.Position)-1))
	} else if at = inlineOffset(sent, e.Where); at == 0 {
		at = nameOffset(sent, e.Message)
	}
	before := sent[:at]
	row := strings.Count(before, "\n")
	own, substituted := strings.Split(s.text, "\n"), strings.Split(sent, "\n")
	if len(own) != len(substituted) {
		return s.lines[0], 0, 0
	}
	if own[row] != substituted[row] {
		return s.lines[row], 0, 0
	}
	column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	if row == 0 {
		column += s.indent
	}
	return s.lines[row], column, wordWidth(sent[at:])
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
	quotedName  = regexp.MustCompile(`"([^"]+)"`)
)

// inlineOffset returns where in sql the line of a DO block begins that an error speaks of, or 0. Postgres
// counts those lines from 1 at the opening quote.
func inlineOffset(sql, where string) int {
	match := inlineBlock.FindStringSubmatch(where)
	quote := dollarQuote.FindStringIndex(sql)
	if match == nil || quote == nil {
		return 0
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	at := quote[0]
	for ; n > 1; n-- {
		end := strings.IndexByte(sql[at:], '\n')
		if end < 0 {
			return 0
		}
		at += end + 1
	}
	return len(sql) - len(strings.TrimLeftFunc(sql[at:], unicode.IsSpace))
}

// nameOffset returns where in sql the first name stands that a message quotes and that sql has just once,
// or 0. Postgres gives many errors of definitions without a position.
func nameOffset(sql, message string) int {
	for _, match := range quotedName.FindAllStringSubmatch(message, -1) {
		word, err := regexp.Compile(`\b` + regexp.QuoteMeta(match[1]) + `\b`)
		if err != nil {
			continue
		}
		if places := word.FindAllStringIndex(sql, 2); len(places) == 1 {
			return places[0][0]
		}
	}
	return 0
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
