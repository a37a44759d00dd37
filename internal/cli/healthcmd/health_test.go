package healthcmd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

func TestWaitEndsWithTheFirstHealthyAnswer(t *testing.T) {
	asked := 0
	report, err := await(t.Context(), func(context.Context) (health.Report, error) {
		asked++
		switch asked {
		case 1:
			return health.Report{}, fault.New(fault.Unavailable, "ask", "no answer")
		case 2:
			return health.Report{Status: health.Fail}, nil
		}
		return health.Report{Status: health.Warn}, nil
	}, time.Minute)
	if err != nil || report.Status != health.Warn || asked != 3 {
		t.Errorf("%v after %d answers, %v", report.Status, asked, err)
	}
}

func TestWhatCannotGetBetterIsNotAwaited(t *testing.T) {
	asked := 0
	_, err := await(t.Context(), func(context.Context) (health.Report, error) {
		asked++
		return health.Report{}, fault.New(fault.Invalid, "ask", "the address is not valid")
	}, time.Minute)
	if err == nil || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

func TestAServiceIsAskedAtItsHealthzUnlessAPathIsGiven(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		w.Header().Set("Content-Type", "application/health+json")
		_, _ = w.Write([]byte(`{"status": "pass"}`))
	}))
	defer server.Close()
	terminal, _, _ := term.Test(nil)
	f := factory.New(terminal, factory.Build{}, t.TempDir(), nil)
	for _, address := range []string{"", "/", "/status"} {
		ask, done, err := source(t.Context(), f, Options{URL: server.URL + address})
		if err != nil {
			t.Fatal(err)
		}
		if report, err := ask(t.Context()); err != nil || report.Status != health.Pass {
			t.Errorf("%s: %+v, %v", address, report, err)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
	}
	if len(paths) != 3 || paths[0] != "/healthz" || paths[1] != "/healthz" || paths[2] != "/status" {
		t.Error(paths)
	}
}

func TestObserved(t *testing.T) {
	for want, m := range map[string]health.Measurement{
		"": {}, "2.5 GB": {ObservedValue: 2500000000, ObservedUnit: "bytes"}, "12 ms": {ObservedValue: 12, ObservedUnit: "ms"},
	} {
		if got := observed(m); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
