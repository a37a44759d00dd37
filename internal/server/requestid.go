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
	if parent, ok := request.ParentOf(h); ok {
		return parent.TraceID.String()
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
