package rls

import (
	"encoding/json"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
)

// apiClaim is the claim with what the API says of a caller, wherever issuers have it.
const (
	apiClaim      = "krowoc"
	apiRolesClaim = "roles"
	apiTierClaim  = "tier"
)

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
	own := map[string]any{apiRolesClaim: append([]string{}, c.Roles...), apiTierClaim: nil}
	if c.Tier != "" {
		own[apiTierClaim] = c.Tier
	}
	set := map[string]any{}
	put(set, o.Roles[0], own[apiRolesClaim]) // for policies that people have written
	put(set, o.Tiers[0], own[apiTierClaim])
	set[apiClaim], set["role"] = own, role
	if c.UID != "" {
		set["sub"] = c.UID
	}
	if !c.LogIn.Time.IsZero() {
		set["auth_time"] = c.LogIn.Time.Unix()
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
