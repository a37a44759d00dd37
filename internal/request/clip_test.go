package request_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/request"
)

func TestClip(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "abcd": "abcd", "abcde": "abcd…", "abcé": "abc…", "a\xffb": "a\uFFFDb", // a character is not cut in two
	} {
		if got := request.Clip(text, 4); got != want {
			t.Errorf("%q is clipped to %q, want %q", text, got, want)
		}
	}
}
