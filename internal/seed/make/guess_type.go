package make

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"
)

// guess returns a generator of texts that Postgres parses as values of a type, and the column for its values. It returns nil for an unknown
// type.
func (p *pooler) guess(c *slot) (generator, *slot) {
	like := *c
	like.kind, like.array = kinds[c.base], false
	like.sizes(c.modifier)
	switch {
	case len(c.labels) > 0:
		like.kind = kindText
		if allowed := c.allowed(c.labels); len(allowed) > 0 {
			return choiceOf(&like, allowed), &like
		}
		return choiceOf(&like, c.labels), &like
	case c.longUnit() != "":
		like.kind = kindText
		unit := c.longUnit()
		return faked{make1: func(f *gofakeit.Faker) string { return fmt.Sprintf("%d %s", 1+f.IntN(30), unit) }}, &like
	case like.kind != kindRaw:
		return alone(p.blueprint.guessOne(&like, &rule{}), &like), &like
	}
	like.kind = kindText
	if make1 := textOfType(c.base, like.most); make1 != nil {
		return faked{make1: make1}, &like
	}
	if len(c.attributes) > 0 {
		return written{p.rowText(c)}, &like
	}
	return nil, nil
}

// alone returns a generator that does not depend on other fields, since the values of a pool cannot depend on a row.
func alone(s generator, c *slot) generator {
	switch s.(type) {
	case address, slugged:
		return textGenerator(c, &rule{})
	}
	return s
}

// typeTexts are generators of texts that Postgres parses as values of a type.
var typeTexts = map[string]func(f *gofakeit.Faker) string{
	"time":     timeOfDay,
	"timetz":   func(f *gofakeit.Faker) string { return timeOfDay(f) + "+00" },
	"inet":     (*gofakeit.Faker).IPv4Address,
	"cidr":     func(f *gofakeit.Faker) string { return fmt.Sprintf("10.%d.%d.0/24", f.IntN(256), f.IntN(256)) },
	"macaddr":  func(f *gofakeit.Faker) string { return octetsOf(f, 6) },
	"macaddr8": func(f *gofakeit.Faker) string { return octetsOf(f, 8) },
	"money":    func(f *gofakeit.Faker) string { return fmt.Sprintf("%d.%02d", f.IntN(1000), f.IntN(100)) },
	"xml": func(f *gofakeit.Faker) string {
		return "<p>" + oneWord(f, adjectives) + " " + oneWord(f, nouns) + "</p>"
	},
	"tsvector": func(f *gofakeit.Faker) string { return oneWord(f, adjectives) + " " + oneWord(f, nouns) },
	"tsquery":  func(f *gofakeit.Faker) string { return oneWord(f, adjectives) + " & " + oneWord(f, nouns) },
	"ltree":    func(f *gofakeit.Faker) string { return pathLabel(f, adjectives) + "." + pathLabel(f, nouns) },
	"hstore": func(f *gofakeit.Faker) string {
		return fmt.Sprintf("%q=>%q", oneWord(f, adjectives), oneWord(f, nouns))
	},
	"oid":     oidText,
	arrayBase: func(*gofakeit.Faker) string { return "{}" },
	"char":    func(f *gofakeit.Faker) string { return string(rune('a' + f.IntN(26))) },
	"pg_lsn":  func(f *gofakeit.Faker) string { return fmt.Sprintf("0/%X", f.IntN(1<<30)) },
	"point":   point,
	"lseg":    func(f *gofakeit.Faker) string { return "[" + point(f) + "," + point(f) + "]" },
	"box":     func(f *gofakeit.Faker) string { return point(f) + "," + point(f) },
	"path":    func(f *gofakeit.Faker) string { return "[" + point(f) + "," + point(f) + "," + point(f) + "]" },
	"polygon": func(f *gofakeit.Faker) string { return "(" + point(f) + "," + point(f) + "," + point(f) + ")" },
	"circle":  func(f *gofakeit.Faker) string { return fmt.Sprintf("<%s,%d>", point(f), 1+f.IntN(100)) },
	"line": func(f *gofakeit.Faker) string {
		return fmt.Sprintf("{%d,%d,%d}", 1+f.IntN(9), f.IntN(100), f.IntN(100))
	},
	"int4range": numberRange, "int8range": numberRange, "numrange": numberRange,
	"daterange": dateRange, "tsrange": dateRange, "tstzrange": dateRange,
}

// textOfType returns a generator of texts of a type. most is the size of the type, or 0. A multirange has one range.
func textOfType(base string, most int) func(f *gofakeit.Faker) string {
	if made := typeTexts[base]; made != nil {
		return made
	}
	switch base {
	case "bit":
		return func(f *gofakeit.Faker) string { return bits01(f, max(most, 1)) }
	case "varbit":
		return func(f *gofakeit.Faker) string { return bits01(f, 1+f.IntN(min(max(most, 1), 32))) }
	case "halfvec":
		return func(f *gofakeit.Faker) string {
			list := make([]string, max(most, 3))
			for i := range list {
				list[i] = strconv.FormatFloat(float64(f.IntN(200)-100)/100, 'f', 2, 64)
			}
			return "[" + strings.Join(list, ",") + "]"
		}
	}
	if name, ok := strings.CutSuffix(base, "multirange"); ok && typeTexts[name+"range"] != nil {
		return func(f *gofakeit.Faker) string { return "{" + typeTexts[name+"range"](f) + "}" }
	}
	return nil
}

func timeOfDay(f *gofakeit.Faker) string {
	return fmt.Sprintf("%02d:%02d:%02d", f.IntN(24), f.IntN(60), f.IntN(60))
}

func octetsOf(f *gofakeit.Faker, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%02x", f.IntN(256))
	}
	return strings.Join(list, ":")
}

func pathLabel(f *gofakeit.Faker, words []string) string {
	return strings.ReplaceAll(Slug(oneWord(f, words)), "-", "_")
}

func bits01(f *gofakeit.Faker, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(f.IntN(2))
	}
	return string(b)
}

func point(f *gofakeit.Faker) string {
	return fmt.Sprintf("(%d.%d,%d.%d)", f.IntN(100), f.IntN(10), f.IntN(100), f.IntN(10))
}

func numberRange(f *gofakeit.Faker) string {
	low := f.IntN(1000)
	return fmt.Sprintf("[%d,%d)", low, low+1+f.IntN(100))
}

func dateRange(f *gofakeit.Faker) string {
	month := 1 + f.IntN(9)
	return fmt.Sprintf("[2025-%02d-%02d,2025-%02d-%02d)", month, 1+f.IntN(28), month+1+f.IntN(3), 1+f.IntN(28))
}
