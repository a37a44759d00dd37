package caller_test

import (
	"context"
	"reflect"
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

func TestParse(t *testing.T) {
	for text, want := range map[string]caller.Caller{
		"":                              {},
		"ada":                           {UID: "ada"},
		" ada ; admin;;support ":        {UID: "ada", Roles: []string{"admin", "support"}},
		"ada; admin; tier=PRO":          {UID: "ada", Roles: []string{"admin"}, Tier: "PRO"},
		"ada;tier= PRO; admin":          {UID: "ada", Roles: []string{"admin"}, Tier: "PRO"},
		"; tier=PRO":                    {Tier: "PRO"},
		"tier=PRO":                      {UID: "tier=PRO"},
		"ada; tier=":                    {UID: "ada"},
		"ada, admin; Tier=PRO; service": {UID: "ada, admin", Roles: []string{"Tier=PRO", "service"}},
	} {
		if got := caller.Parse(text, ";"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}
