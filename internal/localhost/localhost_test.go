package localhost_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/krowoc/krowoc/internal/localhost"
)

func TestOnly(t *testing.T) {
	handler := localhost.Only("the API", "box.lan")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for host, want := range map[string]int{
		"localhost": 204, "127.0.0.1:1": 204, "127.8.8.8": 204, "[::1]:80": 204, "[::1]": 204, "shop.localhost": 204, "box.lan:8080": 204,
		"evil.example": 403, "127.0.0.1.evil.example": 403, "192.168.0.1": 403, "0.0.0.0": 403, "notlocalhost": 403, "": 403,
		"localhost.evil.example:80": 403, "evil.box.lan": 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
}
