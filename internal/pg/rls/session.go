package rls

import (
	"encoding/json"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
)

// apiClaim marks the claims that the API sets.
const apiClaim = "krowoc"

// Become is the statement that gives the rest of a transaction the role and the claims of a caller, which Session returns. Both end with it.
const Become = "SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true)"

// Session returns the role as which a statement of a caller runs, and the claims with the caller, as PostgREST sets them. A statement that writes
// has a role of its own.
func (o Options) Session(c caller.Caller, writes bool) (role, claims string) {
	o = o.withDefaults()
	role = o.Authenticated
	if c.Anonymous() {
		role = o.Anonymous
	}
	set := map[string]any{apiClaim: true, "role": role}
	if c.UID != "" {
		set["sub"] = c.UID
	}
	// The first claim that exists counts, so that these are there for every caller.
	put(set, o.Roles[0], append([]string{}, c.Roles...))
	put(set, o.Tiers[0], nil)
	if c.Tier != "" {
		put(set, o.Tiers[0], c.Tier)
	}
	text, err := json.Marshal(set)
	if err != nil {
		text = []byte("{}") // texts and lists of texts can be encoded
	}
	if writes {
		return role + writerSuffix, string(text)
	}
	return role + readerSuffix, string(text)
}

// put sets the claim at a dotted path.
func put(claims map[string]any, path string, value any) {
	first, rest, nested := strings.Cut(path, ".")
	if !nested {
		claims[path] = value
		return
	}
	inner, ok := claims[first].(map[string]any)
	if !ok {
		inner = map[string]any{}
		claims[first] = inner
	}
	put(inner, rest, value)
}
