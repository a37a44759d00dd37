package app

import (
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// ActAsHeader contains the user ID of the caller of a request in development, followed by any roles after semicolons:
// `Krowoc-Act-As: 0f8c…; admin`.
const ActAsHeader = "Krowoc-Act-As"

// ActAs authenticates callers by ActAsHeader, without any proof. Only development sessions and tests use it; `krowoc serve` never does.
type ActAs struct{}

// Name implements server.Authenticator.
func (ActAs) Name() string { return "header " + ActAsHeader }

// Authenticate implements server.Authenticator.
func (ActAs) Authenticate(r *http.Request, token string) (who caller.Caller, known bool, err error) {
	header := r.Header.Get(ActAsHeader)
	if header == "" || token != "" {
		return caller.Caller{}, false, nil // a token is present and must be checked by another authenticator
	}
	uid, roles, _ := strings.Cut(header, ";")
	who.UID = strings.TrimSpace(uid)
	for role := range strings.SplitSeq(roles, ";") {
		if role = strings.TrimSpace(role); role != "" {
			who.Roles = append(who.Roles, role)
		}
	}
	return who, true, nil
}

// devTokens authenticates callers by access tokens of the session's identity provider.
type devTokens struct{ *devConsole }

// Name implements server.Authenticator.
func (devTokens) Name() string { return "token of the development identity provider" }

// Authenticate implements server.Authenticator.
func (d devTokens) Authenticate(r *http.Request, token string) (who caller.Caller, known bool, err error) {
	if token == "" {
		return caller.Caller{}, false, nil
	}
	p := d.identity.Load()
	if p == nil {
		return caller.Caller{}, false, fault.New(fault.Unauthenticated, "read the access token", "the development identity provider is not running",
			"set dev.auth.enabled to true, or use the header "+ActAsHeader)
	}
	claims, err := p.Verify(r.Context(), token)
	return caller.Caller{UID: claims.Subject, Roles: claims.Roles}, true, err
}
