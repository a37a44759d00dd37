package testkit

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// PostGraphQL posts a request to the GraphQL endpoint of a server and returns the status and the body of the response. Each header is a name
// and a value.
func PostGraphQL(t testing.TB, url string, body []byte, headers ...[2]string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		request.Header.Set(h[0], h[1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, text
}
