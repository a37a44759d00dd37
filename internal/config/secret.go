package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// masked replaces a secret.
const masked = "***"

// secretParameter matches the names of URL parameters whose values are not shown.
var secretParameter = regexp.MustCompile(`(?i)pass|secret|token|key`)

// Secret is a string that logs, messages and encoders mask. A connection URL is shown without its password.
type Secret struct{ value string }

// NewSecret returns a Secret with the given value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the unmasked value.
func (s Secret) Reveal() string { return s.value }

// String returns the masked value: a URL without its password, or *** for anything else.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	u, err := url.Parse(s.value)
	if err != nil || u.Scheme == "" || !strings.HasPrefix(s.value[len(u.Scheme):], "://") || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return masked
	}
	query := u.Query()
	for name := range query {
		if secretParameter.MatchString(name) {
			query.Set(name, masked)
		}
	}
	_, hasPassword := u.User.Password()
	name := u.User.Username()
	u.User, u.RawQuery, u.ForceQuery = nil, strings.ReplaceAll(query.Encode(), "%2A", "*"), false
	shown := u.String()
	if name == "" && !hasPassword {
		return shown
	}
	if name = url.PathEscape(name); hasPassword {
		name += ":" + masked
	}
	return strings.Replace(shown, "://", "://"+name+"@", 1)
}

// Format masks the secret under every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText masks the secret in JSON and every other encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
