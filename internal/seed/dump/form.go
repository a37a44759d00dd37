package dump

import (
	"iter"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	emailIn = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,}`)
	phoneIn = regexp.MustCompile(`(?:^|[^\w.+-])(?:\+|00)[1-9][0-9]{0,2}[ ()./-]*[0-9](?:[ ()./-]*[0-9]){5,11}(?:$|[^\w-])`)
	cardIn  = regexp.MustCompile(`(?:^|[^\w.-])([0-9](?:[ -]?[0-9]){12,18})(?:$|[^\w-])`)
)

// formOf returns the kind of personal data whose form a part of a text has, or "".
func formOf(text string) string {
	for at := range indexes(text, '@') {
		start := strings.LastIndexFunc(text[:at], outsideOf("._%+-")) + 1
		host := text[at+1:]
		if end := strings.IndexFunc(host, outsideOf(".-")); end >= 0 {
			host = host[:end]
		}
		if emailIn.MatchString(text[start : at+1+len(host)]) {
			return "email"
		}
	}
	kind := ""
	for number := range numbersIn(text) {
		for _, m := range cardIn.FindAllStringSubmatch(number, -1) {
			if luhn(m[1]) {
				return "card number"
			}
		}
		if phoneIn.MatchString(number) {
			kind = "phone number"
		}
	}
	return kind
}

// outsideOf reports whether a character is not a letter, a number or one of some others.
func outsideOf(others string) func(rune) bool {
	return func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune(others, r)
	}
}

// indexes iterates over the positions of a character.
func indexes(text string, char byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			next := strings.IndexByte(text[at:], char)
			if next < 0 || !yield(at+next) {
				return
			}
			at += next
		}
	}
}

// numbersIn iterates over the parts of a text that can be a number of many digits, with the characters before and after each one. The
// expressions are slow, and most texts have no such part.
func numbersIn(text string) iter.Seq[string] {
	const fewest = 7 // digits of a phone number with the code of its country
	return func(yield func(string) bool) {
		for at := 0; at < len(text); at++ {
			digits, start := 0, at
			for ; at < len(text) && (('0' <= text[at] && text[at] <= '9') || strings.IndexByte(" ()./+-", text[at]) >= 0); at++ {
				if text[at] >= '0' && text[at] <= '9' {
					digits++
				}
			}
			if digits < fewest {
				continue
			}
			_, before := utf8.DecodeLastRuneInString(text[:start])
			_, after := utf8.DecodeRuneInString(text[at:])
			if !yield(text[start-before : at+after]) {
				return
			}
		}
	}
}

// luhn checks the last digit of a card number (ISO/IEC 7812-1, annex B).
func luhn(text string) bool {
	sum, odd, nonzero := 0, true, false
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		n := int(text[i] - '0')
		nonzero = nonzero || n > 0
		if odd = !odd; odd {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return nonzero && sum%10 == 0
}
