// Package problem sends errors over HTTP as RFC 9457 problem details. It is the only place that maps the categories of package fault to
// HTTP statuses, and that decides which text a client may read.
package problem

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/request"
)

// MediaType is the content type of problem details.
const MediaType = "application/problem+json"

// Details is a problem as defined by RFC 9457. Type is always "about:blank"; the category is in Code.
type Details struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`

	Code fault.Code `json:"code"`           // a category of package fault
	Hint string     `json:"hint,omitempty"` // what to do next

	// RequestID and CorrelationID are those of the response's header, so that users can quote them when they report an error.
	RequestID     string `json:"requestId,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`

	// RetryAfter is the number of seconds to wait before a retry. It is also in the Retry-After header.
	RetryAfter int64 `json:"retryAfter,omitempty"`
}

// category describes a fault's code to a client. If public is set, it replaces the fault's own message and hint, which may name hosts,
// tables or queries and appear only in the log.
type category struct {
	status int
	title  string
	public string
	hint   string
}

// categories contains every fault code. A missing code is treated as internal.
var categories = map[fault.Code]category{
	fault.Invalid:         {status: http.StatusBadRequest, title: "Bad Request"},
	fault.Unauthenticated: {status: http.StatusUnauthorized, title: "Unauthorized"},
	fault.Forbidden:       {status: http.StatusForbidden, title: "Forbidden"},
	fault.Reauthenticate:  {status: http.StatusUnauthorized, title: "Unauthorized"},
	fault.NotFound:        {status: http.StatusNotFound, title: "Not Found"},
	fault.Conflict:        {status: http.StatusConflict, title: "Conflict"},
	fault.CheckFailed:     {status: http.StatusUnprocessableEntity, title: "Unprocessable Content"},
	fault.RateLimited:     {status: http.StatusTooManyRequests, title: "Too Many Requests"},
	fault.Canceled:        {status: 499, title: "Client Closed Request"}, // nginx's status code; no client is left to read it
	fault.Upstream: {
		http.StatusBadGateway, "Bad Gateway",
		"another service returned an invalid response", "try again in a moment",
	},
	fault.Unavailable: {
		http.StatusServiceUnavailable, "Service Unavailable",
		"the service, or one that it depends on, is not available", "try again in a moment",
	},
	fault.Timeout: {
		http.StatusGatewayTimeout, "Gateway Timeout",
		"the request took too long", "try again, or request less data",
	},
	fault.Internal: {
		http.StatusInternalServerError, "Internal Server Error",
		"an internal error occurred", "report it with the request ID",
	},
}

// Status returns the HTTP status of a fault code.
func Status(code fault.Code) int { return lookup(code).status }

func lookup(code fault.Code) category {
	if c, ok := categories[code]; ok {
		return c
	}
	return categories[fault.Internal]
}

// From describes err to a client. An error of http.MaxBytesReader becomes 413 Content Too Large. Any other error is described by its fault
// code.
func From(err error) Details {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return TooLarge(tooLarge.Limit)
	}
	code := fault.CodeOf(err)
	c := lookup(code)
	d := Details{Title: c.title, Status: c.status, Code: code, Detail: c.public, Hint: c.hint}
	if c.public == "" {
		d.Detail, d.Hint = publicText(err)
	}
	if code.Retryable() {
		d.RetryAfter = wholeSeconds(fault.RetryAfterOf(err))
	}
	if d.RetryAfter == 0 && code == fault.Unavailable {
		d.RetryAfter = 1
	}
	return d
}

// wholeSeconds rounds up, because a client that retries too early is rejected again.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// publicText returns the outermost message and hint of the faults in err's chain, up to the first private one. Other text in the chain was
// not written for clients and is left out.
func publicText(err error) (message, hint string) {
	var f *fault.Error
	for errors.As(err, &f) && !f.Private {
		message, hint = cmp.Or(message, f.Message), cmp.Or(hint, f.Hint)
		err = f.Err
	}
	return message, hint
}

// Write answers r with err as problem details. It replaces headers that described another body, so it may
// be called by a handler that had begun to prepare its answer, but had not sent the status.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	request.From(r.Context()).Fail(r.Context(), err)
	From(err).Write(w, r)
}

// Write answers r with the problem, and fills in the members that depend on the request.
func (d Details) Write(w http.ResponseWriter, r *http.Request) {
	request.From(r.Context()).Fail(r.Context(), fault.New(d.Code, "", d.Detail))
	h := w.Header()
	d.Type, d.RequestID, d.CorrelationID = "about:blank", h.Get(request.IDHeader), h.Get(request.CorrelationHeader)
	d.Instance = r.URL.EscapedPath()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", MediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	d.SetRetryAfter(h)
	w.WriteHeader(d.Status)
	_ = json.NewEncoder(w).Encode(d) // a client that has gone away reads no error either
}

// SetRetryAfter sets the Retry-After header (RFC 9110, section 10.2.3) if the problem says how long to wait.
// Answers in another form than problem details, such as those of GraphQL, call it themselves.
func (d Details) SetRetryAfter(h http.Header) {
	if d.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(d.RetryAfter, 10))
	}
}
