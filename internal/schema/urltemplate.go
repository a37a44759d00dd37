package schema

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// HTTP is the service that answers a Custom.
type HTTP struct{ URL URLTemplate }

// URLTemplate is a URL in which ${NAME} stands for a variable of the environment, and {argument} as a segment of the path for an argument.
type URLTemplate struct {
	Text  string
	parts []urlPart
}

// urlPart is text, or the name of a variable or an argument.
type urlPart struct{ text, variable, argument string }

var (
	urlReference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	urlStart     = regexp.MustCompile(`^(https?://[^/?#\s]|\$\{)`)
)

// ParseURLTemplate reads a URL of a schema. Errors say what to write instead.
func ParseURLTemplate(text string) (URLTemplate, error) {
	t := URLTemplate{Text: text}
	at := 0
	for _, m := range urlReference.FindAllStringSubmatchIndex(text, -1) {
		t.parts = append(t.parts, urlPart{text: text[at:m[0]]})
		at = m[1]
		if m[2] >= 0 {
			t.parts = append(t.parts, urlPart{variable: text[m[2]:m[3]]})
			continue
		}
		name := text[m[4]:m[5]]
		if !isSegment(text, m[0], m[1]) {
			return t, fmt.Errorf("{%s} must be a whole segment of the path, as in https://example.com/teams/{%s}", name, name)
		}
		t.parts = append(t.parts, urlPart{argument: name})
	}
	t.parts = append(t.parts, urlPart{text: text[at:]})
	if !urlStart.MatchString(text) {
		return t, errors.New("the URL must begin with https:// and a host, or with ${NAME}")
	}
	for _, p := range t.parts {
		if strings.ContainsAny(p.text, "{}$\\") {
			return t, errors.New("$, {, } and \\ are for ${NAME} and {argument} alone")
		}
	}
	if _, err := t.expand(func(string) (string, bool) { return "https://example.com", true }); err != nil && len(t.Variables()) == 0 {
		return t, err
	}
	return t, nil
}

// isSegment reports whether a reference is a whole segment of the path of a URL.
func isSegment(text string, start, end int) bool {
	before, after := text[:start], text[end:]
	isWhole := strings.HasSuffix(before, "/") && (after == "" || strings.ContainsAny(after[:1], "/?"))
	isPath := !strings.ContainsAny(before, "?#") && !strings.HasSuffix(before, "://")
	return isWhole && isPath
}

// Variables are the names of the variables of the environment.
func (t URLTemplate) Variables() (names []string) {
	for _, p := range t.parts {
		if p.variable != "" {
			names = append(names, p.variable)
		}
	}
	return names
}

// Arguments are the names of the arguments in the path.
func (t URLTemplate) Arguments() (names []string) {
	for _, p := range t.parts {
		if p.argument != "" {
			names = append(names, p.argument)
		}
	}
	return names
}

// Resolve replaces the variables. An error does not have their values, which may be secret.
func (t URLTemplate) Resolve(lookup func(string) (string, bool)) (ServiceURL, error) {
	for _, name := range t.Variables() {
		if value, set := lookup(name); !set || value == "" {
			return ServiceURL{}, fmt.Errorf("the environment variable %s, which %s uses, is not set", name, t.Text)
		}
	}
	return t.expand(lookup)
}

// expand replaces the variables, and checks the URL.
func (t URLTemplate) expand(lookup func(string) (string, bool)) (ServiceURL, error) {
	s := ServiceURL{}
	whole := ""
	for _, p := range t.parts {
		if p.variable != "" {
			p.text, _ = lookup(p.variable)
			p.variable = ""
		}
		whole += p.text
		if p.argument != "" {
			whole += "x"
		}
		s.parts = append(s.parts, p)
	}
	u, err := url.Parse(whole)
	switch isControl := strings.ContainsFunc(whole, func(r rune) bool { return r <= ' ' || r == 0x7f }); {
	case err != nil, isControl:
		return s, fmt.Errorf("%s is not a valid URL", t.Text)
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return s, fmt.Errorf("%s must be a URL with http or https and a host", t.Text)
	case u.User != nil:
		return s, fmt.Errorf("%s must not have a user or a password: requests are signed instead", t.Text)
	case u.Fragment != "":
		return s, fmt.Errorf("%s must not have a fragment", t.Text)
	}
	s.Scheme, s.Host, s.Hostname = u.Scheme, u.Host, u.Hostname()
	return s, nil
}

// ServiceURL is the URL of a service, but for the arguments in its path.
type ServiceURL struct {
	Scheme, Host, Hostname string // Host has the port
	parts                  []urlPart
}

// Plain reports whether requests cross a network without TLS.
func (s ServiceURL) Plain() bool {
	address, err := netip.ParseAddr(s.Hostname)
	isLoopback := s.Hostname == "localhost" || (err == nil && address.IsLoopback())
	return s.Scheme == "http" && !isLoopback
}

// String returns the scheme, host and port.
func (s ServiceURL) String() string { return s.Scheme + "://" + s.Host }

// With puts the arguments into the path, escaped. It refuses values that would make another path of it.
func (s ServiceURL) With(argument func(name string) string) (string, error) {
	var b strings.Builder
	for _, p := range s.parts {
		b.WriteString(p.text)
		if p.argument == "" {
			continue
		}
		value := argument(p.argument)
		if value == "" || value == "." || value == ".." {
			return "", fmt.Errorf("%s must not be empty, nor . or .. alone", p.argument)
		}
		b.WriteString(url.PathEscape(value))
	}
	return b.String(), nil
}
