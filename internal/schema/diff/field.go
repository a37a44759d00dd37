package diff

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

func (c *comparison) field(path string, old, f *schema.Field) {
	was, is := old.Type, f.Type
	switch {
	case was.Name() != is.Name() && !renamed(was, is), was.List != is.List:
		data := Dangerous
		if len(f.Columns()) == 0 {
			data = Safe
		}
		c.add("type-changed", path, Breaking, data, Breaking, "its type changed from %s to %s", was, is)
	case was.NonNull && !is.NonNull:
		c.add("nullable", path, Breaking, Safe, Breaking, "it is now optional; code that reads it may not expect null")
	case !was.NonNull && is.NonNull:
		c.add("required", path, Breaking, Dangerous, Breaking, "it is now required; creates must set it, and the change fails if rows contain null")
	case was.ElemNonNull != is.ElemNonNull:
		c.add("elements-changed", path, Dangerous, Dangerous, Breaking, "its type changed from %s to %s", was, is)
	}
	if len(old.Columns()) > 0 && len(f.Columns()) > 0 && !slices.Equal(old.Columns(), f.Columns()) && f.RenamedFrom != old.Name {
		c.add("column-changed", path, Safe, Breaking, Dangerous, "its column changed from %s to %s; existing values do not move", strings.Join(old.Columns(), ", "), strings.Join(f.Columns(), ", "))
	}
	if !strings.EqualFold(old.DataType, f.DataType) {
		c.add("data-type-changed", path, Safe, Dangerous, Safe, "its Postgres type changed from %s to %s", or(old.DataType, "the default"), or(f.DataType, "the default"))
	}
	if old.Description != f.Description {
		c.add("description-changed", path, Safe, Safe, Safe, "its description changed")
	}
	c.shown(path, old.API, f.API)
	c.deprecated(path, old.Deprecated, f.Deprecated)
	c.defaults(path, old, f)
	c.constraints(path, old, f)
	c.relation(path, old, f)
	switch was, is := old.Personal(), f.Personal(); {
	case is && !was:
		c.add("pii-added", path, Safe, Safe, Safe, "it is now personal data; dumps mask it")
	case was && !is:
		c.add("pii-removed", path, Safe, Safe, Safe, "it is no longer personal data; dumps contain its values")
	}
	if old.Auth || f.Auth {
		c.fieldRules(path, old, f)
	}
	c.fresh(path, old.Fresh, f.Fresh)
}

// renamed reports whether one type is the other under a new name.
func renamed(was, is schema.FieldType) bool {
	switch {
	case was.Enum != nil && is.Enum != nil:
		return is.Enum.RenamedFrom == was.Enum.Name
	case was.Object != nil && is.Object != nil:
		return is.Object.RenamedFrom == was.Object.Name
	}
	return false
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (c *comparison) defaults(path string, old, f *schema.Field) {
	was, is := defaultOf(old), defaultOf(f)
	switch {
	case was == is:
	case old.Generated != nil || f.Generated != nil:
		c.add("generated-changed", path, Dangerous, Dangerous, Dangerous, "its generated value changed from %s to %s", or(was, "none"), or(is, "none"))
	case is == "" && f.Type.NonNull:
		c.add("default-removed", path, Breaking, Safe, Breaking, "its default %s was removed; creates must set the field", was)
	case is == "":
		c.add("default-removed", path, Dangerous, Safe, Safe, "its default %s was removed", was)
	case was == "":
		c.add("default-added", path, Safe, Safe, Safe, "the default %s was added", is)
	default:
		c.add("default-changed", path, Dangerous, Safe, Safe, "its default changed from %s to %s", was, is)
	}
}

func defaultOf(f *schema.Field) string {
	switch d := f.Default; {
	case f.Generated != nil && f.Generated.Expr != nil:
		return f.Generated.Expr.Source
	case f.Generated != nil:
		return "identity " + string(f.Generated.Identity)
	case d == nil:
		return ""
	case d.Expr != nil:
		return d.Expr.Source
	case d.SQL != "":
		return d.SQL
	default:
		return fmt.Sprintf("%v", d.Value)
	}
}

func (c *comparison) constraints(path string, old, f *schema.Field) {
	was, is := old.Constraints, f.Constraints
	oldMin, oldMax := lengths(was.Length)
	newMin, newMax := lengths(is.Length)
	c.bounds(path, "length", oldMin, oldMax, newMin, newMax)
	oldMin, oldMax = ranges(was.Range)
	newMin, newMax = ranges(is.Range)
	c.bounds(path, "range", oldMin, oldMax, newMin, newMax)
	c.texts(path, "pattern", was.Pattern, is.Pattern)
	c.texts(path, "format", string(was.Format), string(is.Format))
	switch {
	case !old.Unique && f.Unique:
		c.add("unique-added", path, Dangerous, Dangerous, Safe, "it is now unique; the change fails if rows share a value")
	case old.Unique && !f.Unique:
		c.add("unique-removed", path, Safe, Safe, Safe, "it is no longer unique")
	}
	c.sets(path, "check", "the check", checks(old.Checks), checks(f.Checks), Dangerous, Dangerous)
}

func lengths(l *schema.Length) (low, high string) {
	if l == nil {
		return "", ""
	}
	if l.Min != nil {
		low = fmt.Sprint(*l.Min)
	}
	if l.Max != nil {
		high = fmt.Sprint(*l.Max)
	}
	return low, high
}

func ranges(r *schema.Range) (low, high string) {
	if r == nil {
		return "", ""
	}
	return r.Min, r.Max
}

// bounds compares the limits of a length or a range.
func (c *comparison) bounds(path, what, oldLow, oldHigh, newLow, newHigh string) {
	if oldLow == newLow && oldHigh == newHigh {
		return
	}
	tighter := (newLow != "" && (oldLow == "" || order(newLow, oldLow) > 0)) || (newHigh != "" && (oldHigh == "" || order(newHigh, oldHigh) < 0))
	was, is := span(oldLow, oldHigh), span(newLow, newHigh)
	if tighter {
		c.add(what+"-tightened", path, Dangerous, Dangerous, Dangerous, "its %s changed from %s to %s; values that were valid are rejected", what, was, is)
		return
	}
	c.add(what+"-loosened", path, Safe, Safe, Safe, "its %s changed from %s to %s", what, was, is)
}

func span(low, high string) string {
	switch {
	case low == "" && high == "":
		return "any"
	case low == "":
		return "at most " + high
	case high == "":
		return "at least " + low
	}
	return low + " to " + high
}

// order compares numbers, or times.
func order(a, b string) int {
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if ok && ok2 {
		return x.Cmp(y)
	}
	s, err := time.Parse(time.RFC3339Nano, a)
	t, err2 := time.Parse(time.RFC3339Nano, b)
	if err == nil && err2 == nil {
		return s.Compare(t)
	}
	return strings.Compare(a, b) // dates
}

func (c *comparison) texts(path, what, was, is string) {
	switch {
	case was == is:
	case is == "":
		c.add(what+"-removed", path, Safe, Safe, Safe, "its %s %s was removed", what, was)
	default:
		c.add(what+"-changed", path, Dangerous, Dangerous, Dangerous, "its %s changed from %s to %s; values that were valid may be rejected", what, or(was, "none"), is)
	}
}

func (c *comparison) relation(path string, old, f *schema.Field) {
	was, is := old.Relation, f.Relation
	if was == nil || is == nil || was.Kind != is.Kind {
		return
	}
	if was.OnDelete != is.OnDelete {
		c.add("on-delete-changed", path, Dangerous, Dangerous, Safe, "its onDelete changed from %s to %s", was.OnDelete, is.OnDelete)
	}
}
