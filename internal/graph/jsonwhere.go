package graph

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// maxPath is the most keys of a path into JSON.
const maxPath = 20

// jsonPathFilter is the input of a condition on what a path in JSON leads to.
const jsonPathFilter = "JSONPathFilter"

// comparisons compare values that have an order.
var comparisons = map[string]string{"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

// jsonOperators are the operators on JSON as it is stored, or on what a path leads to. See
// https://www.postgresql.org/docs/current/functions-json.html.
var jsonOperators = map[string]struct {
	pattern string
	value   valueType
	form    form
}{
	"eq":          {"{json} = {value}::jsonb", jsonType, asScalar},
	"ne":          {"{json} IS DISTINCT FROM {value}::jsonb", jsonType, asScalar},
	"in":          {"{json} = ANY ({value}::jsonb[])", jsonType, asArray},
	"notIn":       {"({json} = ANY ({value}::jsonb[])) IS NOT TRUE", jsonType, asArray},
	"contains":    {"{json} @> {value}::jsonb", jsonType, asScalar},
	"containedIn": {"{json} <@ {value}::jsonb", jsonType, asScalar},
	"hasKey":      {"{json} ? {value}::text", textType, asScalar},
	"hasAnyKey":   {"{json} ?| {value}::text[]", textType, asArray},
	"hasAllKeys":  {"{json} ?& {value}::text[]", textType, asArray},
	"startsWith":  {"starts_with({text}, {value}::text)", textType, asScalar},
	"endsWith":    {"right({text}, length({value}::text)) = {value}::text", textType, asScalar},
}

var jsonType = valueType{scalar: schema.JSON}

// jsonOperator returns the condition of an operator on SQL for JSON. Values of different kinds are neither equal nor in an order, so that no
// row makes a comparison fail.
func (b *builder) jsonOperator(json string, f argField) (string, error) {
	text := "CASE WHEN jsonb_typeof(" + json + ") = 'string' THEN " + json + " #>> '{}' END"
	switch {
	case f.name == "isNull":
		return "(nullif(" + json + ", 'null') IS NULL) = " + boolText(f.value.known != false), nil
	case f.name == "exists":
		return "(" + json + " IS NOT NULL) = " + boolText(f.value.known != false), nil
	case f.name == "at":
		return b.jsonPaths(json, f.value.items)
	case patternOperators[f.name] != "":
		return b.pattern(f, text, false)
	}
	o, known := jsonOperators[f.name]
	if !known {
		o.pattern, o.value = "(jsonb_typeof({json}) = jsonb_typeof({value}::jsonb) AND {json} "+comparisons[f.name]+" {value}::jsonb)", jsonType
	}
	value, err := b.clientValue(Param{Kind: Variable, input: f.value.input, form: o.form, value: o.value, operator: f.name})
	return strings.NewReplacer("{json}", json, "{text}", text, "{value}", value).Replace(o.pattern), err
}

// jsonPaths returns the conditions on what paths lead to.
func (b *builder) jsonPaths(json string, items []arg) (string, error) {
	var all []string
	for _, item := range items {
		path, _ := item.field("path")
		at, err := b.jsonAt(json, path.input)
		if err != nil {
			return "", err
		}
		for _, f := range item.fields {
			if f.name == "path" {
				continue
			}
			condition, err := b.jsonCondition("("+at+")", f)
			if err != nil {
				return "", err
			}
			all = append(all, condition)
		}
	}
	if len(all) == 0 {
		return "true", nil
	}
	return "(" + join(all, " AND ") + ")", nil
}

func (b *builder) jsonCondition(json string, f argField) (string, error) {
	if f.value.null {
		return "", invalid(fmt.Sprintf("where: %s cannot be null", f.name), "to find rows where it is null, write isNull: true")
	}
	if err := b.grow(); err != nil {
		return "", err
	}
	return b.jsonOperator(json, f)
}

// jsonAt returns SQL for what a path leads to: null where nothing is.
func (b *builder) jsonAt(json string, path input) (string, error) {
	value, err := b.path(path)
	return json + " #> " + value + "::text[]", err
}

// path adds a parameter for a path.
func (b *builder) path(path input) (string, error) {
	return b.clientValue(Param{Kind: Variable, input: path, form: asArray, value: textType, operator: "path"})
}

// checkPath refuses a path that is too long, or leads nowhere.
func checkPath(path any) error {
	if n := len(asList(path)); n < 1 || n > maxPath {
		return invalid(fmt.Sprintf("path must have 1 to %d keys; it has %d", maxPath, n), `write path: ["address", "city"], and the index of an element as "0"`)
	}
	return nil
}

// checkComparable refuses JSON that has no order.
func checkComparable(operator, json string) error {
	if comparisons[operator] == "" || !strings.ContainsAny(json[:1], "{[tf") {
		return nil
	}
	return invalid(operator+" compares a number or a string, not "+json[:1]+"…", "use eq, contains or containedIn")
}

// jsonFilter prints the conditions on JSON.
func (p *sdlPrinter) jsonFilter() {
	p.describe("  ", "Conditions on what paths lead to.")
	p.line("  at: [%s!]", jsonPathFilter)
	p.jsonOperators()
	p.line("  isNull: Boolean\n}\n")
	p.describe("", "Conditions on what a path in JSON leads to; all of them must hold.")
	p.line("input %s {", jsonPathFilter)
	p.describe("  ", "Keys of objects and indexes of lists, from the outermost one.")
	p.line("  path: [String!]!")
	p.jsonOperators()
	p.describe("  ", "The path leads to a value, which may be null.")
	p.line("  exists: Boolean")
	p.describe("  ", "The path leads to null or nowhere.")
	p.line("  isNull: Boolean\n}\n")
}

func (p *sdlPrinter) jsonOperators() {
	p.line("  eq: JSON\n  ne: JSON\n  in: [JSON!]\n  notIn: [JSON!]")
	p.describe("  ", "Numbers compare with numbers, and strings with strings. Any other value does not match.")
	p.line("  gt: JSON\n  gte: JSON\n  lt: JSON\n  lte: JSON")
	p.line("  contains: JSON\n  containedIn: JSON\n  hasKey: String\n  hasAnyKey: [String!]\n  hasAllKeys: [String!]")
	p.line("  startsWith: String\n  endsWith: String")
	p.patternOperators()
}

// isJSON reports whether the value is JSON with paths in it.
func (v valueType) isJSON() bool { return v.scalar == schema.JSON && !v.list }

func (f *field) pathArgument() string {
	if !f.value.isJSON() {
		return ""
	}
	return "(path: [String!])"
}

// selectedValue returns SQL for a column, or for what a path in it leads to.
func (b *builder) selectedValue(s *scope, field *field, f selected) (string, error) {
	column := field.in(s)
	path, given := b.argument(f.Field, "path")
	if !given || !field.value.isJSON() {
		return column, nil
	}
	at, err := b.jsonAt(column+"::jsonb", path.input)
	return "(" + at + ")", err
}
