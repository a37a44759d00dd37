package sqltext

import "strings"

// Redact returns SQL without values, for logs and traces: it replaces each string, number and function body by ?, and lists of these by
// one. It drops comments, and changes all white space between tokens to single spaces. Parameters such as $1 stay. Statements that differ
// in their values only have the same text then. The result is "" if a string, name or comment is not terminated.
func Redact(sql string) string {
	var out strings.Builder
	out.Grow(min(len(sql), 4<<10))
	space, listed := false, false // listed: the last token was a value, and perhaps a comma after it
	pending := ""                 // that comma
	for len(sql) > 0 {
		n, blank := Token(sql)
		if n < 0 {
			return ""
		}
		if sql[0] == '$' && n == 1 { // a parameter
			n += digits(sql[1:])
		}
		token := sql[:n]
		sql = sql[n:]
		switch {
		case blank:
			space = true
			continue
		case listed && pending == "" && token == ",":
			pending = token
			continue
		case isValue(token):
			if listed && pending != "" {
				pending, space = "", false
				continue
			}
			token, listed = "?", true
		default:
			out.WriteString(pending)
			pending, listed = "", false
		}
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		out.WriteString(token)
	}
	out.WriteString(pending)
	return out.String()
}

func digits(text string) (n int) {
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// isValue reports whether a token is a string or a number. A name in quotes is neither.
func isValue(token string) bool {
	c := token[0]
	isNumber := c >= '0' && c <= '9'
	isEscaped := len(token) > 1 && (c == 'e' || c == 'E') && token[1] == '\''
	isDollarQuoted := c == '$' && len(token) > 1 && token[len(token)-1] == '$'
	return isNumber || isEscaped || isDollarQuoted || c == '\''
}

// Summary names what a statement does, and the first table that it names: SELECT prompts. Its words are of a redacted statement. See
// https://opentelemetry.io/docs/specs/semconv/db/database-spans/#generating-a-summary-of-the-query.
func Summary(redacted string) string {
	words := strings.Fields(redacted)
	if len(words) == 0 {
		return ""
	}
	operation, table := "", ""
	for i, word := range words {
		word = strings.ToUpper(strings.Trim(word, "();,"))
		if operation == "" && (operations[word] || i == len(words)-1) {
			operation = word
		}
		if table == "" && i+1 < len(words) && beforeTable[word] {
			table = tableName(words[i+1])
		}
	}
	if !operations[operation] {
		operation = strings.ToUpper(strings.Trim(words[0], "();,"))
	}
	if table == "" {
		return operation
	}
	return operation + " " + table
}

var operations = map[string]bool{
	"SELECT": true, "INSERT": true, "UPDATE": true, "DELETE": true, "MERGE": true, "COPY": true, "TRUNCATE": true, "CREATE": true, "ALTER": true,
	"DROP": true, "COMMENT": true, "GRANT": true, "REVOKE": true, "BEGIN": true, "COMMIT": true, "ROLLBACK": true, "SAVEPOINT": true, "SET": true,
}

var beforeTable = map[string]bool{"FROM": true, "INTO": true, "UPDATE": true, "TABLE": true, "COPY": true, "JOIN": true}

// noTables are words that can stand where a table is named.
var noTables = map[string]bool{"IF": true, "ONLY": true, "LATERAL": true, "SELECT": true, "SET": true, "UNNEST": true, "VALUES": true, "SKIP": true}

// tableName returns the name that a word begins with, without quotes, or "".
func tableName(word string) string {
	end := strings.IndexAny(word, "(),;?$")
	if end == 0 {
		return ""
	}
	if end > 0 {
		if word[end] == '(' && !strings.Contains(word, `"`) {
			return "" // a function
		}
		word = word[:end]
	}
	if noTables[strings.ToUpper(word)] {
		return ""
	}
	return strings.ReplaceAll(word, `"`, "")
}
