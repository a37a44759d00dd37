package errorlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

const (
	// ReceiverPath is where front ends report errors.
	ReceiverPath = "/errors"

	// MaxReport is how many bytes a report may have.
	MaxReport = 16 << 10
)

// ReceiverOptions configure a Receiver.
type ReceiverOptions struct {
	Recorder  *Recorder
	Allowed   func(origin string) bool // tells pages that may report, besides those of the server; nil allows none
	PublicURL string                   // of the server; may be empty
	Now       func() time.Time
}

// Receiver receives errors of front ends. It needs no log-in, so it is limited: by origin, size and rate, and in what it keeps.
type Receiver struct {
	ReceiverOptions
	public string // origin of PublicURL
	limits *limits
}

// NewReceiver returns a receiver.
func NewReceiver(o ReceiverOptions) (*Receiver, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Allowed == nil {
		o.Allowed = func(string) bool { return false }
	}
	v := &Receiver{ReceiverOptions: o, limits: newLimits(o.Now)}
	if o.PublicURL != "" {
		u, err := url.Parse(o.PublicURL)
		if err != nil {
			return nil, fault.New(fault.Invalid, "receive errors of front ends", "server.publicUrl is not a URL")
		}
		v.public = u.Scheme + "://" + u.Host
	}
	return v, nil
}

// report is an error as a front end sends it.
type report struct {
	Message string `json:"message"`
	Stack   string `json:"stack"`
	URL     string `json:"url"`
	Release string `json:"release"`
	TraceID string `json:"traceId"`
}

const receive = "receive an error of a front end"

// ServeHTTP implements http.Handler. What it refuses is not added to the list: otherwise, anybody could fill the list in spite of the limits.
func (v *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !v.receive(w, r) {
		request.From(r.Context()).NoteFailure()
	}
}

// receive answers a report. It returns false if it refuses the report.
func (v *Receiver) receive(w http.ResponseWriter, r *http.Request) (accepted bool) {
	if err := v.admit(r); err != nil {
		problem.Write(w, r, err)
		return false
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxReport))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		problem.TooLarge(MaxReport).Write(w, r)
		return false
	}
	var sent report
	if err != nil || json.Unmarshal(text, &sent) != nil || strings.TrimSpace(sent.Message) == "" {
		problem.Write(w, r, fault.New(fault.Invalid, receive, "the body is not a report", `send {"message": "…", "stack": "…", "url": "…", "release": "…"}`))
		return false
	}
	v.Recorder.Record(r.Context(), Event{
		Edge: Browser, Category: fault.Internal, Message: sent.Message, Stack: sent.Stack, Page: sent.URL, Release: sent.Release, TraceID: traceID(sent.TraceID),
	})
	w.WriteHeader(http.StatusNoContent)
	return true
}

// admit refuses what should not be read.
func (v *Receiver) admit(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isText := kind == "text/plain" || kind == "application/json" // navigator.sendBeacon sends a string as text/plain
	if err != nil || !isText {
		return fault.New(fault.Invalid, receive, "the body is neither application/json nor text/plain")
	}
	if !v.isOurs(r) {
		return fault.New(fault.Forbidden, receive, "pages of this origin may not report errors", "add the origin to server.cors.origins")
	}
	if wait := v.limits.take(request.Address(r)); wait > 0 {
		return &fault.Error{Code: fault.RateLimited, Op: receive, Message: fmt.Sprintf("more than %d reports in a minute", perAddress), RetryAfter: wait}
	}
	return nil
}

// isOurs reports whether a request comes from a page of the server's origin or of a listed one. Browsers send Origin with every POST, and
// programs that do not run in one are no front end.
func (v *Receiver) isOurs(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	isListed := origin != "" && (origin == v.public || v.Allowed(origin))
	if isListed || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// traceID returns the ID of a trace if it is one.
func traceID(s string) string {
	if _, err := trace.TraceIDFromHex(s); err != nil {
		return ""
	}
	return s
}
