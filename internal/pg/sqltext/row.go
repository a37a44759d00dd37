package sqltext

import "strings"

// RowUse is what an SQL expression uses of a row that it names.
type RowUse struct {
	Columns []string // every name that can be a column of the row, also without the name of the row before it
	Whole   bool     // the row as a value, or all of its columns
	Queries bool     // the expression contains a query, which reads other rows
}

// UseOfRow returns what an expression uses of the row with the given name.
func UseOfRow(sql, name string) (use RowUse) {
	tokens := tokensOf(sql)
	for i, t := range tokens {
		switch word := strings.ToLower(t.text); {
		case word == "select", word == "table", word == "values":
			use.Queries = true
		case !tokens.names(i, name):
			if tokens.isColumn(i) {
				use.Columns = append(use.Columns, folded(t.text))
			}
		case !tokens.is(i+1, "."), tokens.is(i+2, "*"):
			use.Whole = true
		}
	}
	return use
}

// folded returns a name as Postgres reads it: in lower case unless it is in quotes.
func folded(name string) string {
	if strings.HasPrefix(name, `"`) {
		return Unquote(name)
	}
	return strings.ToLower(name)
}

// RenameRow replaces the name of a row in an expression. Strings, comments and columns of that name stay as they are.
func RenameRow(sql, name, to string) string {
	var b strings.Builder
	tokens, end := tokensOf(sql), 0
	for i, t := range tokens {
		if tokens.names(i, name) {
			b.WriteString(sql[end:t.start] + to)
			end = t.start + len(t.text)
		}
	}
	return b.String() + sql[end:]
}

// token is one token that is not blank.
type token struct {
	text  string
	start int // in bytes
}

type tokens []token

// tokensOf returns the tokens up to one that is not terminated.
func tokensOf(sql string) (list tokens) {
	for at := 0; at < len(sql); {
		n, blank := Token(sql[at:])
		if n < 0 {
			break
		}
		if !blank {
			list = append(list, token{sql[at : at+n], at})
		}
		at += n
	}
	return list
}

func (l tokens) is(i int, text string) bool { return i < len(l) && l[i].text == text }

// isColumn reports whether a token can be the name of a column.
func (l tokens) isColumn(i int) bool {
	c := l[i].text[0]
	return (isWord(c) || c == '"') && !l.is(i+1, "(")
}

// names reports whether a token is the name of a row, and not of a column or a function.
func (l tokens) names(i int, name string) bool {
	isName := strings.EqualFold(l[i].text, name) || l[i].text == `"`+name+`"`
	return isName && (i == 0 || l[i-1].text != ".") && !l.is(i+1, "(")
}
