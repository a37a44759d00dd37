package graph

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
)

// textSearch is the input of a search.
const textSearch = "TextSearch"

// search returns the condition that the words of a row match a query. Every reader of the type may read the fields that are searched.
// See https://www.postgresql.org/docs/current/textsearch-controls.html.
func (b *builder) search(o *object, alias string, filter arg) (string, error) {
	language := strings.TrimSpace(literalText(o.typ.Search.Language)) + "::regconfig"
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid("where: search."+f.name+" cannot be null", "leave it out")
		}
		if f.name == "language" {
			value, err := b.textOperand("language", f.value)
			if err != nil {
				return "", err
			}
			language = value + "::text::regconfig"
		}
	}
	given, _ := filter.field("query")
	words, err := b.textOperand("search", given)
	if err != nil {
		return "", err
	}
	query := "websearch_to_tsquery(" + language + ", " + words + "::text)"
	column := alias + "." + ident(schema.SearchColumn)
	b.note(alias, measure{name: "rank", sql: "ts_rank(" + column + ", " + query + ")::double precision", query: query})
	return column + " @@ " + query, nil
}

// textOperand adds a parameter for a text that an operator takes.
func (b *builder) textOperand(operator string, a arg) (string, error) {
	return b.clientValue(Param{Kind: Variable, input: a.input, value: textType, operator: operator})
}

// checkLanguage refuses what is no text search configuration.
func checkLanguage(language string) error {
	if slices.Contains(schema.Languages, language) {
		return nil
	}
	return invalid(quote(language)+" is not a language that Postgres can search", "use one of "+join(schema.Languages, ", "))
}

// checkLength refuses texts that take Postgres long.
func checkLength(operator, text string) error {
	if n := utf8.RuneCountInString(text); n > maxPattern {
		return invalid(fmt.Sprintf("%s: a text can have %d characters; it has %d", operator, maxPattern, n), "write less")
	}
	return nil
}

// headline appends the part of a text that shows the words of a search, or null if the list has none. It is HTML.
func (b *builder) headline(t *text, p *page, f selected) error {
	m, searched := b.measured(p, "rank")
	of, _ := b.argument(f.Field, "of")
	if !searched {
		t.constant("null")
		return nil
	}
	name, err := b.clientValue(Param{Kind: Variable, input: of.input, value: textType})
	if err != nil {
		return err
	}
	var sql strings.Builder
	for _, s := range p.object.typ.Search.Fields {
		column := p.scope.column(s.Field.Column) + "::text"
		escaped := "replace(replace(replace(" + column + ", '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
		fmt.Fprintf(&sql, " WHEN %s THEN ts_headline(%s::regconfig, %s, %s)", literalText(s.Field.APIName()), literalText(p.object.typ.Search.Language), escaped, m.query)
	}
	t.expr("coalesce(to_json(CASE " + name + "::text" + sql.String() + " END)::text, 'null')")
	return nil
}

// searchTypes prints the types of searches.
func (p *sdlPrinter) searchTypes(objects []*object) {
	printed := false
	for _, o := range objects {
		if o.typ.Search == nil {
			continue
		}
		if !printed {
			p.describe("", "Words to look for.")
			p.line("input %s {", textSearch)
			p.describe("  ", `Words that all occur, "words in this order", one or another, and -words that do not occur.`)
			p.line("  query: String!")
			p.describe("  ", "The language of the query. Default: that of the type.")
			p.line("  language: String\n}\n")
			printed = true
		}
		p.describe("", "The fields that a search of "+o.typ.APIName()+" looks at.")
		p.line("enum %sSearchField {", o.typ.APIName())
		for _, s := range o.typ.Search.Fields {
			p.line("  %s", s.Field.APIName())
		}
		p.line("}\n")
	}
}
