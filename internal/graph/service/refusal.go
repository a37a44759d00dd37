package service

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/schema"
)

// maxDetail is how much of a problem a client gets to read, in bytes.
const maxDetail = 500

// codes are the categories of the statuses of a service that refuses its caller with problem details.
var codes = map[int]fault.Code{
	http.StatusBadRequest: fault.Invalid, http.StatusUnprocessableEntity: fault.Invalid, http.StatusUnauthorized: fault.Unauthenticated,
	http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound, http.StatusConflict: fault.Conflict,
	http.StatusTooManyRequests: fault.RateLimited,
}

// refusal is the fault of an answer whose status is no success. The text of problem details (RFC 9457) is for the client, any other is not.
func refusal(field *schema.Custom, r *http.Response, body []byte) error {
	retry := retryAfter(r.Header)
	switch status := r.StatusCode; {
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return &fault.Error{Code: fault.Unavailable, Op: "call the service of " + field.Name,
			Message: fmt.Sprintf("it answered %d", status), Hint: "look into its log", RetryAfter: max(retry, time.Second)}
	case status < http.StatusBadRequest:
		return upstream(field, fmt.Sprintf("it answered %d, and redirects are not followed", status), "write the final URL into the schema")
	}
	var details struct{ Title, Detail string }
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isProblem := media == problem.MediaType && json.Unmarshal(body, &details) == nil
	code, isKnown := codes[r.StatusCode]
	switch {
	case !isProblem && code != fault.RateLimited:
		return upstream(field, fmt.Sprintf("it answered %d without problem details", r.StatusCode), "answer with application/problem+json to refuse a caller")
	case !isKnown:
		code = fault.Invalid
	}
	message := readable(details.Detail)
	if message == "" {
		message = readable(details.Title)
	}
	if message == "" {
		message = strings.ToLower(http.StatusText(r.StatusCode))
	}
	return &fault.Error{Code: code, Message: message, RetryAfter: retry}
}

// readable returns a text of a service for clients: short, and without control characters.
func readable(text string) string {
	return strings.TrimSpace(request.Clip(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text), maxDetail))
}

// retryAfter reads Retry-After in seconds, at most an hour.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}
