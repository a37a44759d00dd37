package request_test

import (
	"net/http"
	"testing"

	"github.com/krowoc/krowoc/internal/request"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{"192.0.2.1:4711": "192.0.2.1", "[2001:db8::1]:4711": "2001:db8::1", "@": "@", "": ""} {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {"203.0.113.9"}}}
		if got := request.Address(r); got != want {
			t.Errorf("the address of %q is %q, not %q", remote, got, want)
		}
	}
}
