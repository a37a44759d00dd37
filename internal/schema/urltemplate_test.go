package schema_test

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

// Whatever an argument is, the request goes to the host and the path of the schema, with the argument as one segment.
func TestURLArgumentsStayInTheirSegment(t *testing.T) {
	t.Parallel()
	template, err := schema.ParseURLTemplate("${BASE}/teams/{team}/total?of=all")
	if err != nil {
		t.Fatal(err)
	}
	target, err := template.Resolve(func(string) (string, bool) { return "https://billing.example:8443/v1", true })
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not for secrets
	pieces := []string{"/", "..", ".", "%2f", "?", "#", "@", ":", "\\", "\r\n", " ", "é", "a", "//evil.example", "%", "\x00", "{team}", "${BASE}"}
	for range 2000 {
		var value strings.Builder
		for range 1 + random.IntN(4) {
			value.WriteString(pieces[random.IntN(len(pieces))])
		}
		text, err := target.With(func(string) string { return value.String() })
		if value.String() == "." || value.String() == ".." {
			if err == nil {
				t.Errorf("%q makes %s", value.String(), text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", value.String(), err)
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Host != "billing.example:8443" || u.RawQuery != "of=all" || u.Fragment != "" {
			t.Fatalf("%q makes %s: %v", value.String(), text, err)
		}
		segments := strings.Split(u.EscapedPath(), "/")
		if len(segments) != 5 || segments[1] != "v1" || segments[4] != "total" {
			t.Fatalf("%q makes the path %s", value.String(), u.EscapedPath())
		}
		if got, err := url.PathUnescape(segments[3]); err != nil || got != value.String() {
			t.Errorf("%q arrives as %q, %v", value.String(), got, err)
		}
	}
}

func TestResolveURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://a.example/b":     "https://a.example",
		"${GOOD}/b":               "https://good.example:1",
		"https://${HOST}/b":       "https://host.example",
		"${NONE}/b":               "the environment variable NONE, which ${NONE}/b uses, is not set",
		"${USER}/b":               "must not have a user or a password",
		"${WORD}/b":               "must be a URL with http or https and a host",
		"https://a.example${BAD}": "is not a valid URL",
	} {
		template, err := schema.ParseURLTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"GOOD": "https://good.example:1", "HOST": "host.example", "USER": "https://a:hidden@b.example", "WORD": "hidden", "BAD": "/hidden\r\nX: y"}
		target, err := template.Resolve(func(name string) (string, bool) { value, set := env[name]; return value, set })
		got := target.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || strings.Contains(got, "hidden") {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	for text, plain := range map[string]bool{
		"http://a.example": true, "https://a.example": false, "http://localhost:1": false, "http://127.0.0.1": false, "http://[::1]:2/": false, "http://127.0.0.1.example": true, "http://10.0.0.1": true,
	} {
		template, err := schema.ParseURLTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if target, err := template.Resolve(nil); err != nil || target.Plain() != plain {
			t.Errorf("%s: plain is %t, %v", text, target.Plain(), err)
		}
	}
}
