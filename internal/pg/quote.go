package pg

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// QuoteIdent returns name as a quoted SQL identifier.
func QuoteIdent(name string) string { return pgx.Identifier{name}.Sanitize() }

// QuoteLiteral returns s as a quoted SQL string, like quote_literal. It is safe with both settings of standard_conforming_strings. It drops
// NUL bytes, which Postgres does not allow in text.
func QuoteLiteral(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''")
	if strings.Contains(s, `\`) {
		return " E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

const masked = "xxxxx"

// keyValuePassword finds the passwords in a key=value connection string, quoted or not.
var keyValuePassword = regexp.MustCompile(`(?i)\b((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'?|(?:\\.|[^\s\\])+)`)

// RedactURL returns a connection string with all passwords masked. If the string is malformed and the password is unclear, it masks too
// much rather than too little.
func RedactURL(s string) string {
	scheme, rest, isURL := strings.Cut(s, "://")
	if !isURL || !strings.HasPrefix(scheme, "postgres") {
		s = keyValuePassword.ReplaceAllString(s, "${1}"+masked)
		if at := strings.LastIndexByte(s, '@'); at >= 0 {
			s = masked + s[at:]
		}
		return s
	}
	userinfo, rest, found := cutLast(rest, '@')
	if !found {
		if _, err := url.Parse(s); err != nil {
			return scheme + "://" + masked
		}
	} else if user, _, hasPassword := strings.Cut(userinfo, ":"); hasPassword {
		userinfo = user + ":" + masked
	}
	head, query, hasQuery := strings.Cut(rest, "?")
	if found {
		head = userinfo + "@" + head
	}
	if hasQuery {
		head += "?" + redactQuery(query)
	}
	return scheme + "://" + head
}

func redactQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		raw, _, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(raw)
		if err != nil || strings.Contains(strings.ToLower(key), "password") {
			pairs[i] = raw + "=" + masked
		}
	}
	return strings.Join(pairs, "&")
}

// cutLast splits s around the last sep. Without a sep, after is s.
func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}

// ambiguous reports whether an @ in a URL may belong to a password that is not percent-encoded. The driver would treat part of such a
// password as the host or database, and name it in errors.
func ambiguous(s string) bool {
	_, rest, isURL := strings.Cut(s, "://")
	if !isURL {
		return false
	}
	before, _, found := cutLast(rest, '@')
	return found && strings.ContainsAny(before, "@/?")
}
