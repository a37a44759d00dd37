package sqltext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// param is a parameter with a name, such as $since or $auth.uid, in an SQL statement.
type param struct {
	name       string
	start, end int // in bytes
}

// Params returns the names of the parameters of a statement, each once, and whether it is a single one that is terminated.
func Params(sql string) (names []string, single bool) {
	tokens := tokensOf(sql)
	for _, p := range tokens.params() {
		if !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	single = !slices.ContainsFunc(tokens, func(t token) bool { return t.text == ";" })
	return names, single && Closed(sql)
}

// ReplaceParams replaces the parameters of a statement by what value returns for their names.
func ReplaceParams(sql string, value func(name string) string) string {
	replaced, _ := TraceParams(sql, value)
	return replaced
}

// TraceParams is ReplaceParams with a function that returns where a position of the result is in sql, both in characters.
func TraceParams(sql string, value func(name string) string) (replaced string, origin func(at int) int) {
	var b strings.Builder
	type shift struct{ from, by int }
	var shifts []shift
	end, length := 0, 0
	write := func(text string) {
		b.WriteString(text)
		length += utf8.RuneCountInString(text)
	}
	for _, p := range tokensOf(sql).params() {
		write(sql[end:p.start])
		write(value(p.name))
		end = p.end
		shifts = append(shifts, shift{length, length - utf8.RuneCountInString(sql[:end])})
	}
	write(sql[end:])
	return b.String(), func(at int) int {
		by := 0
		for _, s := range shifts {
			if at >= s.from {
				by = s.by
			}
		}
		return at - by
	}
}

// params returns the parameters. The caller and the request have members: $auth.uid.
func (l tokens) params() (list []param) {
	for i := 0; i+1 < len(l); i++ {
		name := l[i+1]
		if l[i].text != "$" || name.start != l[i].start+1 || !isWord(name.text[0]) {
			continue
		}
		p := param{name.text, l[i].start, name.start + len(name.text)}
		hasMember := (p.name == "auth" || p.name == "request") && l.is(i+2, ".") && i+3 < len(l) && l[i+2].start == p.end && l[i+3].start == p.end+1
		if hasMember {
			p.name += "." + l[i+3].text
			p.end = l[i+3].start + len(l[i+3].text)
		}
		list = append(list, p)
	}
	return list
}
