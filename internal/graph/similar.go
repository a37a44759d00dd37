package graph

import (
	"slices"
	"strconv"

	"github.com/krowoc/krowoc/internal/schema"
)

// similarTo is the input of a comparison of trigrams.
const similarTo = "SimilarTo"

// leastSimilarity is the threshold of the operator % of pg_trgm, unless a database sets another. An index finds what is as similar at least.
const leastSimilarity = 0.3

// hasTrigrams reports whether an index of a type holds the trigrams of a column.
func hasTrigrams(t *schema.Type, column string) bool {
	return slices.ContainsFunc(t.Indexes, func(x schema.Index) bool {
		return x.Method == schema.Trigram && slices.ContainsFunc(x.Fields, func(f schema.IndexField) bool { return f.Field.Column == column })
	})
}

// similar returns the condition that a text is similar to another one, and its similarity.
// See https://www.postgresql.org/docs/current/pgtrgm.html.
func (b *builder) similar(column string, filter arg) (condition, similarity string, err error) {
	given, _ := filter.field("text")
	text, err := b.textOperand("similarTo", given)
	if err != nil {
		return "", "", err
	}
	text += "::text"
	similarity = "similarity(" + column + ", " + text + ")::double precision"
	condition = column + " % " + text
	for _, f := range filter.fields {
		switch {
		case f.value.null:
			return "", "", invalid("where: similarTo."+f.name+" cannot be null", "leave it out")
		case f.name == "threshold":
			least, err := b.clientValue(Param{Kind: Variable, input: f.value.input, value: floatType, operator: "threshold"})
			if err != nil {
				return "", "", err
			}
			condition = "(" + condition + " AND " + similarity + " >= " + least + ")"
		}
	}
	return condition, similarity, nil
}

// trigramFilter is scalarFilter for a text with trigrams. It lets the list order by similarity, which is null where the caller is not allowed to
// read the text.
func (b *builder) trigramFilter(o *object, field *field, alias string, filter arg) (string, error) {
	column := alias + "." + ident(field.column)
	isSimilar := func(f argField) bool { return f.name == "similarTo" }
	i := slices.IndexFunc(filter.fields, isSimilar)
	if i < 0 {
		return b.scalarFilter(field, column, filter)
	}
	given := filter.fields[i].value
	if given.null {
		return "", invalid("where: "+field.name+".similarTo cannot be null", "leave it out")
	}
	rule, err := b.fieldRule(o, field, alias)
	if err != nil {
		return "", err
	}
	condition, similarity, err := b.similar(column, given)
	if err != nil {
		return "", err
	}
	if rule != "" {
		similarity = "CASE WHEN " + rule + " THEN " + similarity + " END"
	}
	b.note(alias, measure{name: "similarity", sql: similarity})
	filter.fields = slices.DeleteFunc(slices.Clone(filter.fields), isSimilar)
	others, err := b.scalarFilter(field, column, filter)
	return "(" + condition + " AND " + others + ")", err
}

// checkThreshold refuses what no index finds.
func checkThreshold(text string) error {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v >= leastSimilarity && v <= 1 {
		return nil
	}
	return invalid("similarTo: threshold must be between 0.3 and 1; it is "+text, "leave it out for 0.3")
}

// similarType prints the input of a comparison of trigrams.
func (p *sdlPrinter) similarType() {
	if !slices.ContainsFunc(p.filters, func(v valueType) bool { return v.trigrams }) {
		return
	}
	p.describe("", "A text, and how similar others must be to match, by the groups of three characters that they share.")
	p.line("input %s {", similarTo)
	p.line("  text: String!")
	p.describe("  ", "From 0.3, the default, to 1 for texts with the same words.")
	p.line("  threshold: Float\n}\n")
}
