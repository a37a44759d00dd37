package rls_test

import (
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/pg/rls"
)

// The role says who may sign in, and the claims who it is, at the places of issuers and at that of the API.
func TestSession(t *testing.T) {
	at := time.Unix(1767225600, 0)
	for _, c := range []struct {
		options      rls.Options
		who          caller.Caller
		writes       bool
		role, claims string
	}{
		{rls.Options{}, caller.Caller{}, false, "anon_api", `{"app_metadata":{"roles":[],"tier":null},"krowoc":{"roles":[],"tier":null},"role":"anon"}`},
		{rls.Options{}, caller.Caller{UID: "ada", Roles: []string{"admin"}, Tier: "PRO", LogIn: caller.LogIn{Time: at}}, true, "authenticated_api_write",
			`{"app_metadata":{"roles":["admin"],"tier":"PRO"},"auth_time":1767225600,"krowoc":{"roles":["admin"],"tier":"PRO"},"role":"authenticated","sub":"ada"}`},
		{rls.Options{Authenticated: "member", Roles: []string{"roles"}, Tiers: []string{"plan"}}, caller.Caller{Roles: []string{"job"}}, false, "member_api",
			`{"krowoc":{"roles":["job"],"tier":null},"plan":null,"role":"member","roles":["job"]}`},
	} {
		if role, claims := c.options.Session(c.who, c.writes); role != c.role || claims != c.claims {
			t.Errorf("%+v becomes %s\n%s", c.who, role, claims)
		}
	}
}
