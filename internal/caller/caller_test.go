package caller_test

import (
	"context"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

func TestContext(t *testing.T) {
	if c := caller.From(t.Context()); !c.Anonymous() {
		t.Errorf("a context without a caller has %+v", c)
	}
	ctx := caller.With(t.Context(), caller.Caller{UID: "ada", Roles: []string{"admin"}})
	child, cancel := context.WithCancel(ctx)
	defer cancel()
	if c := caller.From(child); c.UID != "ada" || len(c.Roles) != 1 || c.Anonymous() {
		t.Errorf("got %+v", c)
	}
	if c := caller.From(caller.With(ctx, caller.Caller{})); !c.Anonymous() {
		t.Errorf("the innermost caller does not win: %+v", c)
	}
}

func TestAnonymous(t *testing.T) {
	for _, c := range []caller.Caller{{UID: "ada"}, {Roles: []string{"admin"}}, {Tier: "PRO"}, {Service: true}} {
		if c.Anonymous() {
			t.Errorf("%+v is anonymous", c)
		}
	}
}
