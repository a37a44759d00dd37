package schema_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestFormats(t *testing.T) {
	for format, texts := range map[schema.Format]struct{ valid, invalid []string }{
		schema.Email: {
			[]string{"ada@example.com", "a.b+c@sub.example.co", "o'neil@example.org"},
			[]string{"", "ada", "ada@", "@example.com", "ada@localhost", "a b@example.com", "ada@exa mple.com", "ada@example.com\n", "ada@-x.com", "ä@example.com"},
		},
		schema.URL: {
			[]string{"https://example.com", "http://a/b?c#d", "ftp://x", "postgres://u:p@h:1/db", "https://[::1]:80/"},
			[]string{"", "example.com", "https://", "https:///path", "https://a b", "1http://x", "https://?q", "https://é.example"},
		},
		schema.Hostname: {[]string{"a", "example.com", "xn--bcher-kva.example"}, []string{"", "-a", "a-", "a..b", "a_b", "a.", strings.Repeat("a", 64)}},
		schema.IPv4:     {[]string{"0.0.0.0", "255.255.255.255"}, []string{"", "1.2.3", "256.0.0.1", "01.2.3.4", "1.2.3.4.5"}},
		schema.UUID:     {[]string{"0190D4A1-0000-7000-8000-000000000000"}, []string{"", "0190d4a1-0000-7000-8000-00000000000", "{0190d4a1-0000-7000-8000-000000000000}"}},
		schema.Slug:     {[]string{"a", "a-1"}, []string{"", "A", "a--b", "-a", "a_b"}},
		schema.Color:    {[]string{"#fff", "#FFFF", "#a0b1c2", "#a0b1c2d3"}, []string{"", "fff", "#ff", "#fffff", "#ggg"}},
		schema.Phone:    {[]string{"+4915112345678", "+12"}, []string{"", "+0123", "0123", "+1", "+1234567890123456"}},
	} {
		pattern := regexp.MustCompile(format.Pattern())
		for _, text := range texts.valid {
			if !pattern.MatchString(text) {
				t.Errorf("%s refuses %q", format, text)
			}
		}
		for _, text := range texts.invalid {
			if pattern.MatchString(text) {
				t.Errorf("%s accepts %q", format, text)
			}
		}
	}
}

// The pattern agrees with the standard library on every way to shorten an address.
func FuzzIPv6(f *testing.F) {
	for _, text := range []string{
		"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "1:2::7:8", "1:2:3:4:5:6::8", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:1.2.3.4",
		"::1.2.3.4", "::ffff:1.2.3.4", "1::1.2.3.4", "1:2::5:1.2.3.4", "1:2:3:4:5::1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "1:2:3:4::6:1.2.3.4",
		":", ":::", "1:", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1:2:3:4:5:6:7:8", "g::", "::1.2.3", "::256.1.1.1", "1.2.3.4",
	} {
		f.Add(text)
	}
	pattern := regexp.MustCompile(schema.IPv6.Pattern())
	f.Fuzz(func(t *testing.T, text string) {
		address, err := netip.ParseAddr(text)
		want := err == nil && address.Is6() && address.Zone() == ""
		if got := pattern.MatchString(text); got != want {
			t.Errorf("%q: %t, want %t (%v)", text, got, want, err)
		}
	})
}
