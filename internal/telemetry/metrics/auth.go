package metrics

import "github.com/prometheus/client_golang/prometheus"

// Auth are the metrics of authentication.
type Auth struct {
	attempts *prometheus.CounterVec
	counters *children[attempt, prometheus.Counter]
}

type attempt struct{ method, outcome string }

func newAuth(m *Metrics) *Auth {
	a := &Auth{attempts: m.counter("krowoc_authentications_total",
		"Requests with credentials, by what was sent and whether it was accepted, refused, or could not be verified.", "method", "outcome")}
	a.counters = newChildren(func(k attempt) prometheus.Counter { return a.attempts.WithLabelValues(k.method, k.outcome) })
	return a
}

// The outcomes of authentication.
const (
	Accepted   = "accepted"
	Refused    = "refused"
	Unverified = "unverified" // nobody could tell, because an issuer or the database did not answer
)

// Observe counts an attempt. The caller bounds how many methods there are.
func (a *Auth) Observe(method, outcome string) { a.counters.of(attempt{method, outcome}).Inc() }
