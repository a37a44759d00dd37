package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range map[fault.Code]int{
		fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.Reauthenticate: 401, fault.NotFound: 404,
		fault.Conflict: 409, fault.CheckFailed: 422, fault.RateLimited: 429, fault.Canceled: 499,
		fault.Internal: 500, fault.Upstream: 502, fault.Unavailable: 503, fault.Timeout: 504,
		"made up": 500,
	} {
		if got := problem.Status(code); got != want {
			t.Errorf("Status(%s) = %d, want %d", code, got, want)
		}
		if d := problem.From(fault.New(code, "op", "message")); d.Title == "" || d.Status != want {
			t.Errorf("From(%s) = %+v", code, d)
		}
	}
}

func TestWhatAClientMayRead(t *testing.T) {
	secret := errors.New("dial tcp db.internal:5432: password=hunter2")
	conflict := fault.New(fault.Conflict, "insert into prompts", "the title is taken", "choose another")
	for name, tc := range map[string]struct {
		err          error
		status       int
		detail, hint string
	}{
		"a fault for the caller":      {conflict, 409, "the title is taken", "choose another"},
		"wrapped":                     {fault.Wrap("save", fmt.Errorf("x: %w", conflict)), 409, "the title is taken", "choose another"},
		"a private fault":             {&fault.Error{Code: fault.Forbidden, Op: "x", Message: "role app at db.internal", Hint: "hunter2", Private: true}, 403, "", ""},
		"a private fault, wrapped":    {fault.Wrap("x", &fault.Error{Code: fault.NotFound, Message: "db.internal", Hint: "hunter2", Private: true}), 404, "", ""},
		"a private cause":             {&fault.Error{Code: fault.Invalid, Message: "the value is too long", Err: &fault.Error{Hint: "db.internal", Private: true}}, 400, "the value is too long", ""},
		"a cause without message":     {&fault.Error{Code: fault.Invalid, Op: "read", Err: secret}, 400, "", ""},
		"a plain error":               {secret, 500, "an internal error occurred", "report it with the request ID"},
		"an internal fault's message": {fault.New(fault.Internal, "x", "hunter2"), 500, "an internal error occurred", "report it with the request ID"},
		"a database that is down":     {&fault.Error{Code: fault.Unavailable, Message: "db.internal refused", Err: secret}, 503, "the service, or one that it depends on, is not available", "try again in a moment"},
		"a deadline":                  {context.DeadlineExceeded, 504, "the request took too long", "try again, or request less data"},
		"a body that is too large":    {fault.Wrap("read", &http.MaxBytesError{Limit: 10}), 413, "the request body is larger than 10 bytes", "send a smaller request"},
	} {
		d := problem.From(tc.err)
		if d.Status != tc.status || d.Detail != tc.detail || d.Hint != tc.hint {
			t.Errorf("%s: got %d %q %q", name, d.Status, d.Detail, d.Hint)
		}
		if text := fmt.Sprintf("%+v", d); strings.Contains(text, "hunter2") || strings.Contains(text, "db.internal") {
			t.Errorf("%s: leaks: %s", name, text)
		}
	}
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/graph%20ql?token=hunter2", nil)
	w.Header().Set(request.IDHeader, "r-1")
	w.Header().Set(request.CorrelationHeader, "c-1")
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Length", "7")
	problem.Write(w, r, fault.New(fault.Unavailable, "query", "Postgres is down"))

	resp := w.Result()
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "Retry-After": "1",
		"Content-Encoding": "", "Content-Length": "", "X-Content-Type-Options": "nosniff",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	body, _ := io.ReadAll(resp.Body)
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"type": "about:blank", "title": "Service Unavailable", "status": 503.0,
		"detail":   "the service, or one that it depends on, is not available",
		"instance": "/graph%20ql", "code": "unavailable", "hint": "try again in a moment", "requestId": "r-1", "correlationId": "c-1",
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
}

func TestMethodNotAllowedSaysWhatIs(t *testing.T) {
	d := problem.MethodNotAllowed(http.MethodPut, "GET", "POST")
	if d.Status != 405 || d.Detail != `this path does not support "PUT"` || d.Hint != "use GET or POST" {
		t.Errorf("got %+v", d)
	}
	if d := problem.NotFound(); d.Status != 404 || d.Code != fault.NotFound {
		t.Errorf("got %+v", d)
	}
}

func TestRetryAfter(t *testing.T) {
	wait := func(code fault.Code, d time.Duration) error {
		return fault.Wrap("handle", &fault.Error{Code: code, Op: "x", Message: "y", RetryAfter: d})
	}
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"a limit":                {wait(fault.RateLimited, 30*time.Second), "30"},
		"rounded up":             {wait(fault.RateLimited, 1001*time.Millisecond), "2"},
		"less than a second":     {wait(fault.Upstream, time.Nanosecond), "1"},
		"a limit without a wait": {wait(fault.RateLimited, 0), ""},
		"away, known":            {wait(fault.Unavailable, time.Minute), "60"},
		"away, unknown":          {wait(fault.Unavailable, 0), "1"},
		"no retry would help":    {wait(fault.Invalid, time.Minute), ""},
	} {
		w := httptest.NewRecorder()
		problem.Write(w, httptest.NewRequest(http.MethodGet, "/", nil), tc.err)
		var body struct{ RetryAfter json.Number }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if header := w.Header().Get("Retry-After"); header != tc.want || body.RetryAfter.String() != tc.want {
			t.Errorf("%s: header %q, member %q, want %q", name, header, body.RetryAfter, tc.want)
		}
	}
}
