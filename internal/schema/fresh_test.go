package schema_test

import (
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1s", 90 * time.Second: "1m30s", 5 * time.Minute: "5m", 10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Minute: "1h30m",
		time.Hour + time.Second: "1h0m1s", 240 * time.Hour: "240h",
	} {
		if got := schema.FormatDuration(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
		if parsed, err := time.ParseDuration(want); err != nil || parsed != d {
			t.Errorf("%s is not %s again", want, d)
		}
	}
}

func TestFreshFor(t *testing.T) {
	f := schema.Fresh{Within: time.Minute, Operations: []schema.Operation{schema.Delete}}
	if f.For(schema.Delete) != time.Minute || f.For(schema.Read) != 0 || (schema.Fresh{}).For(schema.Delete) != 0 {
		t.Error("fresh applies to other operations than it lists")
	}
}
