package graph

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
)

// maxPattern is the most characters of a pattern.
const maxPattern = 1000

// patternOperators match a text with a pattern: of LIKE, or an advanced regular expression of Postgres.
// See https://www.postgresql.org/docs/current/functions-matching.html.
var patternOperators = map[string]string{
	"like": "LIKE", "ilike": "ILIKE", "notLike": "LIKE", "notIlike": "ILIKE", "regex": "~", "iregex": "~*",
}

// ignoringCase are the operators that match a citext, whose comparisons ignore case.
var ignoringCase = map[string]string{"like": "ilike", "notLike": "notIlike", "regex": "iregex"}

// textType is what a text is that no column takes.
var textType = valueType{scalar: schema.String, dataType: "text"}

// pattern returns the condition of an operator that takes a pattern, on a text.
func (b *builder) pattern(f argField, text string, ignoresCase bool) (string, error) {
	param, err := b.clientValue(Param{Kind: Variable, input: f.value.input, value: textType, operator: f.name})
	if err != nil {
		return "", err
	}
	param += "::text"
	operator := f.name
	if other, ok := ignoringCase[operator]; ok && ignoresCase {
		operator = other
	}
	if isRegex(operator) {
		b.demands("('' ~ " + param + ") IS NOT NULL")
	}
	condition := "(" + text + " " + patternOperators[operator] + " " + param + ")"
	if strings.HasPrefix(operator, "not") {
		condition += " IS NOT TRUE"
	}
	return condition, nil
}

func isRegex(operator string) bool { return strings.HasSuffix(operator, "regex") }

// textOperators prints the operators of texts.
func (p *sdlPrinter) textOperators() {
	for _, operator := range []string{"contains", "containsIgnoreCase", "startsWith", "startsWithIgnoreCase", "endsWith", "endsWithIgnoreCase"} {
		p.line("  %s: String", operator)
	}
	p.patternOperators()
}

func (p *sdlPrinter) patternOperators() {
	p.describe("  ", "A pattern of SQL for the whole text: % is any text, _ one character, and \\ makes the next character stand for itself.")
	p.line("  like: String\n  ilike: String\n  notLike: String\n  notIlike: String")
	p.describe("  ", "A regular expression of Postgres that matches some part of the text.")
	p.line("  regex: String\n  iregex: String")
}

// demands adds a condition that Postgres evaluates before the statement reads any row. It makes a mistake in a value an error for every
// request: one that depended on the rows would tell whether some that the caller is not allowed to read satisfy the other conditions.
func (b *builder) demands(condition string) {
	if !slices.Contains(b.demanded, condition) {
		b.demanded = append(b.demanded, condition)
	}
}

// demanding adds what the values of a statement have to satisfy. Such a statement has no WHERE of its own at its end.
func (b *builder) demanding(sql string) string {
	if len(b.demanded) == 0 {
		return sql
	}
	return sql + " WHERE " + join(b.demanded, " AND ")
}

// checkOperand refuses what an operator cannot use.
func checkOperand(operator string, v valueType, text string) error {
	switch {
	case patternOperators[operator] != "":
		return checkPattern(operator, text)
	case v.scalar == schema.JSON:
		return checkComparable(operator, text)
	case operator == "language":
		return checkLanguage(text)
	case operator == "threshold":
		return checkThreshold(text)
	case operator == "search", operator == "similarTo":
		return checkLength(operator, text)
	}
	return nil
}

// checkPattern refuses what Postgres would refuse only for some rows.
func checkPattern(operator, pattern string) error {
	if n := utf8.RuneCountInString(pattern); n > maxPattern {
		return invalid(fmt.Sprintf("%s: a pattern can have %d characters; it has %d", operator, maxPattern, n), "write a shorter pattern")
	}
	escapes := len(pattern) - len(strings.TrimRight(pattern, `\`))
	if !isRegex(operator) && escapes%2 == 1 {
		return invalid(operator+": a pattern cannot end with a single backslash", `write \\ for a backslash`)
	}
	return nil
}
