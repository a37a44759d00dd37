package sdl

import (
	"math/big"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// constraints reads @length, @range, @pattern and @format.
func (b *builder) constraints(f *fieldDecl) {
	if u := f.uses.one("length"); u != nil {
		b.length(f, u)
	}
	if u := f.uses.one("range"); u != nil {
		b.bounds(f, u)
	}
	if u := f.uses.one("pattern"); u != nil && b.ofString(f, u) {
		b.pattern(f, u.args["regex"])
	}
	if u := f.uses.one("format"); u != nil && b.ofString(f, u) {
		f.Constraints.Format = schema.Format(u.text("type"))
	}
}

// pattern reads a regular expression that Go and Postgres accept.
func (b *builder) pattern(f *fieldDecl, v *ast.Value) {
	re, err := syntax.Parse(v.Raw, syntax.Perl)
	if err != nil {
		problem := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		b.errorf(codeInvalidPattern, v.Position, "use RE2 syntax; write \\\\ for a backslash", "invalid regular expression: %s", problem)
		return
	}
	if err := schema.CheckRepetitions(re); err != nil {
		b.errorf(codeInvalidPattern, v.Position, "limit the length with @length(max: …), and write + or * in the pattern", "invalid regular expression: %s", err)
		return
	}
	f.Constraints.Pattern = v.Raw
	if schema.Explosive(re) {
		b.add(diag.Warning, codeSlowPattern, b.spanOf(v.Position), "the nested quantifiers of the pattern match one text in many ways, so that a browser can take minutes to refuse 40 characters",
			"write one quantifier, such as a+ for (a+)+, or separate the repeated parts by a character that they do not contain")
	}
}

func (b *builder) pii(f *fieldDecl, u *use) {
	f.PII = &schema.PII{Kind: schema.PIIKind(u.text("kind"))}
	if k := f.PII.Kind; k != "" && k != schema.PIINone && f.Type.Scalar != schema.String {
		b.errorf(codeInvalidConstraint, u.position("kind"), "write @pii without kind", "the kind of @pii is only valid for String, and %q has type %s", f.Name, f.Type)
	}
	for _, v := range u.items("keys") {
		f.PII.Keys = append(f.PII.Keys, v.Raw)
	}
	if len(f.PII.Keys) > 0 && f.Type.Scalar != schema.JSON {
		b.errorf(codeInvalidConstraint, u.position("keys"), "remove the argument", "the keys of @pii are only valid for JSON, and %q has type %s", f.Name, f.Type)
	}
}

func (b *builder) ofString(f *fieldDecl, u *use) bool {
	if f.Type.Scalar == schema.String && !f.Type.List {
		return true
	}
	b.errorf(codeInvalidConstraint, u.Position, "use @check(expr: …) for other types", "@%s is only valid for String, and %q has type %s", u.Name, f.Name, f.Type)
	return false
}

func (b *builder) length(f *fieldDecl, u *use) {
	if !f.Type.List && f.Type.Scalar != schema.String && f.Type.Scalar != schema.Bytes {
		remedy := "remove @length"
		if ranged(f.Type) {
			remedy = "use @range to limit the value"
		}
		b.errorf(codeInvalidConstraint, u.Position, remedy, "@length is only valid for String, Bytes and lists, and %q has type %s", f.Name, f.Type)
		return
	}
	l := &schema.Length{Min: u.number("min"), Max: u.number("max")}
	switch {
	case l.Min == nil && l.Max == nil:
		b.errorf(codeMissingArgument, u.Position, "write @length(min: 1, max: 200)", "@length requires min, max or both")
	case l.Min != nil && l.Max != nil && *l.Min > *l.Max:
		b.errorf(codeInvalidConstraint, u.position("min"), "swap min and max", "min %d is greater than max %d", *l.Min, *l.Max)
	default:
		f.Constraints.Length = l
	}
}

// ranged reports whether @range may limit values of the type.
func ranged(t schema.FieldType) bool {
	if t.List {
		return false
	}
	switch t.Scalar {
	case schema.Int, schema.Int64, schema.Float, schema.Decimal, schema.Date, schema.DateTime:
		return true
	}
	return false
}

func (b *builder) bounds(f *fieldDecl, u *use) {
	if !ranged(f.Type) {
		remedy := "remove @range"
		if f.Type.Scalar == schema.String || f.Type.List {
			remedy = "use @length"
		}
		b.errorf(codeInvalidConstraint, u.Position, remedy, "@range is only valid for numbers and dates, and %q has type %s", f.Name, f.Type)
		return
	}
	r := &schema.Range{}
	ok := b.bound(f, u.args["min"], &r.Min)
	ok = b.bound(f, u.args["max"], &r.Max) && ok
	switch {
	case !ok:
	case r.Min == "" && r.Max == "":
		b.errorf(codeMissingArgument, u.Position, "write @range(min: 0, max: 100)", "@range requires min, max or both")
	case r.Min != "" && r.Max != "" && compare(f.Type.Scalar, r.Min, r.Max) > 0:
		b.errorf(codeInvalidConstraint, u.position("min"), "swap min and max", "min %s is greater than max %s", r.Min, r.Max)
	default:
		f.Constraints.Range = r
	}
}

// exponent is the exponent of a canonical Float: 1e+21 and 1e-07 are 1e21 and 1e-7 in every language.
var exponent = regexp.MustCompile(`e\+?(-?)0*`)

// bound reads one bound, which must be a value of the field's type.
func (b *builder) bound(f *fieldDecl, v *ast.Value, to *string) bool {
	if v == nil {
		return true
	}
	if _, problem := scalarValue(f.Type.Scalar, v); problem != "" {
		b.errorf(codeInvalidConstraint, v.Position, exampleOf(f.Type.Scalar), "invalid %s: %s", f.Type.Scalar, problem)
		return false
	}
	*to = v.Raw
	if s := f.Type.Scalar; s != schema.Date && s != schema.DateTime {
		canonical, _ := scalar.Of(s, "").Canonical(v.Raw) // scalarValue accepted it
		*to = exponent.ReplaceAllString(canonical, "e$1")
	}
	return true
}

// compare orders two values of a scalar that @range can bound, as they are written.
func compare(s schema.Scalar, x, y string) int {
	switch s {
	case schema.Date, schema.DateTime:
		return parseTime(s, x).Compare(parseTime(s, y))
	}
	a, _ := new(big.Rat).SetString(x)
	c, _ := new(big.Rat).SetString(y)
	return a.Cmp(c)
}

// parseTime reads what scalarValue accepted.
func parseTime(s schema.Scalar, v string) time.Time {
	layout := time.RFC3339Nano
	if s == schema.Date {
		layout = time.DateOnly
	}
	t, _ := time.Parse(layout, v)
	return t
}
