package dump

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// TestForms looks for forms in random texts as formOf does, and as the expressions alone do.
func TestForms(t *testing.T) {
	apart := regexp.MustCompile(`[^\w ()./+-]`)
	slow := func(text string) string {
		if emailIn.MatchString(text) {
			return "email"
		}
		text = apart.ReplaceAllString(text, "$0$0") // a match includes the characters around it, and the next one begins after them
		for _, m := range cardIn.FindAllStringSubmatch(text, -1) {
			if luhn(m[1]) {
				return "card number"
			}
		}
		if phoneIn.MatchString(text) {
			return "phone number"
		}
		return ""
	}
	r := rand.New(rand.NewPCG(1, 7))
	parts := []string{"@", "a", "é", ".", "de", "-", "+", "_", " ", "(", ")", "/", "0", "00", "1", "42", "4111 1111", "1111-1111", "46701", "12345", "\n", ":", "x.", "½", "日", "\""}
	seen := map[string]int{}
	for range 20000 {
		var b strings.Builder
		for range 1 + r.IntN(9) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		want := slow(b.String())
		if got := formOf(b.String()); got != want {
			t.Fatalf("%q: got %q, want %q", b.String(), got, want)
		}
		seen[want]++
	}
	if len(seen) != 4 {
		t.Errorf("found only %v", seen)
	}
}
