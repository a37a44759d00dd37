package runtime

import (
	"cmp"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// unknown is a value that cannot be determined: an absent one, or a result that depends on null.
type unknown struct{}

// checked converts a value for an expression: null becomes nil, a Float a float64, another number or a time a *big.Rat, a list a []any.
func checked(v any) any {
	switch x := v.(type) {
	case interface{ optional() any }:
		return x.optional()
	case Decimal:
		if r, ok := new(big.Rat).SetString(string(x)); ok {
			return r
		}
		return unknown{}
	case time.Time:
		return new(big.Rat).SetInt(new(big.Int).Add(new(big.Int).Mul(big.NewInt(x.Unix()), big.NewInt(1e9)), big.NewInt(int64(x.Nanosecond()))))
	case Date:
		return checked(x.time())
	case Bytes:
		if x == nil {
			return nil
		}
		return x
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Bool:
		return r.Bool()
	case reflect.Int32, reflect.Int64:
		return new(big.Rat).SetInt64(r.Int())
	case reflect.Float64:
		return r.Float()
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return checked(r.Elem().Interface())
	case reflect.Slice:
		if r.IsNil() {
			return nil
		}
		list := []any{}
		for i := range r.Len() {
			list = append(list, checked(r.Index(i).Interface()))
		}
		return list
	}
	return unknown{}
}

func (o Optional[T]) optional() any {
	switch {
	case !o.Set:
		return unknown{}
	case o.Null:
		return nil
	}
	return checked(o.Value)
}

// orNull replaces unknown by null, for a field that becomes null when it is absent.
func orNull(v any) any {
	if v == (unknown{}) {
		return nil
	}
	return v
}

func number(digits string) any {
	if r, ok := new(big.Rat).SetString(digits); ok {
		return r
	}
	return unknown{}
}

func lower(v any) any { return onText(v, func(s string) any { return strings.ToLower(s) }) }

// failed reports whether Postgres refuses to compute a value, because a Float in it is out of range. Such a value is NaN.
func failed(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}

// holds reports whether a check passes.
func holds(v any) bool { return v != false && !failed(v) }

// checkAnd computes its second operand only if Postgres does, too.
func checkAnd(a, b any) any {
	switch {
	case failed(a):
		return a
	case a == false || b == false:
		return false
	case failed(b):
		return b
	case a == true && b == true:
		return true
	}
	return unknown{}
}

func checkOr(a, b any) any { return checkNot(checkAnd(checkNot(a), checkNot(b))) }

func checkNot(a any) any {
	if x, ok := a.(bool); ok {
		return !x
	}
	return orFailed(a)
}

// orFailed returns what does not depend on a value that has no result.
func orFailed(values ...any) any {
	for _, v := range values {
		if failed(v) {
			return v
		}
	}
	return unknown{}
}

func checkCond(condition, a, b any) any {
	switch condition {
	case true:
		return a
	case false:
		return b
	}
	return orFailed(condition)
}

func checkEq(a, b any) any {
	if a == (unknown{}) || b == (unknown{}) || failed(a) || failed(b) {
		return orFailed(a, b)
	}
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if x, ok := a.([]any); ok {
		y, _ := b.([]any)
		return slices.EqualFunc(x, y, func(m, n any) bool { return checkEq(m, n) == true })
	}
	if order := compare(a, b); order != (unknown{}) {
		return ordered(a, b, func(o int) bool { return o == 0 })
	}
	return reflect.DeepEqual(a, b)
}

// checkSame is SQL's =, which is unknown for null.
func checkSame(a, b any) any {
	if a == nil || b == nil {
		return orFailed(a, b)
	}
	return checkEq(a, b)
}

func checkNe(a, b any) any { return checkNot(checkEq(a, b)) }

// double returns a number as Postgres converts it to float8.
func double(v any) (f float64, ok bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case *big.Rat:
		f, _ := x.Float64()
		if math.IsInf(f, 0) || (f == 0 && x.Sign() != 0) {
			f = math.NaN()
		}
		return f, true
	}
	return 0, false
}

func checkDouble(v any) any {
	if f, ok := double(v); ok {
		return f
	}
	return v
}

// compare returns the order of two numbers or two strings as an int, unknown or a failed value.
func compare(a, b any) any {
	switch x := a.(type) {
	case *big.Rat:
		if y, ok := b.(*big.Rat); ok {
			return x.Cmp(y)
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
	}
	x, ok := double(a)
	y, ok2 := double(b)
	switch {
	case failed(x) || failed(y):
		return math.NaN()
	case !ok || !ok2:
		return unknown{}
	}
	return cmp.Compare(x, y)
}

func ordered(a, b any, test func(int) bool) any {
	order := compare(a, b)
	if o, ok := order.(int); ok {
		return test(o)
	}
	return order
}

func checkLt(a, b any) any { return ordered(a, b, func(o int) bool { return o < 0 }) }
func checkLe(a, b any) any { return ordered(a, b, func(o int) bool { return o <= 0 }) }
func checkGt(a, b any) any { return ordered(a, b, func(o int) bool { return o > 0 }) }
func checkGe(a, b any) any { return ordered(a, b, func(o int) bool { return o >= 0 }) }

func checkIn(a, list any) any {
	items, ok := list.([]any)
	if !ok {
		return unknown{}
	}
	var found any = false
	for _, item := range items {
		found = checkOr(found, checkEq(a, item))
	}
	return found
}

func checkAmong(a, list any) any {
	if a == nil {
		return unknown{}
	}
	return checkIn(a, list)
}

// onNumbers computes with two numbers: exactly, or as Floats if one is a Float.
func onNumbers(a, b any, exact func(x, y *big.Rat) any, float func(x, y float64) float64) any {
	x, ok := a.(*big.Rat)
	y, ok2 := b.(*big.Rat)
	if ok && ok2 {
		return exact(x, y)
	}
	f, ok := double(a)
	g, ok2 := double(b)
	if !ok || !ok2 || failed(f) || failed(g) {
		return orFailed(f, g)
	}
	result := float(f, g)
	if math.IsInf(result, 0) {
		return math.NaN()
	}
	return result
}

func checkAdd(a, b any) any {
	if x, ok := a.(string); ok {
		return onText(b, func(y string) any { return x + y })
	}
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Add(x, y) }, func(x, y float64) float64 { return x + y })
}

func checkSub(a, b any) any {
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Sub(x, y) }, func(x, y float64) float64 { return x - y })
}

func checkMul(a, b any) any {
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Mul(x, y) }, func(x, y float64) float64 {
		return notVanished(x*y, x != 0 && y != 0)
	})
}

// notVanished returns a Float that Postgres refuses if it became 0 though nothing in it is.
func notVanished(result float64, nonzero bool) float64 {
	if result == 0 && nonzero {
		return math.NaN()
	}
	return result
}

func checkDiv(a, b any) any {
	if y, ok := double(b); ok && y == 0 {
		return orFailed(a)
	}
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Quo(x, y) }, func(x, y float64) float64 { return notVanished(x/y, x != 0) })
}

// checkIntDiv divides and truncates the result.
func checkIntDiv(a, b any) any {
	quotient, ok := checkDiv(a, b).(*big.Rat)
	if !ok {
		return unknown{}
	}
	return new(big.Rat).SetInt(new(big.Int).Quo(quotient.Num(), quotient.Denom()))
}

func checkMod(a, b any) any { return checkSub(a, checkMul(checkIntDiv(a, b), b)) }

func checkNeg(a any) any { return checkSub(number("0"), a) }

// onText applies a function to a string.
func onText(v any, compute func(string) any) any {
	if s, ok := v.(string); ok {
		return compute(s)
	}
	return unknown{}
}

func checkSize(v any) any {
	switch x := v.(type) {
	case string:
		return number(strconv.Itoa(utf8.RuneCountInString(x)))
	case []any:
		return number(strconv.Itoa(len(x)))
	case Bytes:
		return number(strconv.Itoa(len(x)))
	}
	return unknown{}
}

func onTexts(a, b any, test func(s, part string) bool) any {
	return onText(a, func(s string) any { return onText(b, func(part string) any { return test(s, part) }) })
}

func checkStartsWith(a, b any) any { return onTexts(a, b, strings.HasPrefix) }
func checkEndsWith(a, b any) any   { return onTexts(a, b, strings.HasSuffix) }
func checkContains(a, b any) any   { return onTexts(a, b, strings.Contains) }

// ascii changes the case of ASCII letters only.
func ascii(v any, from, to byte) any {
	return onText(v, func(s string) any {
		return strings.Map(func(r rune) rune {
			if r >= rune(from) && r <= rune(from)+25 {
				return r - rune(from) + rune(to)
			}
			return r
		}, s)
	})
}

func checkLower(v any) any { return ascii(v, 'A', 'a') }
func checkUpper(v any) any { return ascii(v, 'a', 'A') }

func checkMatches(v any, pattern *regexp.Regexp) any {
	return onText(v, func(s string) any { return pattern.MatchString(s) })
}

// compiled returns a compiled pattern from a cache.
func compiled(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	patterns.Store(pattern, re)
	return re
}

var patterns sync.Map

func checkTime(v any) any { return onText(v, func(s string) any { return checked(timeOf(s)) }) }
