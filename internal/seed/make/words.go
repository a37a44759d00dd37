package make

import (
	"strings"

	"github.com/brianvoe/gofakeit/v7"
)

// The words of generated texts. They are about software, so that they fit most products. The regular forms add an s: two reports, it sorts.
var (
	nouns = strings.Fields(`account agenda alert analyst answer article asset backlog badge banner batch benchmark board booking branch brief
		budget button calendar campaign card cart case channel chart checkout client cluster column comment contract course customer
		dashboard dataset deadline demo deploy design desk detail document draft driver editor engineer error estimate event expense export
		feature feed field filter folder form forecast gateway goal graph group guide handbook header hour image import index insight
		integration interview invoice issue item job key label layout lead lesson level library license limit link list log machine manager
		margin meeting member memo menu message metric milestone model module month note number offer office order outage owner page panel
		partner path pattern payment permit pipeline plan platform point policy portal preview price product profile project prompt proposal
		question queue quota quote range rate reader reason receipt record refund region release reminder report request result reviewer
		roadmap role room route rule runbook sample schedule score screen section segment sender server service session setting shift
		shipment signal snapshot source spec sprint stage statement step subject summit supplier survey table tag target task team template
		tenant test theme ticket token tool topic tour trend trial trigger update upload user value vendor version video visitor voucher
		warehouse warning webhook week widget window workflow workspace writer zone`)
	adjectives = strings.Fields(`accurate active annual basic blue brief bright broad calm careful central clean clear cold common complete
		compact current custom daily dark deep direct double early easy empty exact external fair fast final fine first flat fresh full
		general global good green half happy heavy hidden high honest important internal joint key large last late lean light local long
		loose main manual minor modern monthly narrow neat new next old open optional original partial plain popular private proper public
		quick quiet rare ready recent red regional regular reliable remote rich right safe second secure shared sharp short silent simple
		single slow small smart smooth soft solid special stable static steady steep strict strong sudden tidy total true typical upper urgent
		useful usual valid warm weekly whole wide young`)
	verbs = strings.Fields(`accept add adjust align answer approve ask assign attach await balance block book bring build cancel change
		check claim clean close collect combine compare confirm connect count cover cut defend delay deliver describe design draft drop edit
		enter exceed explain export extend fill filter find follow format gather handle help import improve include inform invite join keep
		label lead limit link list load lock log mark mention merge migrate monitor move need note offer open order own pause plan prepare
		print protect provide prove pull raise rank read receive record reduce remind remove rename repair replace report request resolve
		restart return review scan select send serve set share show skip solve sort split start stop store sum support test track trim
		update upload use wait warn write`)
)

// patterns are sentences with gaps: n is a noun, N its plural, a an adjective, v a verb, V its third person.
var (
	titlePatterns = patternsOf("{a} {n} {n}", "{n} {n}", "{a} {n}", "{v} the {n}", "how to {v} {N}", "{N} for {N}", "{a} {N}", "{v} {N} by {n}", "the {a} {n}",
		"{n} of the {n}", "{n} {n} {n}")
	sentencePatterns = patternsOf("the {a} {n} {V} every {n}", "{v} the {n} before the {a} {n} {V}", "we {v} {a} {N} for each {n}",
		"see whether the {n} is {a}, then {v} it", "{N} that are {a} {v} the {n}", "the {n} {V} when any {n} of the {n} is {a}",
		"please {v} the {n} and {v} all {N}", "{a} {N} {v} no {n}", "most {N} {v} the {a} {n} and its {n}", "nobody {V} any {n} with {a} {N}",
		"if the {n} is {a}, {v} the {n} first", "our {n} {V} {N} within the {n}", "the {n} is {a} because one {n} {V} it",
		"last week the {n} {V} {a} {N}, this week it {V} {N}", "two {N} {v} this {n}", "the {a} {n} is the one to {v}")
)

// pattern is an alternating list of texts and gaps. The first one is a text, which may be empty.
type pattern []string

func patternsOf(list ...string) []pattern {
	patterns := make([]pattern, len(list))
	for i, text := range list {
		for rest, more := text, true; more; {
			var before, gap string
			before, rest, more = strings.Cut(rest, "{")
			patterns[i] = append(patterns[i], before)
			if more {
				gap, rest, _ = strings.Cut(rest, "}")
				patterns[i] = append(patterns[i], gap)
			}
		}
	}
	return patterns
}

func oneWord(f *gofakeit.Faker, list []string) string { return list[f.IntN(len(list))] }

// phrase fills a random pattern.
func phrase(b *strings.Builder, f *gofakeit.Faker, patterns []pattern) {
	from := b.Len()
	var first string
	write := func(text string) {
		if b.Len() == from && first == "" && text != "" {
			first = strings.ToUpper(text[:1])
			b.WriteString(first)
			text = text[1:]
		}
		b.WriteString(text)
	}
	for i, part := range patterns[f.IntN(len(patterns))] {
		if i%2 == 0 {
			write(part)
			continue
		}
		switch part {
		case "n":
			write(oneWord(f, nouns))
		case "N":
			write(oneWord(f, nouns))
			b.WriteByte('s')
		case "a":
			write(oneWord(f, adjectives))
		case "v":
			write(oneWord(f, verbs))
		case "V":
			write(oneWord(f, verbs))
			b.WriteByte('s')
		}
	}
}

func title(f *gofakeit.Faker) string {
	var b strings.Builder
	phrase(&b, f, titlePatterns)
	return b.String()
}

func sentence(f *gofakeit.Faker) string {
	var b strings.Builder
	b.Grow(64)
	phrase(&b, f, sentencePatterns)
	b.WriteByte('.')
	return b.String()
}

func paragraph(f *gofakeit.Faker) string {
	var b strings.Builder
	b.Grow(256)
	for i := range 2 + f.IntN(4) {
		if i > 0 {
			b.WriteByte(' ')
		}
		phrase(&b, f, sentencePatterns)
		b.WriteByte('.')
	}
	return b.String()
}

func slug(f *gofakeit.Faker) string { return oneWord(f, adjectives) + "-" + oneWord(f, nouns) }

func domain(f *gofakeit.Faker) string { return oneWord(f, nouns) + ".example.com" }
