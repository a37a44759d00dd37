package health_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/health"
)

// A component with a concern degrades the service, keeps it ready, and says why to everybody.
func TestComponentNeverFails(t *testing.T) {
	t.Parallel()
	concern := ""
	component := health.Component{Name: "issuers", Measurement: "keys", Status: func() health.State { return health.State{Concern: concern, Observed: 2} }}
	for text, want := range map[string]health.Status{"": health.Pass, "the keys of 1 of 2 issuers are not known": health.Warn} {
		concern = text
		c := newChecker(t, health.Options{}, component.Check())
		report, ready := c.Report(t.Context()).Disclosed(), c.Ready(t.Context())
		m := report.Checks["issuers:keys"]
		if report.Status != want || ready.Status != health.Pass || len(m) != 1 || m[0].Status != want || m[0].Output != text || m[0].ObservedValue != 2 {
			t.Errorf("%q: %+v, ready %s", text, report, ready.Status)
		}
	}
}
