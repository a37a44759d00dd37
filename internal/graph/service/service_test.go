package service_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/graph/service"
	"github.com/krowoc/krowoc/internal/schema"
)

func secretOf(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// call asks a service for the field quote.
func call(t *testing.T, secrets string, answer http.HandlerFunc) ([]byte, error) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	url, err := schema.ParseURLTemplate(server.URL + "/quote")
	if err != nil {
		t.Fatal(err)
	}
	c, err := service.New(service.Options{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return c.Call(t.Context(), exec.ServiceRequest{
		Field: &schema.Custom{Name: "quote", HTTP: &schema.HTTP{URL: url}}, Arguments: graph.CallArguments{JSON: []byte("{}")}, Time: time.Unix(1, 0),
	})
}

// While a secret is replaced, services accept requests by the old one and by the new one.
func TestEachSecretSigns(t *testing.T) {
	t.Parallel()
	verified := map[string]bool{}
	_, err := call(t, secretOf("a")+", "+secretOf("b"), func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		for _, letter := range []string{"a", "b", "c"} {
			hook, err := webhooks.NewWebhook(secretOf(letter))
			if err != nil {
				t.Error(err)
				return
			}
			verified[letter] = hook.Verify(body, r.Header) == nil
		}
		_, _ = io.WriteString(w, "1")
	})
	if err != nil || !verified["a"] || !verified["b"] || verified["c"] {
		t.Errorf("%v: the signatures are of %v", err, verified)
	}
}

func TestSecretsThatAreNotValid(t *testing.T) {
	t.Parallel()
	short := base64.StdEncoding.EncodeToString([]byte("too short"))
	for _, secret := range []string{"hunter2hunter2hunter2hunter2hunter2", "whsec_" + short, "whsec_%%%", secretOf("a") + ",whsec_"} {
		_, err := service.New(service.Options{Secrets: secret})
		if fault.CodeOf(err) != fault.Invalid || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", secret, err)
		}
	}
}

// A client learns what problem details say, and of everything else only that the service has failed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status             int
		media, body, retry string
		code               fault.Code
		message            string
		after              time.Duration
	}{
		"a problem":                {402, "application/problem+json", `{"detail": "no\u0007 credit"}`, "", fault.Invalid, "no  credit", 0},
		"a problem with a code":    {409, "application/problem+json; charset=utf-8", `{"title": "taken"}`, "", fault.Conflict, "taken", 0},
		"a problem without text":   {404, "application/problem+json", `{}`, "", fault.NotFound, "not found", 0},
		"no problem":               {400, "text/html", "<h1>secret</h1>", "", fault.Upstream, "it answered 400 without problem details", 0},
		"too many requests":        {429, "text/plain", "secret", "7", fault.RateLimited, "too many requests", 7 * time.Second},
		"a wait of years":          {503, "text/plain", "secret", "99999999", fault.Unavailable, "it answered 503", time.Hour},
		"a wait that is no number": {503, "text/plain", "secret", "soon", fault.Unavailable, "it answered 503", time.Second},
		"a redirect":               {302, "text/plain", "", "", fault.Upstream, "redirects are not followed", 0},
	} {
		_, err := call(t, secretOf("a"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.media)
			w.Header().Set("Retry-After", tc.retry)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		})
		if fault.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.message) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %s %v", name, fault.CodeOf(err), err)
		}
		if after := fault.RetryAfterOf(err); after != tc.after {
			t.Errorf("%s: try again after %s", name, after)
		}
	}
}
