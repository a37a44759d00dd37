package verify

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/hint"
)

// variants is the number of values of each form.
const variants = 5

// forms are values of a type, of which each row has another one: %[1]d is the number of the row.
var forms = map[string][]string{
	"smallint": numbers, "integer": numbers, "bigint": numbers, "real": numbers, "double precision": numbers,
	"numeric":                     {"'0.%[1]d'", "'%[1]d'", "'1%02[1]d'", "'-%[1]d'"},
	"money":                       {"'%[1]d.00'"},
	"boolean":                     {"'true'", "'false'"},
	"uuid":                        {"'00000000-0000-4000-8000-%012[1]d'"},
	"date":                        {"now() - interval '%[1]d days'"},
	"timestamp without time zone": {"now() - interval '%[1]d days'"},
	"timestamp with time zone":    {"now() - interval '%[1]d days'"},
	"time without time zone":      {"'10:%02[1]d'"},
	"time with time zone":         {"'10:%02[1]d+00'"},
	"interval":                    {"'%[1]d hours'"},
	"json":                        documents, "jsonb": documents,
	"bytea": {`'\x%02[1]x'`}, "xml": {"'<n>%[1]d</n>'"},
	"inet": {"'10.0.0.%[1]d'"}, "cidr": {"'10.0.0.%[1]d'"}, "macaddr": {"'00:00:00:00:00:%02[1]d'"}, "macaddr8": {"'00:00:00:00:00:00:00:%02[1]d'"},
	"text": texts, "character varying": texts, "character": texts, "citext": texts, "name": texts, `"char"`: {"'%[1]d'"},
	"bit": {"%[1]d"}, "bit varying": {"B'10%[1]d'"}, "tsvector": {"'word%[1]d'"}, "tsquery": {"'word%[1]d'"}, "hstore": {"'n=>%[1]d'"}, "ltree": {"'a.n%[1]d'"},
	"point": {"'(%[1]d,0)'"}, "box": {"'(%[1]d,%[1]d),(0,0)'"}, "circle": {"'<(0,0),%[1]d>'"}, "line": {"'{1,2,%[1]d}'"}, "lseg": {"'(0,0),(%[1]d,1)'"},
	"path": {"'((0,0),(%[1]d,1))'"}, "polygon": {"'((0,0),(%[1]d,1),(1,0))'"},
	"int4range": ranges, "int8range": ranges, "numrange": ranges, "int4multirange": {"'{[%[1]d,%[1]d0)}'"},
	"daterange": {"'[2001-01-0%[1]d,2001-02-0%[1]d)'"}, "tsrange": {"'[2001-01-0%[1]d,2001-02-0%[1]d)'"}, "tstzrange": {"'[2001-01-0%[1]d,2001-02-0%[1]d)'"},
	"oid": {"'%[1]d'"}, "pg_lsn": {"'0/%[1]d'"},
}

var (
	numbers   = []string{"%[1]d", "1%02[1]d", "-%[1]d", "0"}
	texts     = []string{"'text %[1]d'", "'person%[1]d@example.com'", "'https://example.com/%[1]d'", "'t%[1]d'", "'%[1]d'", "'2001-01-0%[1]d'", "'true'", "'00000000-0000-4000-8000-%012[1]d'", `'{"n": %[1]d}'`}
	documents = []string{`'{"n": %[1]d}'`, `'[%[1]d]'`, `'"text %[1]d"'`, "'%[1]d'", "'true'", "'{}'", "'[]'"}
	ranges    = []string{"'[%[1]d0,%[1]d5)'"}
)

// candidates returns expressions for values of a column, the most promising first. h is what its constraints say, and literals those in them.
func candidates(c *catalog.Catalog, kind string, h *hint.Hint, literals []string) (list []string) {
	if inner, isArray := strings.CutSuffix(kind, "[]"); isArray {
		return arrays(kind, candidates(c, inner, nil, literals), h)
	}
	if h != nil {
		list = hinted(kind, h)
	}
	list = append(list, literals...)
	base := c.BaseType(kind)
	if e := enumOf(c, base); e != nil {
		for i := range e.Values {
			list = append(list, pg.QuoteLiteral(e.Values[(i+1)%len(e.Values)]))
		}
	}
	name := base
	if open, end := strings.IndexByte(base, '('), strings.IndexByte(base, ')'); open > 0 && end > open {
		name = base[:open] + base[end+1:]
	}
	for _, form := range forms[name] {
		if !strings.Contains(form, "%") {
			list = append(list, form)
			continue
		}
		for n := 1; n <= variants; n++ {
			list = append(list, fmt.Sprintf(form, n))
		}
	}
	return list
}

// arrays returns arrays of a few elements.
func arrays(kind string, elements []string, h *hint.Hint) (list []string) {
	lengths := []int{1, 2, 3, 0}
	if h != nil && h.MinLength > 0 {
		lengths = append([]int{h.MinLength}, lengths...)
	}
	for _, length := range lengths {
		for n := range elements {
			var taken []string
			for i := range length {
				taken = append(taken, elements[(n+i)%len(elements)])
			}
			if list = append(list, fmt.Sprintf("ARRAY[%s]::%s", strings.Join(taken, ", "), kind)); n == variants {
				break
			}
		}
	}
	return list
}

// hinted returns expressions for values as a hint describes them.
func hinted(kind string, h *hint.Hint) (list []string) {
	for _, value := range h.Values {
		list = append(list, pg.QuoteLiteral(value))
	}
	for _, one := range h.Any {
		rest := *h
		rest.Any = nil
		list = append(list, hinted(kind, rest.With(one))...)
	}
	for _, b := range []struct {
		hint.Bound
		sign string
	}{{h.Min, "+"}, {h.Max, "-"}} {
		if b.Text != "" {
			list = append(list, near(kind, b.Text, b.sign)...)
		}
	}
	if isText(kind) || h.Pattern != "" { // a number can have a pattern as a text
		list = append(list, hintedTexts(h)...)
	}
	return list
}

// near returns values at a bound.
func near(kind, bound, sign string) (list []string) {
	at := pg.QuoteLiteral(bound) + "::" + kind
	for n := range variants {
		switch {
		case kind == "date":
			list = append(list, fmt.Sprintf("%s %s %d", at, sign, n))
		case strings.HasPrefix(kind, "time"):
			list = append(list, fmt.Sprintf("%s %s interval '%d hours'", at, sign, n))
		default:
			list = append(list, fmt.Sprintf("%s %s %d", at, sign, n))
		}
	}
	if kind == "numeric" || strings.HasPrefix(kind, "numeric(") {
		list = append(list, fmt.Sprintf("%s %s 0.01", at, sign))
	}
	return list
}

// hintedTexts returns texts as a hint describes them.
func hintedTexts(h *hint.Hint) (list []string) {
	if h.Pattern != "" {
		f := gofakeit.New(1)
		plain := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(h.Pattern, "(?i)"), "^"), "$")
		for range 3 * variants {
			list = append(list, f.Regex(plain))
		}
	}
	for n := 1; n <= variants; n++ {
		text := h.Prefix + strconv.Itoa(n)
		if h.Contains != "" {
			text += h.Contains + strconv.Itoa(n)
		}
		shortest, longest := h.MinLength, h.MaxLength
		list = append(list, text, text+strings.Repeat("x", max(0, min(shortest, longestText)-len(text))))
		if n := min(longest, longestText) - len(text); longest > 0 && n >= 0 {
			list = append(list, text+strings.Repeat("x", n))
		}
	}
	for i, text := range list {
		if list[i] = pg.QuoteLiteral(text); h.Lower {
			list[i] = "lower(" + list[i] + ")"
		} else if h.Upper {
			list[i] = "upper(" + list[i] + ")"
		}
	}
	return list
}

// longestText limits the texts that are generated for a check of a length.
const longestText = 1000

var (
	stringLiteral = regexp.MustCompile(`'(?:[^']|'')*'`)
	numberLiteral = regexp.MustCompile(`-?\b\d+(?:\.\d+)?\b`)
	typeLength    = regexp.MustCompile(`\((\d+)`)
)

// literals returns the texts and numbers in conditions, and those next to the numbers.
func literals(kind string, conditions []string) []string {
	found := map[string]bool{}
	for _, condition := range conditions {
		for _, text := range stringLiteral.FindAllString(condition, -1) {
			found[text] = true
		}
		for _, text := range numberLiteral.FindAllString(stringLiteral.ReplaceAllString(condition, ""), -1) {
			number, err := strconv.ParseFloat(text, 64)
			if err != nil {
				continue
			}
			for _, near := range []float64{number, number + 1, number - 1} {
				found[pg.QuoteLiteral(strconv.FormatFloat(near, 'f', -1, 64))] = true
			}
			if isText(kind) && number > 0 && number <= longestText { // a length
				for n := range variants {
					found[fmt.Sprintf("rpad('%d', %d, 'x')", n, int(number))] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
