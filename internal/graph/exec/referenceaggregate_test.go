package exec_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// functionFields are the fields of each type that aggregate functions take.
var functionFields = map[string]map[string][]string{
	"Person": {"countDistinct": {"id", "name", "age"}, "sum": {"age"}, "avg": {"age"}, "stddev": {"age"}, "min": {"name", "age"}, "max": {"name", "age"}},
	"Note": {
		"countDistinct": {"id", "ownerId", "open", "kind", "score", "big", "price", "ratio", "day", "at", "title", "secret"},
		"sum":           {"score", "big", "price", "ratio", "secret"}, "avg": {"score", "big", "price", "ratio", "secret"}, "stddev": {"score", "price", "ratio", "secret"},
		"min": {"kind", "score", "big", "price", "ratio", "day", "at", "title", "secret"}, "max": {"kind", "score", "big", "price", "ratio", "day", "at", "title", "secret"},
	},
	"Visit": {"countDistinct": {"id", "noteId", "personId", "n", "cost", "day"}, "sum": {"n", "cost"}, "avg": {"n", "cost"}, "stddev": {"n", "cost"}, "min": {"n", "cost", "day"}, "max": {"n", "cost", "day"}},
	"Tag":   {"countDistinct": {"id", "name"}, "min": {"name"}, "max": {"name"}},
}

// aggregate computes a function of a field over rows. A standard deviation is returned as its square, which is exact.
func (rf *reference) aggregate(typ string, rows []record, function, field string) any {
	var values []any
	for _, row := range rows {
		if v := rf.get(typ, row, field); v != nil {
			values = append(values, v)
		}
	}
	switch function {
	case "countDistinct":
		slices.SortFunc(values, compareValues)
		return new(big.Rat).SetInt64(int64(len(slices.CompactFunc(values, func(a, b any) bool { return compareValues(a, b) == 0 }))))
	case "min", "max":
		if len(values) == 0 {
			return nil
		}
		slices.SortFunc(values, compareValues)
		return map[string]any{"min": values[0], "max": values[len(values)-1]}[function]
	}
	return statisticOf(function, values)
}

func statisticOf(function string, values []any) any {
	n, sum, squares := new(big.Rat).SetInt64(int64(len(values))), new(big.Rat), new(big.Rat)
	for _, v := range values {
		x := v.(*big.Rat)
		sum.Add(sum, x)
		squares.Add(squares, new(big.Rat).Mul(x, x))
	}
	switch {
	case len(values) == 0, function == "stddev" && len(values) < 2:
		return nil
	case function == "sum":
		return sum
	case function == "avg":
		return new(big.Rat).Quo(sum, n)
	}
	variance := new(big.Rat).Sub(squares, new(big.Rat).Quo(new(big.Rat).Mul(sum, sum), n))
	return variance.Quo(variance, new(big.Rat).Sub(n, big.NewRat(1, 1)))
}

// summaryMatches evaluates a filter on aggregates over rows.
func (rf *reference) summaryMatches(typ string, rows []record, filter map[string]any) bool {
	for name, condition := range filter {
		if !rf.summaryCondition(typ, rows, name, condition) {
			return false
		}
	}
	return true
}

func (rf *reference) summaryCondition(typ string, rows []record, name string, condition any) bool {
	matches := func(c any) bool { return rf.summaryMatches(typ, rows, c.(map[string]any)) }
	switch name {
	case "and":
		return !slices.ContainsFunc(condition.([]any), func(c any) bool { return !matches(c) })
	case "or":
		return slices.ContainsFunc(condition.([]any), matches)
	case "not":
		return !matches(condition)
	case "count":
		return satisfies("n", new(big.Rat).SetInt64(int64(len(rows))), condition.(map[string]any))
	}
	for field, operators := range condition.(map[string]any) {
		if !satisfies(field, rf.aggregate(typ, rows, name, field), operators.(map[string]any)) {
			return false
		}
	}
	return true
}

// differs reports whether a JSON value of an answer is not the one that the reference has computed.
func differs(function string, got, want any) bool {
	if want == nil || got == nil {
		return got != want
	}
	switch w := want.(type) {
	case *big.Rat:
		g, ok := new(big.Rat).SetString(fmt.Sprint(got))
		if !ok {
			return true
		}
		gf, _ := g.Float64()
		wf, _ := w.Float64()
		switch function {
		case "stddev":
			return math.Abs(gf-math.Sqrt(wf)) > 1e-9*(1+gf)
		case "avg":
			return math.Abs(gf-wf) > 1e-9*(1+math.Abs(gf))
		}
		return g.Cmp(w) != 0
	case label:
		return got != w.name
	}
	return got != want
}

// summaryDiffers returns what of a JSON object with aggregates is not what the reference computes for the rows.
func (rf *reference) summaryDiffers(typ string, rows []record, got map[string]any) string {
	for function, values := range got {
		if function == "count" {
			if fmt.Sprint(values) != fmt.Sprint(len(rows)) {
				return fmt.Sprintf("count is %v, not %d", values, len(rows))
			}
			continue
		}
		fields, ok := values.(map[string]any)
		if !ok || functionFields[typ][function] == nil {
			continue
		}
		for field, value := range fields {
			if want := rf.aggregate(typ, rows, function, field); differs(function, value, want) {
				return fmt.Sprintf("%s of %s is %v, not %v", function, field, value, shownValue(want))
			}
		}
	}
	return ""
}

func shownValue(v any) any {
	if r, ok := v.(*big.Rat); ok {
		return r.RatString()
	}
	return v
}

// decoded reads JSON with all digits of its numbers.
func decoded(text string, into any) error {
	d := json.NewDecoder(bytesOf(text))
	d.UseNumber()
	return d.Decode(into)
}
