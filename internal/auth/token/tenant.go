package token

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Microsoft has one address for the users of many tenants. Its metadata names the issuer with a placeholder, and each token names the tenant.
const tenantPlaceholder = "{tenantid}"

var (
	tenantHosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
	tenantPaths = []string{"/common/v2.0", "/organizations/v2.0"}
)

// Google writes its own name in two ways (https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload).
const (
	googleURL  = "https://accounts.google.com"
	googleName = "accounts.google.com"
)

// tenants returns what is before and after the tenant in the names of an issuer with many tenants. Only the hosts of Microsoft count: elsewhere,
// "common" in a path is a name like any other.
func tenants(issuer string) (before, after string, many bool) {
	u, err := url.Parse(issuer)
	if err != nil {
		return "", "", false
	}
	isMicrosoft := u.Scheme == "https" && slices.Contains(tenantHosts, u.Host)
	if !isMicrosoft || !slices.Contains(tenantPaths, u.Path) {
		return "", "", false
	}
	return "https://" + u.Host + "/", "/v2.0", true
}

// tenantOf returns the tenant that an `iss` names, or "".
func tenantOf(issuer, iss string) string {
	before, after, many := tenants(issuer)
	rest, matches := strings.CutPrefix(iss, before)
	tenant, ends := strings.CutSuffix(rest, after)
	isOfMany := many && matches && ends
	if !isOfMany || uuid.Validate(tenant) != nil {
		return ""
	}
	return tenant
}

// Issues reports whether the issuer with a URL may sign tokens with an `iss`.
func Issues(issuer, iss string) bool {
	isGoogle := issuer == googleURL && iss == googleName
	return iss == issuer || isGoogle || tenantOf(issuer, iss) != ""
}

// Named is how an issuer names itself in `iss`.
type Named struct {
	ISS       string // the claim
	Namespace string // the UUID of which UserID makes those of users
	Pattern   string // in place of both: a regular expression for the names of many tenants
}

// Names lists the ways in which the issuer with a URL names itself.
func Names(issuer string) []Named {
	if before, after, many := tenants(issuer); many {
		const tenant = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
		return []Named{{Pattern: "^" + regexp.QuoteMeta(before) + tenant + regexp.QuoteMeta(after) + "$"}}
	}
	names := []Named{{ISS: issuer, Namespace: namespace(issuer).String()}}
	if issuer == googleURL {
		names = append(names, Named{ISS: googleName, Namespace: names[0].Namespace})
	}
	return names
}

// namesItself reports whether the metadata at the address of an issuer is its own.
func namesItself(issuer, named string) bool {
	before, after, many := tenants(issuer)
	return named == issuer || (many && named == before+tenantPlaceholder+after)
}

// ofTenant returns the only issuer whose tokens a key signs, or "" for all. Microsoft publishes keys for all tenants, and keys for the tenant of
// personal accounts alone, in one set.
func ofTenant(issuer string, key []byte) string {
	var published struct {
		Issuer string `json:"issuer"`
	}
	_, _, many := tenants(issuer)
	if err := json.Unmarshal(key, &published); err != nil || !many || namesItself(issuer, published.Issuer) {
		return ""
	}
	return published.Issuer
}

// Introspects reports whether an issuer may have an address to ask about tokens. Google and Microsoft have none.
func Introspects(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && issuer != googleURL && !slices.Contains(tenantHosts, u.Host)
}

// find returns the issuer of a token, or nil.
func (v *Verifier) find(t unverified) *trusted {
	iss := t.claims.Issuer
	if i := v.issuers[iss]; i != nil {
		return i
	}
	for _, i := range v.issuers {
		tenant := tenantOf(i.URL, iss)
		said, _ := t.all["tid"].(string)
		if Issues(i.URL, iss) && tenant == said {
			return i
		}
	}
	return nil
}

// name returns the identifier of the issuer that has signed a token: always the same one.
func (i *trusted) name(iss string) string {
	if iss == googleName {
		return i.URL
	}
	return iss
}

// email returns the e-mail address of a token, unless it is not verified: the issuer says so, or each tenant writes what it likes.
func (i *trusted) email(c registered, all map[string]any) string {
	_, _, many := tenants(i.URL)
	switch {
	case holds(all["email_verified"], "false"):
		return ""
	case many && !holds(all["xms_edov"], "true") && !holds(all["xms_edov"], "1"):
		return ""
	}
	return c.Email
}

// The ways to make a user ID.
const (
	SubjectSub  = "sub"  // the claim sub itself
	SubjectUUID = "uuid" // UserID
)

// Subjects lists them.
var Subjects = []string{SubjectSub, SubjectUUID}

// UserID returns a UUID (version 5) for a user of an issuer. It is always the same, and no other issuer with SubjectUUID can name it.
// One with SubjectSub can, if it chooses what it writes into sub.
func UserID(issuer, sub string) string {
	return uuid.NewSHA1(namespace(issuer), []byte(sub)).String()
}

// namespace returns the UUID of the users of an issuer.
func namespace(issuer string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(issuer)) }
