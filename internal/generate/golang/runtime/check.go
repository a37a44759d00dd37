package runtime

import (
	"cmp"
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

// checked converts a value for an expression: null becomes nil, a number or a time a *big.Rat, a list a []any.
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
		return number(strconv.FormatFloat(r.Float(), 'g', -1, 64))
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

// holds reports whether a check passes; only false fails it.
func holds(v any) bool { return v != false }

func checkAnd(a, b any) any {
	switch {
	case a == false || b == false:
		return false
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
	return unknown{}
}

func checkCond(condition, a, b any) any {
	switch condition {
	case true:
		return a
	case false:
		return b
	}
	return unknown{}
}

func checkEq(a, b any) any {
	if a == (unknown{}) || b == (unknown{}) {
		return unknown{}
	}
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if x, ok := a.([]any); ok {
		y, _ := b.([]any)
		return slices.EqualFunc(x, y, func(m, n any) bool { return checkEq(m, n) == true })
	}
	if order, ok := compare(a, b); ok {
		return order == 0
	}
	return reflect.DeepEqual(a, b)
}

// checkSame is SQL's =, which is unknown for null.
func checkSame(a, b any) any {
	if a == nil || b == nil {
		return unknown{}
	}
	return checkEq(a, b)
}

func checkNe(a, b any) any { return checkNot(checkEq(a, b)) }

// compare orders two numbers or two strings.
func compare(a, b any) (order int, ok bool) {
	switch x := a.(type) {
	case *big.Rat:
		if y, ok := b.(*big.Rat); ok {
			return x.Cmp(y), true
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y), true
		}
	}
	return 0, false
}

func ordered(a, b any, test func(int) bool) any {
	if order, ok := compare(a, b); ok {
		return test(order)
	}
	return unknown{}
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

// onNumbers applies a function to two numbers.
func onNumbers(a, b any, compute func(x, y *big.Rat) any) any {
	x, ok := a.(*big.Rat)
	y, ok2 := b.(*big.Rat)
	if !ok || !ok2 {
		return unknown{}
	}
	return compute(x, y)
}

func checkAdd(a, b any) any {
	if x, ok := a.(string); ok {
		return onText(b, func(y string) any { return x + y })
	}
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Add(x, y) })
}

func checkSub(a, b any) any {
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Sub(x, y) })
}

func checkMul(a, b any) any {
	return onNumbers(a, b, func(x, y *big.Rat) any { return new(big.Rat).Mul(x, y) })
}

func checkDiv(a, b any) any {
	return onNumbers(a, b, func(x, y *big.Rat) any {
		if y.Sign() == 0 {
			return unknown{}
		}
		return new(big.Rat).Quo(x, y)
	})
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
