package jsonschema

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/testkit"
)

// The patterns agree with the calendar.
func TestTimeBounds(t *testing.T) {
	rounds, seed := testkit.Random(150)
	random := rand.New(rand.NewPCG(seed, 4))
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		moment := func(near time.Time) (time.Time, string) {
			at := near.Add(time.Duration(random.Int64N(4e9)-2e9) * []time.Duration{0, 1, time.Millisecond, time.Microsecond * 3600 * 24}[random.IntN(4)])
			text := at.UTC().Format(layout)
			if layout == time.DateOnly {
				at = at.UTC().Truncate(24 * time.Hour)
			} else if random.IntN(2) == 0 && strings.Contains(text, ".") {
				text = strings.TrimSuffix(text, "Z") + "0Z"
			}
			return at, text
		}
		for range rounds {
			at, bound := moment(time.Date(2019+random.IntN(3), 12, 31, 23, 59, 59, random.IntN(3)*500_000_000, time.UTC))
			low, high := regexp.MustCompile(timeAtLeast(bound)), regexp.MustCompile(timeAtMost(bound))
			for range 20 {
				x, text := moment(at)
				if low.MatchString(text) != !x.Before(at) {
					t.Fatalf("%s not before %s: %t, by %s", text, bound, x.Before(at), low)
				}
				if high.MatchString(text) != !x.After(at) {
					t.Fatalf("%s not after %s: %t, by %s", text, bound, x.After(at), high)
				}
			}
		}
	}
}
