package metrics

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// Path is where Prometheus looks for metrics.
const Path = "/metrics"

// maxScrapes is how many scrapes are answered at once.
const maxScrapes = 3

// Handler serves the metrics as text, as OpenMetrics with exemplars, or as protocol buffers with native histograms, whichever the client
// accepts. If token is not empty, it asks for it as a bearer token (RFC 6750).
func (m *Metrics) Handler(token string, log *slog.Logger) http.Handler {
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes, ErrorHandling: promhttp.ContinueOnError, ErrorLog: failures{log},
	})
	if token == "" {
		return metrics
	}
	expected := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		digest := sha256.Sum256([]byte(strings.TrimSpace(sent)))
		equal := subtle.ConstantTimeCompare(digest[:], expected[:]) == 1
		if equal && strings.EqualFold(scheme, "Bearer") {
			metrics.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="metrics"`)
		problem.Write(w, r, fault.New(fault.Unauthenticated, "", "the metrics need the token of telemetry.metrics.token",
			"configure it as the bearer token of the scrape"))
	})
}

// failures logs what cannot be collected.
type failures struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (f failures) Println(v ...any) {
	f.log.Error("metrics could not be collected", "error", strings.TrimSpace(fmt.Sprintln(v...)))
}
