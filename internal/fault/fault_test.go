package fault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

func TestCodeOf(t *testing.T) {
	conflict := fault.New(fault.Conflict, "save prompt", "title is taken", "choose another")
	for name, tc := range map[string]struct {
		err  error
		want fault.Code
	}{
		"nil":             {nil, ""},
		"plain":           {errors.New("x"), fault.Internal},
		"canceled":        {fmt.Errorf("read: %w", context.Canceled), fault.Canceled},
		"deadline":        {context.DeadlineExceeded, fault.Timeout},
		"fault":           {conflict, fault.Conflict},
		"wrapped by fmt":  {fmt.Errorf("handle: %w", conflict), fault.Conflict},
		"wrapped by Wrap": {fault.Wrap("handle", conflict), fault.Conflict},
	} {
		if got := fault.CodeOf(tc.err); got != tc.want {
			t.Errorf("%s: CodeOf = %q, want %q", name, got, tc.want)
		}
	}
}

func TestWrapKeepsHintAndCause(t *testing.T) {
	cause := errors.New("duplicate key")
	inner := &fault.Error{Code: fault.Conflict, Op: "insert", Hint: "choose another", Err: cause}
	err := fault.Wrap("save prompt", inner)
	if got, want := err.Error(), "save prompt: insert: duplicate key"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got := fault.HintOf(err); got != "choose another" {
		t.Errorf("HintOf = %q", got)
	}
	if fault.Wrap("x", nil) != nil {
		t.Error("Wrap(nil) is not nil")
	}
}

func TestRetryAfterOf(t *testing.T) {
	limited := &fault.Error{Code: fault.RateLimited, Op: "ask", RetryAfter: 3 * time.Second}
	for name, tc := range map[string]struct {
		err  error
		want time.Duration
	}{
		"nil":       {nil, 0},
		"plain":     {errors.New("x"), 0},
		"unknown":   {fault.New(fault.Unavailable, "ask", "away"), 0},
		"fault":     {limited, 3 * time.Second},
		"wrapped":   {fault.Wrap("handle", fmt.Errorf("x: %w", limited)), 3 * time.Second},
		"outermost": {&fault.Error{Code: fault.RateLimited, RetryAfter: time.Second, Err: limited}, time.Second},
	} {
		if got := fault.RetryAfterOf(tc.err); got != tc.want {
			t.Errorf("%s: RetryAfterOf = %s, want %s", name, got, tc.want)
		}
	}
}

func TestOfServer(t *testing.T) {
	t.Parallel()
	var got []fault.Code
	for _, c := range []fault.Code{
		"", fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.Reauthenticate, fault.NotFound, fault.Conflict, fault.RateLimited,
		fault.Upstream, fault.Unavailable, fault.Timeout, fault.Canceled, fault.CheckFailed, fault.Internal,
	} {
		if c.OfServer() {
			got = append(got, c)
		}
	}
	if want := []fault.Code{fault.Upstream, fault.Unavailable, fault.Timeout, fault.Internal}; !slices.Equal(got, want) {
		t.Errorf("%v are faults of the server, want %v", got, want)
	}
}
