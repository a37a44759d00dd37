package app_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Policies read the claims of the issuers that sign tokens, and not what administrators of any tenant write.
func TestClaimsOfPolicies(t *testing.T) {
	dir := testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{"krowoc.yaml": `project: p
auth:
  issuers:
    - {kind: supabase, url: https://a.supabase.co}
    - {kind: github, url: https://github.com, name: github, clientId: shop, clientSecret: hush}
    - {kind: oidc, url: https://login.microsoftonline.com/common/v2.0, audience: [api]}
`, "schema.graphql": ""})
	o := newApp(t, dir).RowLevelSecurity()
	if !slices.Equal(o.Roles, []string{"app_metadata.roles"}) || !slices.Equal(o.Tiers, []string{"app_metadata.tier"}) {
		t.Errorf("they read %q and %q", o.Roles, o.Tiers)
	}
}
