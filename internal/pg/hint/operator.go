package hint

import (
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
)

// flipped are comparisons with their operands exchanged.
var flipped = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// operator adds the hints of an operator between a column, or a function of it, and a constant.
func (h hints) operator(e *pg_query.A_Expr) {
	name, left, right := lastName(e.Name), e.Lexpr, e.Rexpr
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_IN, pg_query.A_Expr_Kind_AEXPR_OP_ANY, pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		h.among(e.Kind, name, left, right)
		return
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN:
		if items := right.GetList().GetItems(); len(items) == 2 {
			h.compare(">=", left, items[0])
			h.compare("<=", left, items[1])
			return
		}
	case pg_query.A_Expr_Kind_AEXPR_OP, pg_query.A_Expr_Kind_AEXPR_LIKE:
		if _, isConstant := constant(left); isConstant && flipped[name] != "" {
			name, left, right = flipped[name], right, left
		}
		h.compare(name, left, right)
		return
	}
	h.mentionBoth(left, right)
}

// among adds the hints of IN, = ANY and <> ALL.
func (h hints) among(kind pg_query.A_Expr_Kind, operator string, left, right *pg_query.Node) {
	values, ok := constants(right)
	name := column(left)
	switch {
	case !ok || name == "":
		h.mentionBoth(left, right)
	case operator == "=" && kind != pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		h.of(name).Values = values
	case operator == "<>" && kind != pg_query.A_Expr_Kind_AEXPR_OP_ANY:
		h.of(name).Not = append(h.of(name).Not, values...)
	default:
		h.mention(left)
	}
}

// compare adds the hints of a comparison with a constant.
func (h hints) compare(operator string, left, right *pg_query.Node) {
	value, ok := constant(right)
	name, f := column(left), ""
	var args []*pg_query.Node
	if name == "" {
		if f, args = call(left); len(args) > 0 {
			name = column(args[0])
		}
	}
	switch {
	case !ok && h.sameCase(operator, left, right), !ok && h.sameCase(operator, right, left):
	case !ok || name == "":
		h.mentionBoth(left, right)
	case f == "":
		h.of(name).compare(operator, value)
	case f == "lower" && operator == "=", f == "upper" && operator == "=":
		h.of(name).Values = []string{value}
	default:
		h.mention(left)
		h.of(name).measure(f, args, operator, value)
	}
}

// mentionBoth mentions the columns of both sides. (a IS NULL) <> (b IS NULL) depends on both.
func (h hints) mentionBoth(left, right *pg_query.Node) {
	h.mention(left)
	h.mention(right)
}

// sameCase adds the hint of a = lower(a) and a = upper(a).
func (h hints) sameCase(operator string, left, right *pg_query.Node) bool {
	f, args := call(right)
	name := column(left)
	if operator != "=" || name == "" || len(args) != 1 || column(args[0]) != name || (f != "lower" && f != "upper") {
		return false
	}
	hint := h.of(name)
	hint.Lower, hint.Upper = hint.Lower || f == "lower", hint.Upper || f == "upper"
	return true
}

// compare adds the hint of a comparison of the column with a constant.
func (h *Hint) compare(operator, value string) {
	switch operator {
	case "=":
		h.Values = []string{value}
	case "<>":
		h.Not = append(h.Not, value)
	case ">", ">=":
		h.Min = Bound{value, operator == ">"}
	case "<", "<=":
		h.Max = Bound{value, operator == "<"}
	case "~":
		h.Pattern = value
	case "~*":
		h.Pattern = "(?i)" + value
	case "~~":
		h.like(value)
	}
}

// like adds the hint of a pattern of LIKE: a prefix, or a part of the text.
func (h *Hint) like(pattern string) {
	if strings.ContainsAny(pattern, `\_`) {
		return
	}
	prefix, rest, wild := strings.Cut(pattern, "%")
	if !wild {
		h.Values = []string{pattern}
		return
	}
	h.Prefix = prefix
	if part := strings.TrimSuffix(rest, "%"); part != "" && !strings.Contains(part, "%") {
		h.Contains = part
	}
}

// measure adds the hint of a comparison of a function of the column with a constant.
func (h *Hint) measure(function string, args []*pg_query.Node, operator, value string) {
	number, err := strconv.Atoi(value)
	switch function {
	case "length", "char_length", "character_length", "octet_length", "cardinality", "array_length":
		if err == nil {
			h.length(operator, number)
		}
	case "strpos", "position":
		if len(args) == 2 && (strings.HasPrefix(operator, ">") || operator == "<>") {
			h.Contains, _ = constant(args[1])
		}
	case "jsonb_typeof", "json_typeof":
		if sample := documents[value]; operator == "=" && sample != nil {
			h.Values = sample
		}
	}
}

// documents are JSON values by their type.
var documents = map[string][]string{
	"object": {`{}`, `{"name": "value"}`, `{"number": 1}`, `{"list": [1, 2]}`}, "array": {`[]`, `[1, 2]`, `["text"]`, `[{}]`},
	"string": {`""`, `"text"`, `"more text"`}, "number": {`0`, `1`, `2.5`}, "boolean": {`true`, `false`},
}

func (h *Hint) length(operator string, n int) {
	switch operator {
	case "=":
		h.MinLength, h.MaxLength = n, n
	case ">":
		h.MinLength = n + 1
	case ">=":
		h.MinLength = n
	case "<":
		h.MaxLength = max(n-1, 0)
	case "<=":
		h.MaxLength = n
	case "<>":
		if n == 0 {
			h.MinLength = 1
		}
	}
}
