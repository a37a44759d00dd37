package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// MaxName is the maximum length of a name in Postgres, in bytes.
const MaxName = 63

// SnakeCase turns a GraphQL name into a physical one: createdAt -> created_at, HTTPServer -> http_server.
func SnakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			afterLower := !unicode.IsUpper(runes[i-1])
			endsAcronym := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterLower || endsAcronym {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// CamelCase turns the name of a type into the name of a field: UsageDaily -> usageDaily, LLMModel -> llmModel.
func CamelCase(name string) string {
	words := strings.Split(SnakeCase(name), "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// irregular are the plurals of common nouns that do not follow the rules of Plural.
var irregular = map[string]string{
	"person": "people", "child": "children", "man": "men", "woman": "women", "half": "halves", "leaf": "leaves", "shelf": "shelves",
	"index": "indices", "matrix": "matrices", "vertex": "vertices", "quiz": "quizzes", "hero": "heroes", "potato": "potatoes",
	"tomato": "tomatoes", "echo": "echoes", "datum": "data", "medium": "media", "criterion": "criteria",
}

// uncountable are nouns that are one word for one and for many. Nobody calls a row a datum or a medium.
var uncountable = map[string]bool{
	"data": true, "metadata": true, "media": true, "news": true, "series": true, "species": true, "information": true, "equipment": true,
}

// singulars are the nouns of irregular by their plural. A plural that the rules can read is left to them: leaves are also those of
// employees.
var singulars = singularsOf(irregular)

func singularsOf(plurals map[string]string) map[string]string {
	m := map[string]string{}
	for one, many := range plurals {
		if !uncountable[many] && !strings.HasSuffix(many, "ves") {
			m[many] = one
		}
	}
	return m
}

// lastWord cuts a name in snake_case or camelCase before its last word.
func lastWord(name string) (head, word string) {
	start := strings.LastIndexFunc(name, func(r rune) bool { return r == '_' || unicode.IsUpper(r) })
	if start < 0 || name[start] == '_' {
		start++
	}
	return name[:start], name[start:]
}

// Plural returns the English plural of a name in snake_case or camelCase: category -> categories, userDay -> userDays. Only the
// last word changes. Uncountable nouns and irregular plurals stay as they are: news, people. @table(name:) overrides it.
func Plural(name string) string {
	head, word := lastWord(name)
	lower := strings.ToLower(word)
	if p, ok := irregular[lower]; ok {
		return head + word[:1] + p[1:]
	}
	switch {
	case uncountable[lower], singulars[lower] != "":
		return name
	case endsWith(lower, "s", "x", "z", "ch", "sh"):
		return name + "es"
	case strings.HasSuffix(lower, "y") && len(lower) > 1 && !strings.ContainsRune("aeiou", rune(lower[len(lower)-2])):
		return name[:len(name)-1] + "ies"
	}
	return name + "s"
}

// ListName returns the name of a list of what a name stands for one of. It is the plural, or where that is no other word the name with
// List: prompt -> prompts, news -> newsList.
func ListName(single string) string {
	if plural := Plural(single); plural != single {
		return plural
	}
	return single + "List"
}

// Singular reverses Plural: followers -> follower, categories -> category. A name that is not a plural is returned unchanged.
func Singular(name string) string {
	head, word := lastWord(name)
	lower := strings.ToLower(word)
	if uncountable[lower] {
		return name
	}
	if one := singulars[lower]; one != "" {
		return head + word[:1] + one[1:]
	}
	for _, cut := range []struct{ suffix, with string }{{"ies", "y"}, {"es", ""}, {"s", ""}} {
		if stem, ok := strings.CutSuffix(name, cut.suffix); ok && stem != "" && Plural(stem+cut.with) == name {
			return stem + cut.with
		}
	}
	return name
}

func endsWith(word string, suffixes ...string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(word, s) {
			return true
		}
	}
	return false
}

// ObjectName builds the physical name of an index or a constraint as Postgres does: prompts + visibility, created_at + idx ->
// prompts_visibility_created_at_idx. A name longer than MaxName bytes is cut and gets a hash of the full name, which keeps it
// unique and stable.
func ObjectName(table string, columns []string, suffix string) string {
	stem := strings.Join(append([]string{table}, columns...), "_")
	if len(stem)+1+len(suffix) <= MaxName {
		return stem + "_" + suffix
	}
	sum := sha256.Sum256([]byte(stem))
	hash := hex.EncodeToString(sum[:4])
	cut := stem[:MaxName-len(suffix)-len(hash)-2]
	return strings.ToValidUTF8(cut, "") + "_" + hash + "_" + suffix
}

// UniqueName returns the physical name of the constraint for @unique on the field.
func (f *Field) UniqueName() string { return ObjectName(f.Owner.Table, f.Columns(), "key") }

// ConstraintName returns the physical name of the check that enforces one of the field's Constraints; kind is length, range,
// pattern or format.
func (f *Field) ConstraintName(kind string) string {
	return ObjectName(f.Owner.Table, f.Columns(), kind+"_check")
}
