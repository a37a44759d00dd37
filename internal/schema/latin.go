package schema

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin has the letters that Unicode does not decompose into an ASCII letter and marks.
var latin = strings.NewReplacer("ß", "ss", "ẞ", "SS", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "ð", "d", "Ð", "D", "þ", "th", "Þ", "Th",
	"æ", "ae", "Æ", "Ae", "œ", "oe", "Œ", "Oe", "ħ", "h", "Ħ", "H", "ı", "i", "ŀ", "l", "Ŀ", "L", "ŋ", "n", "Ŋ", "N", "ŧ", "t", "Ŧ", "T")

// ASCII writes the Latin letters of a text without marks: Über -> Uber, straße -> strasse. Other letters stay.
func ASCII(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return text
	}
	var b strings.Builder
	var base rune
	for _, r := range norm.NFD.String(latin.Replace(text)) {
		isMark := unicode.Is(unicode.Mn, r)
		if isMark && base <= unicode.MaxASCII {
			continue
		}
		if b.WriteRune(r); !isMark {
			base = r
		}
	}
	return b.String()
}
