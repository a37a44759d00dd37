package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/krowoc/krowoc/internal/dev/identity"
)

// nestedList is a list that everybody may read, with the same SQL for everybody: see `krowoc auth explain`.
const nestedList = `{ models(first: 10, orderBy: [{name: ASC}]) { nodes { id name contextWindow provider { id name } } } }`

// BenchmarkCallers measures the processor time of a request, client included, in microseconds: without a caller, with a header that is as long as a
// token and that nobody reads, with an access token, and with the cookie of a session. The kinds take turns, and medians of rounds are reported, so
// that other programs of the machine disturb little. bench/auth measures requests per second.
func BenchmarkCallers(b *testing.B) {
	dir, a, issuer := withIssuer(b)
	url := serveIn(b, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, "KROWOC_AUTH_SESSION_KEYS="+strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL=http://127.0.0.1:1")
	bearer := "Bearer " + logIn(b, issuer, "farid@example.com")
	cookie := browserCookie(b, url)
	kinds := []struct{ name, header, value string }{
		{"anonymous", "X-Nothing", ""}, {"padded", "X-Nothing", strings.Repeat("x", len(bearer))}, {"token", "Authorization", bearer}, {"cookie", "Cookie", cookie},
	}
	body, _ := json.Marshal(map[string]string{"query": nestedList})
	ask := func(header, value string) {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/graphql", strings.NewReader(string(body)))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if value != "" {
			r.Header.Set(header, value)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body) // the status is enough
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			b.Fatal(response.Status)
		}
	}
	const rounds, each = 15, 100
	took := make([][]float64, len(kinds))
	for b.Loop() {
		for round := range rounds {
			for i := range kinds {
				k := (round + i) % len(kinds)
				began := cpuTime(b)
				for range each {
					ask(kinds[k].header, kinds[k].value)
				}
				took[k] = append(took[k], (cpuTime(b)-began)/each)
			}
		}
	}
	median := func(list []float64) float64 {
		slices.Sort(list)
		return list[len(list)/2]
	}
	for i, k := range kinds {
		b.ReportMetric(median(took[i]), k.name+"-cpu-µs")
	}
}

// cpuTime returns the processor time of this process in microseconds.
func cpuTime(b *testing.B) float64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return float64(t.Nano()) / 1000
}

// browserCookie logs in and returns the cookie of the session.
func browserCookie(b *testing.B, url string) string {
	b.Helper()
	body := fmt.Sprintf(`{"email": "farid@example.com", "password": %q}`, identity.DefaultPassword)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/auth/login", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	_ = response.Body.Close()
	for _, c := range response.Cookies() {
		if strings.HasSuffix(c.Name, "krowoc_session") {
			return c.Name + "=" + c.Value
		}
	}
	b.Fatal("no session: ", response.Status)
	return ""
}
