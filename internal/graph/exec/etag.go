package exec

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// notModified sets the headers with which a client can ask again for the answer of a query by GET, and answers if the client has it already. The tag
// is weak, because the same answer may be compressed in several ways. Every answer is checked again, since rows and rules change.
//
// Answers to callers are never stored, also not in the browser, which several people may use. Programs that keep them can send the tag nevertheless.
// See https://www.rfc-editor.org/rfc/rfc9110#name-etag.
func notModified(w http.ResponseWriter, r *http.Request, op *Operation) bool {
	isCalled := op.Plan.Calls > 0 // and what services answer is not for clients to keep
	if !op.Safe || op.wantsCost || isCalled {
		return false
	}
	h, tag := w.Header(), etag(op.Data)
	h.Set("ETag", tag)
	h.Add("Vary", "Authorization, Cookie")
	if op.Caller.Anonymous() {
		h.Set("Cache-Control", "private, no-cache")
	}
	if !hasTag(r.Header.Values("If-None-Match"), tag) {
		return false
	}
	commonHeaders(h)
	w.WriteHeader(http.StatusNotModified)
	return true
}

func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// hasTag reports whether If-None-Match has a tag. Weak and strong ones are compared alike.
func hasTag(header []string, tag string) bool {
	for candidate := range strings.SplitSeq(strings.Join(header, ","), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
