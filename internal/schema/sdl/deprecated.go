package sdl

import "strings"

// noReason is the reason that GraphQL gives to what is deprecated without one: https://spec.graphql.org/October2021/#sec--deprecated.
const noReason = "No longer supported"

// deprecated returns the reason of @deprecated, or "" where there is none.
func (b *builder) deprecated(us uses) string {
	u := us.one("deprecated")
	switch {
	case u == nil:
		return ""
	case u.args["reason"] == nil:
		return noReason
	}
	reason := strings.TrimSpace(u.text("reason"))
	if reason == "" {
		b.errorf(codeInvalidDeprecated, u.args["reason"].Position, "say what to use instead, or remove the argument", "the reason of @deprecated is empty")
	}
	return reason
}

// deprecatedDirective prints @deprecated, or nothing.
func deprecatedDirective(reason string) string {
	switch reason {
	case "":
		return ""
	case noReason:
		return " @deprecated"
	}
	return directive("deprecated", text("reason", reason))
}
