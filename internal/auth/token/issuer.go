package token

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/localhost"
)

// Kind is the kind of an issuer.
type Kind string

// The kinds.
const (
	// Supabase is a project of Supabase Auth, or another server with its protocol. The URL is that of the project.
	Supabase Kind = "supabase"
	// OIDC is an issuer whose keys are found by discovery (OpenID Connect Discovery 1.0, RFC 8414).
	OIDC Kind = "oidc"
	// JWKS is an issuer that only publishes keys, at KeysURL.
	JWKS Kind = "jwks"
)

// Kinds lists the kinds.
var Kinds = []string{string(Supabase), string(OIDC), string(JWKS)}

// supabasePath is where Supabase Auth is below the URL of a project.
const supabasePath = "/auth/v1"

// maxLeeway is how much the clock of an issuer may differ at most.
const maxLeeway = 5 * time.Minute

// Issuer is an issuer of tokens that the project trusts.
type Issuer struct {
	Where string // where it is configured, for messages: krowoc.yaml:12
	Kind  Kind

	// URL is the URL of the project for Supabase. For others it is the identifier of the issuer, which `iss` has to equal exactly, except that
	// the tenants of Microsoft's /common and /organizations count.
	URL     string
	KeysURL string // of the JSON Web Key Set; required for JWKS and derived for others

	Audience []string      // a token must be for one of them; Supabase has a default
	Leeway   time.Duration // how much the clock of the issuer may differ
	Require  []string      // claims that a token must have, as path=value
	Roles    string        // path of the claim with the roles, such as app_metadata.roles; empty is that of DefaultClaims
	Tier     string        // path of the claim with the tier; empty is that of DefaultClaims
	Subject  string        // how the user ID is made of `sub`: one of Subjects; empty is SubjectSub
	Secret   []byte        // of HS256, which old projects of Supabase use; empty refuses HS256
}

// normalised returns the issuer with its defaults, or an error that says what is wrong with it.
func (i Issuer) normalised() (Issuer, error) {
	switch i.Kind {
	case Supabase:
		i.URL = SupabaseURL(i.URL)
		i.KeysURL = cmp.Or(i.KeysURL, i.URL+"/.well-known/jwks.json")
		if len(i.Audience) == 0 {
			i.Audience = []string{"authenticated"}
		}
	case OIDC:
	case JWKS:
		if i.KeysURL == "" {
			return i, i.mistake("an issuer of the kind jwks needs the URL of its keys", "add jwks: https://…")
		}
	default:
		return i, i.mistake("unknown kind "+string(i.Kind), "use one of "+strings.Join(Kinds, ", "))
	}
	roles, tier := DefaultClaims(i.Kind, i.URL)
	i.Roles, i.Tier = cmp.Or(i.Roles, roles), cmp.Or(i.Tier, tier)
	return i, i.check()
}

// DefaultClaims returns the paths of the claims with the roles and the tier of an issuer that names none. They are empty where each of many
// tenants writes what it likes there.
func DefaultClaims(kind Kind, issuer string) (roles, tier string) {
	_, _, many := tenants(issuer)
	switch {
	case kind == Supabase:
		return "app_metadata.roles", "app_metadata.tier"
	case many:
		return "", ""
	}
	return "roles", "tier"
}

// check reports what is not safe in an issuer.
func (i Issuer) check() error {
	for _, address := range []string{i.URL, i.KeysURL} {
		if address != "" && !Secure(address) {
			return i.mistake(address+" is not an https:// URL", "use https; plain http is allowed for this machine only, as anybody on the way could replace the keys")
		}
	}
	switch {
	case i.URL == "":
		return i.mistake("an issuer needs its URL", "add url: https://…")
	case len(i.Audience) == 0 || slices.Contains(i.Audience, ""):
		return i.mistake("an issuer needs an audience", "add audience: with the identifier of this API; otherwise a token that somebody has for another service of the issuer would be valid here")
	case slices.ContainsFunc(i.Require, func(claim string) bool { return !strings.Contains(claim, "=") }):
		return i.mistake("each item of require must be path=value", "write, for example, app_metadata.tenant=acme")
	case i.Leeway < 0 || i.Leeway > maxLeeway:
		return i.mistake("leeway must be from 0s to "+maxLeeway.String(), "correct the clock instead")
	case i.Subject != "" && !slices.Contains(Subjects, i.Subject):
		return i.mistake("unknown subject "+i.Subject, "use one of "+strings.Join(Subjects, ", "))
	case len(i.Secret) > 0 && i.Kind != Supabase:
		return i.mistake("only an issuer of the kind supabase may have a secret", "everybody who can verify a token with a secret can make one; use the public keys of the issuer")
	case len(i.Secret) > 0 && len(i.Secret) < 32:
		return i.mistake("the secret is shorter than 32 bytes", "use the JWT secret of the project's settings, as RFC 7518 section 3.2 requires 32 bytes")
	}
	return nil
}

func (i Issuer) mistake(message, hint string) error {
	where := ""
	if i.Where != "" {
		where = i.Where + ": "
	}
	return fault.New(fault.Invalid, "configure the issuers of tokens", where+message, hint)
}

// SupabaseURL returns the URL of Supabase Auth in a project, whose own URL is enough.
func SupabaseURL(project string) string {
	return strings.TrimSuffix(strings.TrimSuffix(project, "/"), supabasePath) + supabasePath
}

// Secure reports whether an address is an https URL, or a URL of this machine.
func Secure(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && localhost.Names(u.Hostname()))
}
