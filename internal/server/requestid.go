package server

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/request"
)

// maxRequestID is how long an id may be that a client chose.
const maxRequestID = 128

// infoOf returns the ids that the client sent. Without one of the request, it is the trace id of its traceparent, or a new one;
// without one of the correlation, it is that of the request.
func infoOf(h http.Header) *request.Info {
	info := &request.Info{ID: sentID(h, request.IDHeader), Correlation: sentID(h, request.CorrelationHeader)}
	if info.ID == "" {
		info.ID = newID(h)
	}
	if info.Correlation == "" {
		info.Correlation = info.ID
	}
	return info
}

// sentID returns the id in a header of the client, or "" unless it is unambiguous and harmless in a log.
func sentID(h http.Header, name string) string {
	if ids := h.Values(name); len(ids) == 1 && isSaneID(ids[0]) {
		return ids[0]
	}
	return ""
}

func newID(h http.Header) string {
	if parents := h.Values("Traceparent"); len(parents) == 1 {
		if id := traceID(parents[0]); id != "" {
			return id
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil.String() // no randomness: the request is still served
	}
	return id.String()
}

func isSaneID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-_.:/+=", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// traceID returns the trace id of a W3C traceparent header (version-traceid-parentid-flags in lower-case
// hexadecimal), or "" if it is not valid. A later version may append fields.
func traceID(parent string) string {
	fields := strings.Split(parent, "-")
	if len(fields) < 4 || fields[0] == "ff" || (fields[0] == "00" && len(fields) != 4) {
		return ""
	}
	for i, size := range []int{2, 32, 16, 2} {
		if len(fields[i]) != size || strings.Trim(fields[i], "0123456789abcdef") != "" {
			return ""
		}
	}
	if strings.Trim(fields[1], "0") == "" || strings.Trim(fields[2], "0") == "" {
		return ""
	}
	return fields[1]
}
